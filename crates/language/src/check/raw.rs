//! `raw(score)`: the prediction as it was handed in. It is data: a number for each sample, which no row can change.

use crate::diagnostic::Fix;
use crate::hir::{Column, ColumnId, Curvature, Expr, ExprKind, Shape};
use crate::interval::Interval;
use crate::program::text::name as written;
use crate::program::{ColumnType, RAW};
use crate::span::Span;
use crate::syntax::ast;
use crate::words::counted;

use super::name::{Found, NUMBER, RAW_CALL};
use super::number::leaf;
use super::place::Place;
use super::{Checker, Env, Finding, Kind, Symbol};

impl<'a> Checker<'a> {
    pub(super) fn raw(&mut self, span: Span, arguments: &'a [ast::Expr], env: &Env<'a>, place: Place) -> Option<Expr> {
        let [argument] = arguments else {
            let kind = Kind::ArgumentCount {
                callee: RAW_CALL.into(),
                expected: "1 argument".into(),
                found: counted(arguments.len(), "argument"),
                signature: self.raw_call(),
            };
            return self.refuse(kind, span);
        };
        if self.pair.is_some() {
            let hint =
                Some("a row about pairs reads no raw predictions: have them as a column of the data".to_string());
            self.wrong_kind(span, "of a single sample", "a number of the pair", hint);
            return None;
        }
        self.is_prediction(span, argument, env)?;
        let name = ast::Name { text: self.text(span), span };
        self.per_sample(&name, place)?;
        let id = self.raw_column(span);
        self.mentions.push((id, span));
        // What is handed in may lie outside the bounds of what is returned.
        Some(leaf(ExprKind::Column(id), span, Some(Shape::Sample), Curvature::Constant, Interval::ALL))
    }

    /// `raw(score)`, in the words of the spec.
    pub(super) fn raw_call(&self) -> String {
        let prediction = self.hir.prediction.as_ref().map_or("score", |prediction| prediction.name.as_str());
        format!("{RAW_CALL}({})", written(prediction))
    }

    /// Whether the argument is the prediction by itself.
    fn is_prediction(&mut self, span: Span, argument: &'a ast::Expr, env: &Env<'a>) -> Option<()> {
        let bare = argument.bare();
        let ast::ExprKind::Name(name) = &bare.kind else {
            if let ast::ExprKind::Call { function, .. } = &bare.kind
                && function.text == RAW_CALL
            {
                return self.not_raw(span, bare.span, "the raw prediction already");
            }
            // What is wrong with it by itself comes first.
            let known = self.findings.len();
            let number = self.number(bare, env, Place::Inside);
            return match number.is_none() && self.findings.len() > known {
                true => None,
                false => self.not_raw(span, bare.span, "an expression"),
            };
        };
        if self.named(name, env).is_some() {
            return self.not_raw(span, name.span, "a name for an expression");
        }
        match self.look_up(name, env) {
            Found::Symbol(Symbol::Prediction) => Some(()),
            Found::Argument(argument, env) => self.is_prediction(span, argument, &env),
            Found::Symbol(symbol) => {
                let (found, _) = self.describe(symbol, &name.text);
                self.not_raw(span, name.span, &found)
            }
            Found::Binder(_) => self.not_raw(span, name.span, "a binder"),
            Found::Level(..) => self.not_raw(span, name.span, "a level"),
            Found::Open { .. } | Found::Broken => None,
            Found::Nothing => self.unknown_name(name, NUMBER, env),
        }
    }

    /// Columns are data already, and of an expression each prediction in it can be raw.
    fn not_raw(&mut self, span: Span, at: Span, found: &str) -> Option<()> {
        let instead = match found.contains("column") || found.contains("label") || found.contains("already") {
            true => self.text(at),
            false => self.raw_call(),
        };
        let hint = Some(format!("write `{instead}`"));
        let fix = (instead != self.raw_call()).then(|| Fix::one(span, self.sources.text(at).to_string(), true));
        let (found, expected) = (found.to_string(), "the prediction".to_string());
        let kind = Kind::WrongKind { text: self.text(at), found, expected, hint };
        self.report(Finding::new(kind, at).mended(fix));
        None
    }

    /// The column that stands for it, which no declaration made.
    fn raw_column(&mut self, span: Span) -> ColumnId {
        let is_raw = |id: &ColumnId| self.hir.columns.get(id.0).is_some_and(|column| column.header == RAW);
        // What the body of a metric added goes when that has been checked.
        if let Some(id) = self.raw_id.filter(is_raw) {
            return id;
        }
        let id = ColumnId(self.hir.columns.len());
        let (name, ty) = (self.raw_call(), ColumnType::Real(Interval::ALL));
        self.hir.columns.push(Column { name, header: RAW.to_string(), label: false, ty, nullable: false, span });
        self.raw_id = Some(id);
        id
    }
}
