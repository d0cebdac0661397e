//! W0101: names of the root file that nothing refers to.

use std::collections::HashMap;

use crate::diagnostic::{Explained, Severity};
use crate::span::{SourceId, Sources};

use super::{Checker, Finding, Kind, Symbol, UnitOrigin};

impl<'a> Checker<'a> {
    pub(super) fn unused(&mut self, refused: bool) {
        // A file of declarations alone is there for others to import.
        if self.constraints.is_empty() {
            return;
        }
        let root = SourceId(0);
        // A name that a refused expression mentions is used, for all that its author knows.
        let errors = refused || self.findings.iter().any(|finding| finding.kind.code().severity() == Severity::Error);
        let mentioned = if errors { mentions(self.sources) } else { HashMap::new() };
        let used = |name: &str| mentioned.get(name).is_some_and(|count| *count > 1) || (errors && !is_word(name));
        let mut findings = Vec::new();
        for (name, (symbol, span)) in &self.names {
            let what = match symbol {
                Symbol::Column(id) if self.hir.columns.get(id.0).is_some_and(|column| !column.label) => "column",
                Symbol::Param(_) => "param",
                Symbol::Event(_) => "event",
                Symbol::Group(_) => "group",
                // A label says what is predicted, a weight acts by itself, and a spec without prediction is an error.
                Symbol::Column(_) | Symbol::Weight | Symbol::Prediction => continue,
            };
            if span.source == root && !self.used.contains(symbol) && !used(name) {
                findings.push(Finding::new(Kind::Unused { what, name: (*name).to_string() }, *span));
            }
        }
        for (name, declaration) in &self.metrics {
            let span = declaration.metric.name.span;
            let own = declaration.origin == UnitOrigin::Root && span.source == root;
            // Of a metric whose definition has an error, that is all that is said.
            let sound = self.metrics_checked.get(name) != Some(&Some(false));
            if own && sound {
                findings.extend(self.unused_parameters(declaration.metric));
            }
            if own && sound && !self.used_metrics.contains(name) && !used(name) {
                findings.push(Finding::new(Kind::Unused { what: "metric", name: (*name).to_string() }, span));
            }
        }
        self.findings.extend(findings);
    }
}

/// How often each word stands in all texts.
fn mentions(sources: &Sources) -> HashMap<&str, usize> {
    let mut words = HashMap::new();
    for (_, source) in sources.iter() {
        let code = source.text.lines().map(|line| line.split('#').next().unwrap_or_default());
        for word in code.flat_map(|line| line.split(|c: char| !is_word_char(c))) {
            *words.entry(word).or_insert(0) += 1;
        }
    }
    words
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(name: &str) -> bool {
    name.chars().all(is_word_char)
}
