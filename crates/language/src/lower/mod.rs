//! Lowering: the checked tree to canonical rows. `Hir → Program`.
//!
//! A list of small rewrites, one file each, headed by what it takes, what it gives, and why the two are equivalent:
//!
//! ```text
//! quantifier   forall x in D: body          →  the body for each element of D
//! cases        the first of e1, e2, .. holds →  e2 and not e1
//! fold         max(x in D: e)               →  the pieces of e for each element of D
//! indicator    E[[a]·e | b]                 →  Sum[e | a, b] / N[b]
//! covariance   Cov[a, b | e]                →  E[a·b | e] - E[a | e]·E[b | e]
//! affine       E[a·ŷ + b | e]               →  Σ c·E[φ·ŷ | e] + E[b | e]
//! bend         E[max(a, b) | e]              →  E[(a + b) / 2 | e] + E[|ŷ - c| | e] · ..
//! pieces       |e|, max(a, b), -min(a, b)   →  the pieces whose maximum they are
//! ratio        n / d + c <= 0               →  n + c·d <= 0
//! sides        Σ c·agg + constant <= 0      →  Σ c·agg <= -constant
//! orient       -a + b <= u                  →  -u <= a - b
//! merge        rows with one left side      →  one row with the tightest sides
//! order        a set of rows                →  the sorted list of them
//! ```

mod affine;
mod bend;
mod cases;
mod certain;
mod covariance;
mod data;
mod draft;
mod each;
mod error;
mod event;
mod fold;
mod groups;
mod idle;
mod indicator;
mod marks;
mod merge;
mod nested;
mod order;
mod orient;
mod overlap;
mod pieces;
mod quantifier;
mod range;
mod ratio;
mod reads;
mod scope;
mod sides;
mod unlabelled;
mod vacuous;

use std::collections::BTreeSet;

use super::hir::{Constraint, Hir};
use super::program::{Event, MAX_DEPTH, Origin, Program, RAW, WhenEmpty};
use super::span::{Sources, Span};

use draft::Draft;
pub use error::{Finding, Kind};
pub use groups::{Group, groups};
use quantifier::{Budget, instance_name, instances};
use reads::Reads;
use scope::{Ground, Scope};
use sides::Sided;

/// A program, and what was noticed on the way.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// `None` where the spec has no prediction.
    pub program: Option<Program>,
    pub findings: Vec<Finding>,
}

/// Lowers a checked spec.
pub fn lower(hir: &Hir, sources: &Sources) -> Lowered {
    let ground = Ground::of(hir);
    let outside = ground.outside(hir, sources);
    let mut budget = Budget::new();
    let mut drafts = Vec::new();
    let mut findings = overlap::findings(outside);
    for (index, constraint) in hir.constraints.iter().enumerate() {
        let mut rows = Rows::new(constraint, index, sources);
        let mut each = |scope: Scope<'_>| rows.instance(scope);
        match instances(constraint, outside, &mut budget, &mut each) {
            Ok(true) => rows.notice(hir, sources),
            Ok(false) => rows.empty_domain(),
            Err(finding) => rows.findings.push(finding),
        }
        drafts.append(&mut rows.drafts);
        findings.append(&mut rows.findings);
    }
    let (drafts, noticed) = merge::merge(drafts);
    findings.extend(noticed);
    let program = hir.prediction.as_ref().map(|prediction| {
        let program = order::program(hir, prediction, drafts, sources);
        let partitions = groups::partitions(&program, outside);
        Program { partitions, ..program }
    });
    Lowered { program, findings }
}

/// The rows of one constraint, instance by instance.
struct Rows<'a> {
    constraint: &'a Constraint,
    index: usize,
    drafts: Vec<Draft>,
    findings: Vec<Finding>,
    /// Rows seen, the ones without prediction included.
    tried: usize,
    certain: certain::Certain,
    /// What each instance goes through.
    nodes: usize,
    /// What every row of the constraint says of where it comes from.
    origin: Origin,
}

