//! Relations, and rows about their pairs: `each (i, j) in near where i.level < j.level: score[i] <= score[j]`.
//!
//! A pair has two samples, so what one sample has is said of one of them: `score[i]`, `i.level`. Columns of the relation are
//! those of the pair, and stand by their names.

use crate::diagnostic::Fix;
use crate::hir::{Column, ColumnId, Curvature, Expr, ExprKind, PairTable, RelationId, Shape};
use crate::interval::Interval;
use crate::program::text::{name as written, pair_column_name};
use crate::program::{Owner, PairColumn};
use crate::span::Span;
use crate::syntax::ast;
use crate::words::counted;

use super::name::Found;
use super::number::leaf;
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Symbol};

/// A declared relation; without an id where it has an error, which has been reported.
pub(super) struct RelationDeclaration<'a> {
    pub relation: &'a ast::Relation,
    pub id: Option<RelationId>,
    /// Its own columns.
    pub columns: Vec<(&'a str, ColumnId)>,
}

/// A column of keys.
pub(super) struct KeyDeclaration<'a> {
    pub name: &'a ast::Name,
    pub header: &'a str,
}

/// The pairs that the statement at hand is about.
#[derive(Clone, Copy)]
pub(super) struct PairScope<'a> {
    /// An index into [`Checker::relations`].
    relation: usize,
    pub id: RelationId,
    binders: [&'a str; 2],
}

impl<'a> Checker<'a> {
    pub(super) fn declare_key(&mut self, column: &'a ast::Column, label: bool) {
        let symbol = Symbol::Key(self.keys.len());
        if !self.claim(&column.name, symbol, if label { "label" } else { "column" }) {
            return;
        }
        if label || column.nullable {
            let (found, hint) = match label {
                true => ("a key", format!("write `column {}: key`", written(&column.name.text))),
                false => ("nullable", "remove the `?`: a key names every sample".to_string()),
            };
            self.wrong_kind(column.ty.span(), found, if label { "a type of values" } else { "a key" }, Some(hint));
        }
        let header = &column.from.as_ref().unwrap_or(&column.name).text;
        self.keys.push(KeyDeclaration { name: &column.name, header });
    }

    pub(super) fn declare_relation(&mut self, relation: &'a ast::Relation) {
        if self.claim(&relation.name, Symbol::Relation(self.relations.len()), "relation") {
            self.relations.push(RelationDeclaration { relation, id: None, columns: Vec::new() });
        }
    }

    /// Once all names are known.
    pub(super) fn settle_relations(&mut self) {
        for index in 0..self.relations.len() {
            let Some(relation) = self.relations.get(index).map(|declared| declared.relation) else { continue };
            let settled = self.relation(relation);
            if let Some(declared) = self.relations.get_mut(index)
                && let Some((id, columns)) = settled
            {
                (declared.id, declared.columns) = (Some(id), columns);
            }
        }
    }

