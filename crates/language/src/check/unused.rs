//! W0101: names of the root file that nothing refers to.

use crate::diagnostic::{Explained, Severity};
use crate::span::SourceId;

use super::{Checker, Finding, Kind, Symbol, UnitOrigin};

impl<'a> Checker<'a> {
    pub(super) fn unused(&mut self, refused: bool) {
        // Where something was refused, it may be what uses a name. A file of declarations alone is there for others to import.
        let errors = self.findings.iter().any(|finding| finding.kind.code().severity() == Severity::Error);
        if refused || errors || self.constraints.is_empty() {
            return;
        }
        let root = SourceId(0);
        let mut findings = Vec::new();
        for (name, (symbol, span)) in &self.names {
            let what = match symbol {
                Symbol::Column(id) if self.hir.columns.get(id.0).is_some_and(|column| !column.label) => "column",
                Symbol::Param(_) | Symbol::Table(_) => "param",
                Symbol::Let(_) => "expression",
                Symbol::Event(_) => "event",
                Symbol::Group(_) => "group",
                Symbol::Key(_) => "key",
                Symbol::Relation(_) => "relation",
                // A label says what is predicted, a weight acts by itself, and a spec without prediction is an error.
                Symbol::Column(_) | Symbol::Weight | Symbol::Prediction => continue,
            };
            if span.source == root && !self.used.contains(symbol) {
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
            if own && sound && !self.used_metrics.contains(name) {
                findings.push(Finding::new(Kind::Unused { what: "metric", name: (*name).to_string() }, span));
            }
        }
        self.findings.extend(findings);
    }
}