impl<'a> Rows<'a> {
    fn new(constraint: &'a Constraint, index: usize, sources: &Sources) -> Self {
        let Span { source, start, end } = constraint.span;
        let origin = Origin {
            name: String::new(),
            constraint: constraint.name.clone(),
            file: sources.name(source).to_string(),
            start,
            end,
            line: u32::try_from(sources.line_column(source, start).line).unwrap_or(u32::MAX),
            text: super::span::quote(sources, constraint.body_span),
            doc: constraint.doc.clone(),
            lower: None,
            upper: None,
            reversed: false,
        };
        // A long text is carried along by every row.
        let nodes = constraint.nodes().saturating_add((constraint.doc.len() + constraint.name.len()) / 64);
        Rows {
            constraint,
            index,
            drafts: Vec::new(),
            findings: Vec::new(),
            tried: 0,
            certain: Default::default(),
            nodes,
            origin,
        }
    }

    fn instance(&mut self, scope: Scope<'_>) -> Result<(), Finding> {
        let constraint = self.constraint;
        scope.work.spend(self.nodes, constraint.body_span)?;
        let each = constraint.each.as_ref().map(|each| event::event(each, scope));
        if each == Some(Event::Never) {
            self.tried += 1;
            return Ok(());
        }
        let mut rows = Vec::new();
        for relation in &constraint.comparisons {
            let sided = sides::sides(relation, scope)?.into_iter();
            match &each {
                None => rows.extend(sided.map(|row| (None, orient::orient(row)))),
                Some(each) => {
                    for row in sided {
                        let cases = each::rows(row, each, scope);
                        self.whole(cases.len(), scope)?;
                        rows.extend(cases.into_iter().map(|(case, row)| (Some(case), orient::orient(row))));
                    }
                }
            }
        }
        let reads = reads::reads(&constraint.comparisons, scope);
        self.certain.see(&constraint.comparisons, scope);
        if rows.iter().any(|(_, row)| nested::is_nested(row)) {
            let text = super::span::quote(scope.sources, constraint.body_span);
            return Err(Finding::new(Kind::NestedAggregate { text }, constraint.body_span));
        }
        let name = instance_name(constraint, scope);
        self.tried += rows.len();
        self.sound(scope)?;
        let parts = rows.iter().map(|(_, row)| order::parts_of(row)).sum::<usize>() + reads.parts();
        scope.work.spend(parts, constraint.body_span)?;
        rows.retain(|(_, row)| self.keep(row, scope.hir, scope.sources, &name));
        let drafts =
            rows.into_iter().enumerate().map(|(written, (each, row))| self.draft(row, (written, each), &reads));
        let mut drafts: Vec<Draft> = drafts.collect();
        share_needs(&mut drafts, scope.hir);
        if drafts.iter().any(|draft| order::depth_of(draft) > MAX_DEPTH) {
            let kind = Kind::TooLarge { limit: MAX_DEPTH, unit: "levels of nesting in its rows" };
            return Err(Finding::new(kind, constraint.body_span));
        }
        let (mut drafts, findings) = merge::pieces(drafts);
        self.findings.extend(findings);
        drafts.sort_by_key(|draft| draft.written);
        let several = drafts.len() > 1;
        for (number, draft) in drafts.iter_mut().enumerate() {
            let suffix = if several { format!(".{}", number + 1) } else { String::new() };
            draft.origins = vec![Origin {
                name: format!("{name}{suffix}"),
                lower: draft.row.lower.clone(),
                upper: draft.row.upper.clone(),
                reversed: draft.row.reversed,
                ..self.origin.clone()
            }];
        }
        self.drafts.extend(drafts);
        Ok(())
    }

    /// What went wrong where a value was needed to go on.
    fn sound(&self, scope: Scope<'_>) -> Result<(), Finding> {
        if let Some(finding) = scope.work.take_failed() {
            return Err(finding);
        }
        if scope.indicators.take_full() {
            let kind =
                Kind::TooLarge { limit: 1 << indicator::MOST_CASES, unit: "cases of indicators in one comparison" };
            return Err(Finding::new(kind, self.constraint.body_span));
        }
        Ok(())
    }

    /// Refuses options that count the samples of an event which rows share between them.
    fn whole(&self, cases: usize, scope: Scope<'_>) -> Result<(), Finding> {
        self.sound(scope)?;
        let options = self.constraint.options;
        let option = match (options.min_count > 1, options.when_empty) {
            (true, _) => "min_count",
            (false, WhenEmpty::Error) => "when_empty",
            (false, WhenEmpty::Skip) => return Ok(()),
        };
        match cases {
            0 | 1 => Ok(()),
            _ => Err(Finding::new(Kind::SharedEach { option }, self.constraint.body_span)),
        }
    }

