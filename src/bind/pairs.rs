//! Relations between samples: the tables of their pairs, joined with the data by keys.
//!
//! ```text
//! data: key, columns ─┐
//!                     ├─ hash join → one line for each pair: columns of the first sample, of the second, of the pair
//! pairs: keys, columns┘               │ encoded as a table is, by the rows about the pairs
//!                                     └─ bind(batch) → rows `l ≤ a·ŷ_i + b·ŷ_j ≤ u` of the pairs inside the batch (`pair_rows`)
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::data::{Batch, Column, Value};
use crate::language::program::{Owner, PairColumn, Program, SampleRow};

use super::encode::{Encoder, Join};
use super::encoded::{Encoded, EncodedPairs, PairsLeft};
use super::error::BindError;
use super::offenders::{Offenders, Place};
use super::pair_table::{Kept, PairTable};
use super::params::Params;
use super::plan::{EncodeOptions, PlannedRelation, Relations};

impl Relations {
    /// Whether a row is about what is encoded.
    pub(super) fn are_of(&self, row: &SampleRow) -> bool {
        match (self, &row.pairs) {
            (Relations::Joined(name), Some(pairs)) => pairs.relation == *name,
            (Relations::Joined(_), None) => false,
            (Relations::Refused(_) | Relations::Given(_), pairs) => pairs.is_none(),
        }
    }
}

