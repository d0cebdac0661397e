//! From the lines that a database answered to sums by cell.

use std::collections::BTreeMap;

use super::codes::alike;
use super::columns::{LONG, NULL, UNKNOWN};
use super::lines::{Lines, Value};
use super::lumps::{Lump, Lumps};
use super::sums::{FactorSums, Summed, Sums};
use super::{Stored, Warehouse};
use crate::bind::cells::{CellKey, Tuple};
use crate::bind::columns::{ColumnKind, WEIGHT, describe_range};
use crate::bind::encoded::FactorValues;
use crate::bind::error::BindError;
use crate::bind::offenders::{Offenders, Place};
use crate::bind::shape::Part;
use crate::bind::spread::SharedCells;
use crate::bind::unplaced::{NearMiss, Unplaced, fold};
use crate::data::Shortest;
use crate::language::words::nearest;
use crate::runtime::problem::Sum;

impl Warehouse<'_> {
    /// The sums by cell of what [`Warehouse::cells`], or with `buckets` [`Warehouse::buckets`], was answered.
    ///
    /// # Errors
    /// Whatever is wrong with the values of the table, as in memory; and an answer that is none.
    pub fn read(&self, names: &[String], lines: &[Vec<Value>], buckets: bool) -> Result<Summed, Vec<BindError>> {
        let one = |error: BindError| vec![error];
        let lines = Lines::new(names, lines);
        let codes = self.line_codes(&lines).map_err(one)?;
        let mut errors = self.value_faults(&lines, &codes).map_err(one)?;
        let (mut cells, mut summed) = (SharedCells::default(), self.nothing());
        let mut undefined = BTreeMap::new();
        let mut outside = vec![0; self.encoded.plan.partitions.len()];
        for (line, codes) in lines.lines.iter().zip(&codes) {
            let n = lines.count(line, "n").map_err(one)?;
            if n == 0 {
                continue;
            }
            let tuple = self.tuple(codes);
            self.note_undefined(&lines, line, &tuple, &mut undefined).map_err(one)?;
            if !(errors.is_empty() && undefined.is_empty()) {
                // Sums of values at fault are no numbers.
                continue;
            }
            tuple.outside.iter().for_each(|&group| outside[group] += n);
            let place = cells.place_or_add(self.key(&tuple)) as usize;
            summed.add(&lines, line, place, self.is_weighted()).map_err(one)?;
            summed.tuples.entry(codes.clone()).or_insert(place);
            if buckets {
                summed.lumps.add(place, Lump::read(&lines, line, self.is_weighted()).map_err(one)?);
            }
        }
        errors.extend(undefined.into_iter().map(|((factor, event), count)| self.undefined(factor, event, count)));
        if !errors.is_empty() {
            return Err(errors);
        }
        self.tell(&mut summed, &lines).map_err(one)?;
        summed.encoded = self.encoded.without_samples(&cells);
        summed.encoded.unplaced = self.unplaced(&lines, &codes, &outside).map_err(one)?;
        Ok(summed)
    }

    fn nothing(&self) -> Summed {
        let by_sample = self.encoded.factors.iter().enumerate();
        let by_sample = by_sample.filter(|(_, values)| matches!(values, FactorValues::BySample(_)));
        let factors = by_sample.map(|(index, _)| (index, FactorSums::default())).collect();
        Summed {
            encoded: self.encoded.clone(),
            sums: Sums { factors, ..Sums::default() },
            n: 0,
            outside: (0, 0.0),
            ends: (f64::INFINITY, f64::NEG_INFINITY),
            decided: true,
            undecided: 0,
            wider: 1.0,
            tuples: BTreeMap::new(),
            lumps: Lumps::default(),
        }
    }

    /// The codes of each line, as they were asked for.
    pub(super) fn line_codes(&self, lines: &Lines<'_>) -> Result<Vec<Vec<i128>>, BindError> {
        let parts = self.encoded.plan.parts.len();
        let of_line =
            |line: &Vec<Value>| (0..parts).map(|part| Ok(lines.number(line, &format!("p{part}"))? as i128)).collect();
        lines.lines.iter().map(of_line).collect()
    }

    fn tuple(&self, codes: &[i128]) -> Tuple {
        let plan = &self.encoded.plan;
        let own = |(part, &code): (&Part, &i128)| {
            let none = part.codes().saturating_sub(1) as u32;
            vec![u32::try_from(code).unwrap_or(none).min(none)]
        };
        let own: Vec<Vec<u32>> = plan.parts.iter().zip(codes).map(own).collect();
        Tuple::new(plan, &own, 0, &|column, code| plan.level_number(column, code))
    }

    fn key(&self, tuple: &Tuple) -> CellKey {
        let factors = tuple.values.iter().zip(&self.encoded.plan.factors);
        CellKey {
            events: tuple.events.iter().map(|event| event as u32).collect(),
            values: factors.filter(|(_, factor)| factor.by_cell).map(|(value, _)| value + 0.0).collect(),
            references: Vec::new(),
        }
    }

    /// Adds up samples of which a row needs a factor that has no value, by the factor and the event.
    fn note_undefined(
        &self,
        lines: &Lines<'_>,
        line: &[Value],
        tuple: &Tuple,
        undefined: &mut BTreeMap<(usize, usize), usize>,
    ) -> Result<(), BindError> {
        let plan = &self.encoded.plan;
        for (index, factor) in plan.factors.iter().enumerate().filter(|(index, _)| tuple.needed.get(*index)) {
            let count = match factor.by_cell {
                true if tuple.undefined.contains(&index) => {
                    lines.count(line, if self.is_weighted() { "m" } else { "n" })?
                }
                true => 0,
                false => lines.count(line, &format!("u{index}"))?,
            };
            let Some(event) = factor.needed.iter().copied().find(|&event| tuple.events.get(event)) else { continue };
            if count > 0 {
                *undefined.entry((index, event)).or_default() += count;
            }
        }
        Ok(())
    }

    fn undefined(&self, factor: usize, event: usize, count: usize) -> BindError {
        let plan = &self.encoded.plan;
        let (factor, event) = (&plan.factors[factor], format!("`{}`", plan.event_texts[event]));
        match factor.columns.iter().find(|&&column| plan.columns[column].nullable) {
            Some(&column) => {
                BindError::NullNeeded { at: self.offenders(&plan.columns[column].header, count, String::new()), event }
            }
            None => BindError::NotFinite { at: self.offenders(&factor.text, count, "NaN".to_owned()), event },
        }
    }

    fn offenders(&self, header: &str, count: usize, value: String) -> Box<Offenders> {
        let first = vec![Place { file: None, line: None, row: Place::NOWHERE, value }];
        Box::new(Offenders { file: self.table.name.clone(), column: header.to_owned(), count: count as u64, first })
    }

    /// Samples of a column of levels with a code that is none of a level.
    fn in_no_level(
        &self,
        lines: &Lines<'_>,
        codes: &[Vec<i128>],
        column: usize,
        wanted: i128,
    ) -> Result<usize, BindError> {
        let mut parts = self.encoded.plan.parts.iter();
        let part = parts.position(|part| matches!(part, Part::Level { column: own, .. } if *own == column));
        let Some(part) = part else {
            let name = match wanted {
                NULL => "k",
                UNKNOWN => "j",
                _ => "b",
            };
            return lines.total(&format!("{name}{column}"));
        };
        let those = lines.lines.iter().zip(codes).filter(|(_, codes)| codes.get(part) == Some(&wanted));
        those.map(|(line, _)| lines.count(line, "n")).sum()
    }

    /// What is wrong with the values, column by column.
    fn value_faults(&self, lines: &Lines<'_>, codes: &[Vec<i128>]) -> Result<Vec<BindError>, BindError> {
        let mut errors = Vec::new();
        for (index, column) in self.encoded.plan.columns.iter().enumerate() {
            let example = || lines.example(&format!("x{index}")).unwrap_or_default();
            match &column.kind {
                ColumnKind::Levels(levels) => {
                    let long = self.in_no_level(lines, codes, index, LONG)?;
                    if long > 0 {
                        let what = format!(
                            "telling levels of `{}` from numbers of more than 16 digits in text",
                            column.header
                        );
                        errors.push(BindError::NoSql { what, stored: true });
                    }
                    if column.nullable {
                        continue;
                    }
                    let unknown = self.in_no_level(lines, codes, index, UNKNOWN)?;
                    if unknown > 0 {
                        let levels: Vec<String> = levels.iter().map(|level| level.text.clone()).collect();
                        let found = example();
                        let suggestion = nearest(&found, levels.iter().map(String::as_str)).map(str::to_owned);
                        let at = self.offenders(&column.header, unknown, found);
                        errors.push(BindError::UnknownLevel { at, levels, suggestion });
                    }
                    let null = self.in_no_level(lines, codes, index, NULL)?;
                    if null > 0 {
                        errors.push(BindError::Null { at: self.offenders(&column.header, null, String::new()) });
                    }
                }
                ColumnKind::Number { range, whole } => {
                    let found = [("k", String::new()), ("j", example()), ("b", "NaN".to_owned())];
                    errors.extend(self.number_faults(
                        lines,
                        &column.header,
                        &index.to_string(),
                        found,
                        describe_range(*range, *whole),
                    )?);
                }
            }
        }
        errors.extend(self.alike(lines, codes)?);
        if let Some(weight) = &self.program.weight {
            errors.extend(self.weight_faults(lines, &weight.header)?);
        }
        let wrong: usize =
            ["e_null", "e_out", "e_bad"].map(|name| lines.total(name)).into_iter().sum::<Result<usize, BindError>>()?;
        if wrong > 0 {
            let value = if lines.total("e_null")? > 0 { String::new() } else { "NaN".to_owned() };
            errors.push(BindError::Prediction { at: self.offenders(&self.prediction, wrong, value) });
        }
        Ok(errors)
    }

    fn weight_faults(&self, lines: &Lines<'_>, header: &str) -> Result<Vec<BindError>, BindError> {
        let mut errors = Vec::new();
        let (null, outside, bad) = (lines.total("y_null")?, lines.total("y_out")?, lines.total("y_bad")?);
        if null > 0 {
            errors.push(BindError::Null { at: self.offenders(header, null, String::new()) });
        }
        if outside > 0 {
            let at = self.offenders(header, outside, "negative or infinite".to_owned());
            errors.push(BindError::OutOfRange { at, expected: WEIGHT.to_owned() });
        }
        if bad > 0 {
            errors.push(BindError::NotANumber { at: self.offenders(header, bad, "NaN".to_owned()) });
        }
        Ok(errors)
    }

    fn number_faults(
        &self,
        lines: &Lines<'_>,
        header: &str,
        suffix: &str,
        [null, outside, bad]: [(&str, String); 3],
        expected: String,
    ) -> Result<Vec<BindError>, BindError> {
        let mut errors = Vec::new();
        let count = |name: &str| lines.total(&format!("{name}{suffix}"));
        if count(null.0)? > 0 {
            errors.push(BindError::Null { at: self.offenders(header, count(null.0)?, null.1) });
        }
        if count(outside.0)? > 0 {
            errors.push(BindError::OutOfRange { at: self.offenders(header, count(outside.0)?, outside.1), expected });
        }
        if count(bad.0)? > 0 {
            errors.push(BindError::NotANumber { at: self.offenders(header, count(bad.0)?, bad.1) });
        }
        Ok(errors)
    }

    /// Numbers that equal the one they are compared with where doubles no longer tell whole numbers apart.
    fn alike(&self, lines: &Lines<'_>, codes: &[Vec<i128>]) -> Result<Vec<BindError>, BindError> {
        let mut errors = Vec::new();
        for (index, part) in self.encoded.plan.parts.iter().enumerate() {
            let Part::Place { value, thresholds } = part else { continue };
            let mut counts = BTreeMap::new();
            for (line, codes) in lines.lines.iter().zip(codes) {
                let Some(&code) = codes.get(index).filter(|&&code| alike(code, thresholds).is_some()) else { continue };
                *counts.entry(code).or_default() += lines.count(line, "n")?;
            }
            let header = value.first_column().map_or("", |column| self.encoded.plan.columns[column].header.as_str());
            for (code, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                let Some(threshold) = alike(code, thresholds) else { continue };
                let at = self.offenders(header, count, Shortest(threshold).to_string());
                errors.push(BindError::Alike { at, threshold });
            }
        }
        Ok(errors)
    }

    /// Samples in no level, which columns with `?` may have, without a number that conditions read, and in no level of a group.
    fn unplaced(&self, lines: &Lines<'_>, codes: &[Vec<i128>], outside: &[usize]) -> Result<Vec<Unplaced>, BindError> {
        let mut all = Vec::new();
        for (index, column) in self.encoded.plan.columns.iter().enumerate() {
            if self.encoded.plan.counts_missing(index) {
                let no_value = lines.total(&format!("null{index}"))?;
                all.extend((no_value > 0).then(|| Unplaced::of_numbers(&column.header, no_value)));
            }
            if !matches!(column.kind, ColumnKind::Levels(_)) {
                continue;
            }
            let null = self.in_no_level(lines, codes, index, NULL)?;
            let undeclared = self.in_no_level(lines, codes, index, UNKNOWN)?;
            if null + undeclared > 0 {
                all.push(Unplaced { column: column.header.clone(), null, undeclared, ..Unplaced::default() });
            }
        }
        let groups = self.encoded.plan.partitions.iter().zip(outside).filter(|(_, count)| **count > 0);
        all.extend(groups.map(|((name, _), count)| Unplaced::of_group(name, *count)));
        Ok(all)
    }

    /// The columns of the plan of which undeclared values may have been meant as levels.
    pub fn undeclared(&self, summed: &Summed) -> Vec<usize> {
        let undeclared =
            |header: &str| summed.unplaced().iter().any(|column| column.column == header && column.undeclared > 0);
        let columns = self.encoded.plan.columns.iter().enumerate();
        let textual = |header: &str| matches!(self.table.stored(header), Some(Stored::Text));
        columns
            .filter(|(_, column)| undeclared(&column.header) && textual(&column.header))
            .map(|(index, _)| index)
            .collect()
    }

    /// Adds what [`Warehouse::near_misses`] was answered for a column.
    ///
    /// # Errors
    /// An answer that is none.
    pub fn read_near_misses(
        &self,
        summed: &mut Summed,
        column: usize,
        names: &[String],
        lines: &[Vec<Value>],
    ) -> Result<(), BindError> {
        let lines = Lines::new(names, lines);
        let Some(planned) = self.encoded.plan.columns.get(column) else { return Ok(()) };
        let ColumnKind::Levels(levels) = &planned.kind else { return Ok(()) };
        let mut near = Vec::new();
        for line in lines.lines {
            let Value::Text(value) = lines.value(line, "value")? else { continue };
            let level = levels.iter().find(|level| fold(&level.text) == fold(value));
            let samples = lines.count(line, "n")?;
            near.extend(level.map(|level| NearMiss { value: value.clone(), level: level.text.clone(), samples }));
        }
        near.sort_by(|a, b| (&a.level, &a.value).cmp(&(&b.level, &b.value)));
        let known = summed.encoded.unplaced.iter_mut().find(|known| known.column == planned.header);
        if let Some(known) = known {
            known.near = near;
        }
        Ok(())
    }

    /// What is said of all samples together.
    fn tell(&self, summed: &mut Summed, lines: &Lines<'_>) -> Result<(), BindError> {
        let (lower, upper) = (self.program.prediction.lower, self.program.prediction.upper);
        let (low, high) = summed.ends;
        let outside = lines.total("o")?;
        summed.outside = (outside, if outside > 0 { (lower - low).max(high - upper) } else { 0.0 });
        summed.undecided = lines.total("d")? as u64;
        summed.decided = summed.undecided == 0;
        if !self.dialect().compensates() {
            // Errors of plain sums grow as the square root of the number of terms; a hundredth of that is within the allowance.
            summed.wider = ((summed.n as f64).sqrt() / 100.0).max(1.0);
        }
        Ok(())
    }
}