    fn relation(&mut self, relation: &'a ast::Relation) -> Option<(RelationId, Vec<(&'a str, ColumnId)>)> {
        let key = self.relation_key(relation);
        let [first, second] = self.two_binders(&relation.binders, relation.binders_span)?;
        let mut columns: Vec<(&'a str, ColumnId)> = Vec::new();
        let mut headers = vec![first.text.as_str(), second.text.as_str()];
        let mut sound = self.path_inside(relation);
        for column in &relation.columns {
            let header = column.from.as_ref().unwrap_or(&column.name);
            let taken = headers.contains(&header.text.as_str());
            let name = column.name.text.as_str();
            let known = self.names.get(name).map(|(_, span)| *span);
            if taken || known.is_some() || columns.iter().any(|(other, _)| *other == name) {
                let kind = Kind::DuplicateName { what: "column", name: column.name.text.clone() };
                let finding = Finding::new(kind, column.name.span);
                self.report(match known {
                    Some(first) => finding.with(first, "first declared here"),
                    None => finding,
                });
                sound = None;
                continue;
            }
            headers.push(&header.text);
            if let ast::Type::Key { span } = column.ty {
                let hint = "the keys of a relation are its first two columns".to_string();
                self.wrong_kind(span, "a key", "a type of values", Some(hint));
                sound = None;
                continue;
            }
            let Some(ty) = self.column_type(&column.ty) else {
                sound = None;
                continue;
            };
            let owner = Owner::Pair;
            let canonical = PairColumn { relation: &relation.name.text, owner, header: &header.text }.canonical();
            columns.push((name, ColumnId(self.hir.columns.len())));
            self.hir.columns.push(Column {
                name: name.to_string(),
                header: canonical,
                label: false,
                ty,
                nullable: column.nullable,
                span: column.name.span,
            });
        }
        let (key, ()) = (key?, sound?);
        let id = RelationId(self.hir.relations.len());
        self.hir.relations.push(PairTable {
            name: relation.name.text.clone(),
            file: relation.file.as_ref().map(|(path, _)| path.clone()),
            key,
            first: first.text.clone(),
            second: second.text.clone(),
            span: relation.name.span,
        });
        Some((id, columns))
    }

    /// A path that leads out of the folder of the spec is refused, as that of an import is.
    fn path_inside(&mut self, relation: &'a ast::Relation) -> Option<()> {
        let Some((path, span)) = &relation.file else { return Some(()) };
        let mut depth = 0;
        let escapes = path.split(['/', '\\']).any(|part| {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            depth < 0
        });
        let absolute = path.starts_with(['/', '\\']) || path.chars().nth(1) == Some(':');
        if !escapes && !absolute && !path.is_empty() {
            return Some(());
        }
        let what = format!("`{path}` lies outside of the folder of the spec");
        let name = written(&relation.name.text);
        let hint = format!("copy it there, or name it where the data are: `--relation {name}=FILE`");
        self.refuse(Kind::Conflict { what, hint }, *span)
    }

    /// The header of the keys.
    fn relation_key(&mut self, relation: &'a ast::Relation) -> Option<String> {
        let key = &relation.key;
        match self.names.get(key.text.as_str()).map(|(symbol, _)| *symbol) {
            Some(symbol @ Symbol::Key(index)) => {
                self.used.insert(symbol);
                self.keys.get(index).map(|key| key.header.to_string())
            }
            Some(symbol) => {
                self.used.insert(symbol);
                let (found, _) = self.describe(symbol, &key.text);
                let hint =
                    format!("declare the column whose values name the samples: `column {}: key`", written(&key.text));
                self.wrong_kind(key.span, &found, "a key", Some(hint));
                None
            }
            None if self.broken.contains(key.text.as_str()) => None,
            None => self.unknown_name(key, "key", &Env::default()),
        }
    }

    fn two_binders(&mut self, binders: &'a [ast::Name], span: Span) -> Option<[&'a ast::Name; 2]> {
        let [first, second] = binders else {
            let kind = Kind::BinderCount {
                binders: counted(binders.len(), "binder"),
                values: "pairs".into(),
                instead: Some("write one for each sample of a pair: `(i, j)`".into()),
            };
            return self.refuse(kind, span);
        };
        if first.text == second.text {
            let kind = Kind::DuplicateName { what: "binder", name: second.text.clone() };
            self.report(Finding::new(kind, second.span).with(first.span, "first declared here"));
            return None;
        }
        Some([first, second])
    }

    /// Brings the two samples of `each (i, j) in near` into scope.
    pub(super) fn enter_pairs(&mut self, pairs: &'a ast::EachPair, env: &Env<'a>) -> Option<()> {
        let relation = match self.look_up(&pairs.relation, env) {
            Found::Symbol(Symbol::Relation(index)) => index,
            Found::Broken => return None,
            Found::Nothing => return self.unknown_relation(&pairs.relation, env),
            Found::Symbol(symbol) => {
                let (found, _) = self.describe(symbol, &pairs.relation.text);
                let hint =
                    "pairs of levels stand under `forall (a, b) in ..`, pairs of samples under `each (i, j) in ..`";
                self.wrong_kind(pairs.relation.span, &found, "a relation", Some(hint.to_string()));
                return None;
            }
            Found::Binder(_) | Found::Argument(..) | Found::Level(..) | Found::Open { .. } => {
                self.wrong_kind(pairs.relation.span, "something else", "a relation", None);
                return None;
            }
        };
        let binders = self.two_binders(&pairs.binders, pairs.binders_span)?;
        for binder in binders {
            let known = self.names.get(binder.text.as_str()).map(|(_, span)| *span).filter(|_| env.call.is_none());
            if known.is_some() || env.binders.iter().any(|(text, _)| *text == binder.text) {
                let kind = Kind::DuplicateName { what: "binder", name: binder.text.clone() };
                let finding = Finding::new(kind, binder.span);
                self.report(match known {
                    Some(first) => finding.with(first, "the declaration that it would hide"),
                    None => finding,
                });
                return None;
            }
        }
        let id = self.relations.get(relation)?.id?;
        self.pair = Some(PairScope { relation, id, binders: binders.map(|binder| binder.text.as_str()) });
        Some(())
    }

    fn unknown_relation<T>(&mut self, name: &'a ast::Name, env: &Env<'a>) -> Option<T> {
        let known: Vec<&str> = self.relations.iter().map(|declared| declared.relation.name.text.as_str()).collect();
        let similar = self.suggest(&name.text, known);
        if similar.is_none() || self.incomplete {
            return self.unknown_name(name, "relation", env);
        }
        let fix = similar.clone().map(|similar| Fix::one(name.span, written(&similar), false));
        let kind = Kind::UnknownName { expected: "relation", name: name.text.clone(), similar, hint: None };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
    }

    /// What a name means in a row about pairs, beside what it means elsewhere.
    pub(super) fn of_pair(&mut self, name: &ast::Name) -> Option<Found<'a>> {
        let pair = self.pair?;
        if self.sources.text(name.span).trim_matches('`') == name.text && self.names.contains_key(name.text.as_str()) {
            return None;
        }
        if let Some(sample) = pair.binders.iter().position(|binder| *binder == name.text) {
            return Some(self.bare_sample(name, sample));
        }
        let own = self.relations.get(pair.relation)?.columns.iter().find(|(text, _)| *text == name.text);
        if let Some((_, id)) = own {
            return Some(Found::Symbol(Symbol::Column(*id)));
        }
        let (sample, column) = pair.binders.iter().enumerate().find_map(|(sample, binder)| {
            let column = name.text.strip_prefix(binder)?.strip_prefix('.')?;
            Some((sample, column))
        })?;
        Some(self.column_of(sample, column, name))
    }

    /// `i` alone.
    fn bare_sample(&mut self, name: &ast::Name, sample: usize) -> Found<'a> {
        let binder = self.pair.map_or("i", |pair| pair.binders[sample]);
        let hint =
            format!("write its prediction, `{}`, or a column of it, `{binder}.column`", self.prediction_of(binder));
        self.wrong_kind(name.span, "a sample", "a number or a level", Some(hint));
        Found::Broken
    }

    /// `score[i]`.
    fn prediction_of(&self, binder: &str) -> String {
        let prediction = self.hir.prediction.as_ref().map_or("score", |prediction| prediction.name.as_str());
        format!("{}[{}]", written(prediction), written(binder))
    }

    /// `i.level`.
    fn column_of(&mut self, sample: usize, column: &str, name: &ast::Name) -> Found<'a> {
        let Some(pair) = self.pair else { return Found::Broken };
        let binder = pair.binders[sample];
        let symbol = self.names.get(column).map(|(symbol, _)| *symbol);
        self.used.extend(symbol);
        let refused = match symbol {
            Some(Symbol::Column(id)) => {
                let owner = if sample == 0 { Owner::First } else { Owner::Second };
                return Found::Symbol(Symbol::Column(self.pair_column(owner, id, pair.id)));
            }
            Some(Symbol::Prediction) => {
                let instead = self.prediction_of(binder);
                let fix = Fix::one(name.span, instead.clone(), true);
                let kind = Kind::WhichSample { text: name.text.clone(), instead: vec![instead] };
                self.report(Finding::new(kind, name.span).mended(Some(fix)));
                return Found::Broken;
            }
            Some(symbol) => self.describe(symbol, column).0,
            None if self.broken.contains(column) => return Found::Broken,
            None => {
                let own = self.relations.get(pair.relation);
                if own.is_some_and(|own| own.columns.iter().any(|(known, _)| *known == column)) {
                    let fix = Fix::one(name.span, written(column), true);
                    let (found, expected) = ("a column of the pair".to_string(), "a column of the data".to_string());
                    let hint = Some(format!("write `{}`", written(column)));
                    let kind = Kind::WrongKind { text: column.to_string(), found, expected, hint };
                    self.report(Finding::new(kind, name.span).mended(Some(fix)));
                    return Found::Broken;
                }
                let columns = self.names.iter().filter(|(_, (symbol, _))| matches!(symbol, Symbol::Column(_)));
                let columns: Vec<&str> = columns.map(|(name, _)| *name).collect();
                let similar = self.suggest(column, columns);
                let instead = similar.map(|similar| format!("{}.{}", written(binder), written(&similar)));
                let fix = instead.clone().map(|instead| Fix::one(name.span, instead, false));
                let text = name.text.clone();
                let kind = Kind::UnknownName { expected: "column", name: text, similar: instead, hint: None };
                self.report(Finding::new(kind, name.span).mended(fix));
                return Found::Broken;
            }
        };
        let hint = "only columns and labels of the data are known of a sample".to_string();
        self.wrong_kind(name.span, &refused, "a column", Some(hint));
        Found::Broken
    }

    /// The column that stands for one of a sample of a pair, which no declaration made.
    fn pair_column(&mut self, owner: Owner, base: ColumnId, relation: RelationId) -> ColumnId {
        let (relation, column) = (&self.hir[relation], &self.hir[base]);
        let header = PairColumn { relation: &relation.name, owner, header: &column.header }.canonical();
        if let Some(known) = self.hir.columns.iter().position(|column| column.header == header) {
            return ColumnId(known);
        }
        let name = pair_column_name(owner, &column.name, (&relation.first, &relation.second));
        let column = Column { name, header, ..column.clone() };
        self.hir.columns.push(column);
        ColumnId(self.hir.columns.len() - 1)
    }

    /// `score[i]` in a row about pairs.
    pub(super) fn prediction_at(
        &mut self,
        span: Span,
        prediction: &'a ast::Name,
        samples: &'a [ast::Expr],
        place: Place,
    ) -> Option<Expr> {
        let pair = self.pair?;
        let [sample] = samples else {
            let kind = Kind::ArgumentCount {
                callee: prediction.text.clone(),
                expected: "1 sample".into(),
                found: counted(samples.len(), "sample"),
                signature: self.prediction_of(pair.binders[0]),
            };
            return self.refuse(kind, span);
        };
        let ast::ExprKind::Name(name) = &sample.bare().kind else {
            let [first, second] = pair.binders.map(|binder| self.prediction_of(binder));
            let hint = Some(format!("write `{first}` or `{second}`"));
            self.wrong_kind(sample.span, "no sample", "a sample of the pair", hint);
            return None;
        };
        let kind = match pair.binders.iter().position(|binder| *binder == name.text) {
            Some(0) => ExprKind::Prediction,
            Some(_) => ExprKind::SecondPrediction,
            None => {
                let similar = self.suggest(&name.text, pair.binders);
                let [first, second] = pair.binders;
                let hint = similar.is_none().then(|| format!("the samples of the pair are `{first}` and `{second}`"));
                let fix = similar.clone().map(|similar| Fix::one(name.span, written(&similar), false));
                let kind = Kind::UnknownName { expected: "sample", name: name.text.clone(), similar, hint };
                self.report(Finding::new(kind, name.span).mended(fix));
                return None;
            }
        };
        self.per_sample(&ast::Name { text: self.text(span), span }, place)?;
        let range = self.hir.prediction.as_ref().map_or(Interval::ALL, |prediction| prediction.range);
        Some(leaf(kind, span, Some(Shape::Sample), Curvature::Affine, range))
    }

    /// Refuses, in a row about pairs, what a single sample has and no pair.
    pub(super) fn of_one_sample(&mut self, symbol: Symbol, name: &ast::Name) -> Option<()> {
        let Some(pair) = self.pair else { return Some(()) };
        let [first, second] = pair.binders;
        let both = |instead: &dyn Fn(&str) -> String| vec![instead(first), instead(second)];
        let instead = match symbol {
            Symbol::Column(id) => {
                let column = self.hir.columns.get(id.0);
                if column.is_none_or(|column| PairColumn::of(&column.header).is_some()) {
                    return Some(());
                }
                both(&|binder| format!("{}.{}", written(binder), written(&name.text)))
            }
            Symbol::Prediction => both(&|binder| self.prediction_of(binder)),
            Symbol::Event(_) | Symbol::Group(_) => Vec::new(),
            Symbol::Weight
            | Symbol::Param(_)
            | Symbol::Table(_)
            | Symbol::Let(_)
            | Symbol::Key(_)
            | Symbol::Relation(_) => return Some(()),
        };
        let fix = instead.first().map(|instead| Fix::one(name.span, instead.clone(), false));
        let fix = fix.filter(|_| self.call.is_none());
        let kind = Kind::WhichSample { text: name.text.clone(), instead };
        self.report(Finding::new(kind, name.span).mended(fix));
        None
    }
}