    /// Drops a row without prediction that always holds; one that never does is an error.
    fn keep(&mut self, row: &Sided, hir: &Hir, sources: &Sources, name: &str) -> bool {
        if !row.terms.is_empty() {
            return true;
        }
        let lower = row.lower.as_ref().map_or(f64::NEG_INFINITY.into(), |side| range::range(side, hir));
        let upper = row.upper.as_ref().map_or(f64::INFINITY.into(), |side| range::range(side, hir));
        let holds = lower.upper <= 0.0 && upper.lower >= 0.0;
        let fails = lower.lower > 0.0 || upper.upper < 0.0;
        if fails {
            let text = super::span::quote(sources, self.constraint.body_span);
            let place = if name == self.constraint.name { String::new() } else { format!(" for `{name}`") };
            self.findings.push(Finding::new(Kind::AlwaysFalse { text, place }, self.constraint.body_span));
        }
        !holds && !fails
    }

    fn draft(&self, row: Sided, (written, each): (usize, Option<Event>), reads: &Reads) -> Draft {
        Draft {
            row,
            written,
            each,
            pairs: self.constraint.pairs,
            options: self.constraint.options,
            reads: reads.clone(),
            labels: Vec::new(),
            origins: Vec::new(),
            constraint: self.index,
            span: self.constraint.body_span,
        }
    }

    /// W0105 where nothing is left of a constraint that has rows; else what its rows promise too little or too much.
    fn notice(&mut self, hir: &Hir, sources: &Sources) {
        if self.findings.is_empty() {
            let noticed = vacuous::noticed(&self.drafts, self.constraint.body_span, hir, sources);
            self.findings.extend(noticed);
        }
        let nobody = |draft: &Draft| {
            draft.reads.events().iter().chain(&draft.each).any(|event| certain::holds_for_none(event, hir))
        };
        if self.findings.is_empty() && !self.drafts.is_empty() && self.drafts.iter().all(nobody) {
            let text = super::span::quote(sources, self.constraint.body_span);
            let levels = |draft: &Draft| draft.reads.events().contains(&Event::Never);
            let levels = self.drafts.iter().any(levels);
            self.findings.push(Finding::new(Kind::Nobody { text, levels }, self.constraint.body_span));
        }
        if self.findings.is_empty()
            && let Some(label) = unlabelled::unlabelled(&self.drafts, hir)
        {
            let text = super::span::quote(sources, self.constraint.body_span);
            self.findings.push(Finding::new(Kind::Unlabelled { text, label }, self.constraint.body_span));
        }
        if let Some(span) = self.certain.first().filter(|_| self.findings.is_empty()) {
            // In a metric the condition is an argument.
            let whole = self.constraint.body_span;
            let span = if whole.source == span.source && whole.start <= span.start { span } else { whole };
            let text = super::span::quote(sources, span);
            self.findings.push(Finding::new(Kind::Everybody { text }, span));
        }
        if self.tried > 0 && self.drafts.is_empty() && self.findings.is_empty() {
            let text = super::span::quote(sources, self.constraint.body_span);
            self.findings.push(Finding::new(Kind::AlwaysTrue { text }, self.constraint.body_span));
        }
    }

    fn empty_domain(&mut self) {
        let first = self.constraint.quantifiers.iter().find(|quantifier| quantifier.condition.is_some());
        let span = first.map_or(self.constraint.body_span, |quantifier| Span {
            start: quantifier.domain_span.start,
            ..quantifier.span
        });
        self.findings.push(Finding::new(Kind::EmptyDomain, span));
    }
}

/// Notes what the rows of a comparison need: the labels that any of them reads, and the predictions as they were handed in. Without one of
/// these no row is checked or enforced: that a part of a comparison holds does not say that all of it does.
fn share_needs(drafts: &mut [Draft], hir: &Hir) {
    let own: Vec<BTreeSet<String>> = drafts.iter().map(order::headers_of).collect();
    let read: BTreeSet<&String> = own.iter().flatten().collect();
    let labels = hir.columns.iter().filter(|column| column.label && read.contains(&column.header));
    let labels: BTreeSet<String> = labels.map(|column| column.header.clone()).collect();
    let raw = read.iter().any(|header| *header == RAW).then(|| RAW.to_owned());
    for (draft, own) in drafts.iter_mut().zip(&own) {
        let raw = raw.iter().filter(|_| !own.contains(RAW));
        draft.labels = labels.iter().chain(raw).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    }
}