impl Summed {
    /// Adds a line to its cell.
    fn add(&mut self, lines: &Lines<'_>, line: &[Value], cell: usize, weighted: bool) -> Result<(), BindError> {
        let n = lines.count(line, "n")?;
        let samples = if weighted { lines.count(line, "m")? } else { n };
        let number = |name: &str| lines.over(line, name, samples);
        let weight = if weighted { number("w")? } else { n as f64 };
        let sums = &mut self.sums;
        self.n += n;
        self.ends = (self.ends.0.min(lines.number(line, "lo")?), self.ends.1.max(lines.number(line, "hi")?));
        *slot(&mut sums.all, cell) += n;
        *slot(&mut sums.samples, cell) += samples;
        slot(&mut sums.weights, cell).add(weight);
        slot(&mut sums.scores, cell).add(number("z")?);
        *slot(&mut sums.sizes, cell) += number("a")?;
        *slot(&mut sums.selected, cell) += lines.count(line, "s")?;
        for (index, factor) in &mut sums.factors {
            let known = samples.saturating_sub(lines.count(line, &format!("u{index}"))?);
            let number = |name: &str| lines.over(line, name, known);
            slot::<Sum>(&mut factor.alone, cell).add(number(&format!("f{index}"))?);
            slot::<Sum>(&mut factor.with, cell).add(number(&format!("g{index}"))?);
            *slot(&mut factor.size, cell) += number(&format!("h{index}"))?;
            *slot(&mut factor.own_size, cell) += number(&format!("i{index}"))?;
        }
        Ok(())
    }
}

/// The entry at a place, with nothing in those before it that are new.
fn slot<T: Default + Clone>(list: &mut Vec<T>, place: usize) -> &mut T {
    if list.len() <= place {
        list.resize(place + 1, T::default());
    }
    &mut list[place]
}