impl PlannedRelation {
    /// Notes a row about pairs of a relation, and what it reads.
    pub(super) fn add(planned: &mut Vec<PlannedRelation>, program: &Program, row: usize, columns: &[PairColumn<'_>]) {
        let pairs = program.sample_rows.get(row).and_then(|row| row.pairs.as_ref());
        let Some(relation) = pairs.and_then(|pairs| program.relation(&pairs.relation)) else { return };
        let known = planned.iter().position(|planned| planned.relation.name == relation.name);
        let place = known.unwrap_or_else(|| {
            let (own, data) = (BTreeSet::new(), BTreeSet::new());
            planned.push(PlannedRelation { relation: relation.clone(), own, data, rows: Vec::new() });
            planned.len() - 1
        });
        let Some(planned) = planned.get_mut(place) else { return };
        planned.rows.push(row);
        for column in columns {
            let headers = if column.owner == Owner::Pair { &mut planned.own } else { &mut planned.data };
            headers.insert(column.header.to_owned());
        }
    }

    /// Why its rows cannot be bound here, if they cannot.
    pub(super) fn refused(&self, relations: &Relations) -> Option<BindError> {
        let relation = || self.relation.name.clone();
        match relations {
            Relations::Refused(why) => Some(BindError::RelationRefused { relation: relation(), why }),
            Relations::Given(tables) if !tables.contains_key(&self.relation.name) => {
                Some(BindError::RelationMissing { relation: relation() })
            }
            Relations::Given(_) | Relations::Joined(_) => None,
        }
    }
}

/// A key as it is compared: a whole number or decimal by its value, with all digits, anything else by its text.
fn key_of(value: Value<'_>) -> Option<Box<str>> {
    let text = match value {
        Value::Null | Value::Text("") => return None,
        Value::Float(number) if number.is_nan() => return None,
        Value::Single(number) if number.is_nan() => return None,
        // Without an exponent, with as many digits as tell it apart.
        Value::Float(number) => format!("{number}"),
        Value::Single(number) => format!("{number}"),
        Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Decimal(..) => value.to_string(),
    };
    Some(plain_number(&text).unwrap_or(text).into())
}

/// `007`, `7.0` and `+7` as `7`; none for what is no number in digits.
fn plain_number(text: &str) -> Option<String> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && (whole, fraction) != ("0", "") { "-" } else { "" };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Joins the data with the pairs of each relation that rows are about.
pub(super) fn join(encoder: &Encoder, join: &Join) -> Result<Vec<EncodedPairs>, Vec<BindError>> {
    let (weight, Join { program, params, options }) = (&encoder.out.weight, join);
    let (mut joined, mut errors) = (Vec::new(), Vec::new());
    let Relations::Given(tables) = &options.relations else { return Ok(joined) };
    let mut known: BTreeMap<&str, Arc<Keys>> = BTreeMap::new();
    for planned in &encoder.plan.relations {
        let Some(table) = tables.get(&planned.relation.name) else { continue };
        let header = planned.relation.key.as_str();
        let keys = match known.get(header) {
            Some(keys) => keys.clone(),
            None => match Keys::of(&encoder.kept, header, &encoder.file) {
                Ok(keys) => known.entry(header).or_insert(Arc::new(keys)).clone(),
                Err(more) => {
                    errors.extend(more);
                    continue;
                }
            },
        };
        let options = EncodeOptions {
            purpose: options.purpose,
            without_labels: options.without_labels,
            relations: Relations::Joined(planned.relation.name.clone()),
            ..EncodeOptions::default()
        };
        match join_one(planned, table, &keys, &encoder.kept, weight, (program, params, &options)) {
            Ok(pairs) => joined.push(pairs),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(joined) } else { Err(errors) }
}

/// The keys of the data.
struct Keys {
    of_sample: Arc<[Box<str>]>,
    samples: HashMap<Box<str>, u32>,
}

impl Keys {
    fn of(kept: &Kept, header: &str, file: &str) -> Result<Keys, Vec<BindError>> {
        let Some(place) = kept.place_of(header) else {
            return Err(vec![BindError::Internal { what: format!("the keys `{header}` were not read") }]);
        };
        let (mut of_sample, mut samples) = (Vec::<Box<str>>::new(), HashMap::new());
        let (mut null, mut twice) = (Offenders::new(file, header), Offenders::new(file, header));
        for batch in &kept.batches {
            let column = column(batch, place)?;
            for row in 0..batch.rows() {
                let at = |value: String| Place::in_batch(batch, row, value);
                let key = key_of(column.value(row));
                if key.is_none() {
                    null.add(|| at(String::new()));
                }
                let key = key.unwrap_or_default();
                let sample = of_sample.len() as u32;
                if !key.is_empty() && samples.insert(key.clone(), sample).is_some() {
                    twice.add(|| at(column.value(row).to_string()));
                }
                of_sample.push(key);
            }
        }
        let null = (null.count > 0).then(|| BindError::KeyMissing { at: Box::new(null) });
        let twice = (twice.count > 0).then(|| BindError::KeyTwice { at: Box::new(twice) });
        let errors: Vec<BindError> = null.into_iter().chain(twice).collect();
        if errors.is_empty() { Ok(Keys { of_sample: of_sample.into(), samples }) } else { Err(errors) }
    }
}

fn column(batch: &Batch, place: usize) -> Result<Column, Vec<BindError>> {
    batch.column(place).map_err(|error| vec![BindError::Data(error)])
}

fn join_one(
    planned: &PlannedRelation,
    table: &PairTable,
    keys: &Keys,
    kept: &Kept,
    weight: &[f64],
    (program, params, options): (&Program, &Params, &EncodeOptions),
) -> Result<EncodedPairs, Vec<BindError>> {
    let relation = &planned.relation;
    let headers = [&relation.first, &relation.second];
    let mut null = headers.map(|header| Offenders::new(&table.name, header));
    let (mut pairs, mut lines, mut left) = (Vec::new(), Vec::new(), PairsLeft::default());
    for (number, batch) in table.batches.iter().enumerate() {
        let columns = [column(batch, 0)?, column(batch, 1)?];
        for row in 0..batch.rows() {
            let mut samples = [None; 2];
            for ((sample, column), null) in samples.iter_mut().zip(&columns).zip(&mut null) {
                match key_of(column.value(row)) {
                    Some(key) => *sample = keys.samples.get(&key).copied(),
                    None => null.add(|| Place::in_batch(batch, row, "")),
                }
            }
            let weightless = |sample: u32| weight.get(sample as usize) == Some(&0.0);
            match samples {
                [Some(first), Some(second)] if first == second => left.same += 1,
                [Some(first), Some(second)] if weightless(first) || weightless(second) => left.weightless += 1,
                [Some(first), Some(second)] => {
                    pairs.push((first, second));
                    lines.push((number, row));
                }
                _ => left.absent += 1,
            }
        }
    }
    let errors: Vec<BindError> =
        null.into_iter().filter(|it| it.count > 0).map(|at| BindError::KeyMissing { at: Box::new(at) }).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let encoded = encode_pairs(planned, table, kept, (&pairs, &lines), (program, params, options))?;
    let relation = relation.name.clone();
    Ok(EncodedPairs { relation, pairs: pairs.into(), keys: keys.of_sample.clone(), encoded: Box::new(encoded), left })
}

/// Pairs of samples, and where the line of each stands: batch, and row there.
type Lines<'a> = (&'a [(u32, u32)], &'a [(usize, usize)]);

/// Encodes a table with a line for each pair.
fn encode_pairs(
    planned: &PlannedRelation,
    table: &PairTable,
    kept: &Kept,
    (pairs, lines): Lines<'_>,
    (program, params, options): (&Program, &Params, &EncodeOptions),
) -> Result<Encoded, Vec<BindError>> {
    /// Pairs at a time.
    const PIECE: usize = 1 << 16;
    let one = |error: crate::data::DataError| vec![BindError::Data(error)];
    let of_relation =
        |owner: Owner, header: &str| PairColumn { relation: &planned.relation.name, owner, header }.canonical();
    let own: Vec<(String, usize)> = planned
        .own
        .iter()
        .filter_map(|header| Some((of_relation(Owner::Pair, header), table.place_of(header)?)))
        .collect();
    let data: Vec<(&String, usize)> =
        planned.data.iter().filter_map(|header| Some((header, kept.place_of(header)?))).collect();
    let sides = [Owner::First, Owner::Second];
    let of_samples = || sides.iter().flat_map(|owner| data.iter().map(move |(header, _)| of_relation(*owner, header)));
    let headers: Vec<String> = own.iter().map(|(header, _)| header.clone()).chain(of_samples()).collect();
    let mut starts = Vec::with_capacity(kept.batches.len());
    let mut next = 0;
    for batch in &kept.batches {
        starts.push(next);
        next += batch.rows();
    }
    let of_sample = |sample: u32| {
        let batch = starts.partition_point(|&start| start <= sample as usize).saturating_sub(1);
        (batch, sample as usize - starts.get(batch).copied().unwrap_or_default())
    };
    let mut encoder = Encoder::new(program, params, &table.name, &headers, options)?;
    for (pairs, lines) in pairs.chunks(PIECE).zip(lines.chunks(PIECE)) {
        let pair = Batch::gather(&table.batches, lines).map_err(one)?;
        let of_data = |second: bool| -> Result<Option<Batch>, Vec<BindError>> {
            if data.is_empty() {
                return Ok(None);
            }
            let sample = |pair: &(u32, u32)| of_sample(if second { pair.1 } else { pair.0 });
            let rows: Vec<(usize, usize)> = pairs.iter().map(sample).collect();
            Batch::gather(&kept.batches, &rows).map(Some).map_err(one)
        };
        let (first, second) = (of_data(false)?, of_data(true)?);
        let mut columns: Vec<(String, &Batch, usize)> =
            own.iter().map(|(header, place)| (header.clone(), &pair, *place)).collect();
        for (owner, batch) in sides.iter().zip([&first, &second]) {
            let batch = batch.iter().flat_map(|batch| data.iter().map(move |column| (batch, column)));
            columns.extend(batch.map(|(batch, (header, place))| (of_relation(*owner, header), batch, *place)));
        }
        // In the order in which the encoder reads them; where rows read none, the table has its keys alone.
        let place = |header: &String| columns.iter().find(|(known, ..)| known == header);
        let wanted = encoder.headers().iter().filter_map(place);
        let wanted: Vec<(&str, &Batch, usize)> =
            wanted.map(|(header, batch, place)| (header.as_str(), *batch, *place)).collect();
        let batch = if wanted.is_empty() { pair.clone() } else { pair.with_columns(&wanted).map_err(one)? };
        encoder.push(&batch).map_err(|error| vec![error])?;
    }
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_texts_or_numbers_by_value() {
        let key = |value: Value<'_>| key_of(value).map(String::from);
        for seven in ["7", "007", "7.0", "+7", "7."] {
            assert_eq!(key(Value::Text(seven)), key(Value::Int(7)), "{seven}");
        }
        assert_eq!(key(Value::Float(7.0)), key(Value::Decimal("7.00", 7.0)));
        assert_eq!(key(Value::Text("-0.0")), key(Value::Int(0)));
        assert_eq!(key(Value::Text("0.50")), key(Value::Float(0.5)));
        let large = [9_007_199_254_740_992, 9_007_199_254_740_993].map(|number| key(Value::Int(number)));
        assert_ne!(large[0], large[1]);
        assert_eq!(large[1], key(Value::Text("9007199254740993")));
        for (a, b) in [("1e3", "1000"), ("7a", "7"), (" 7", "7"), ("", "0"), (".5", "0.5"), ("A", "a")] {
            assert_ne!(key(Value::Text(a)), key(Value::Text(b)), "{a} {b}");
        }
        assert_eq!((key(Value::Null), key(Value::Float(f64::NAN))), (None, None));
    }
}
