//! Reading on behind a mistake.
//!
//! A declaration that does not parse is mended where the fix of its mistake is known, and read again; so one run tells
//! several mistakes of one declaration, and what the checker finds in it. A fix is kept only if reading comes further with
//! it. What cannot be read leaves the name that it introduces, so that others may refer to it.

use std::cell::RefCell;
use std::collections::HashMap;

use pest::error::{ErrorVariant, InputLocation};

use super::build::Builder;
use super::diagnose::{Failure, diagnose};
use super::error::{Mistake, SyntaxError};
use super::outline::{Chunk, MAX_DEPTH, Nesting, beginnings};
use super::patch::Patch;
use super::scan::{Scan, scan_part};
use super::{Parsed, Rule, TokenKind, ast, confusion, points, repair};
use crate::diagnostic::Fix;
use crate::span::{SourceId, Span};

/// The most mistakes that are mended in one declaration.
const MOST_REPAIRS: usize = 16;

/// Tells the mistakes of a chunk that did not parse, and keeps what can be read of it.
pub(super) fn recover(
    source: SourceId,
    text: &str,
    scan: &Scan,
    chunk: &Chunk,
    errors: Vec<SyntaxError>,
    parsed: &mut Parsed,
) {
    let tokens = scan.tokens.get(chunk.tokens.clone()).unwrap_or(&[]);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    let mut chunk_parser = Mended {
        source,
        last: chunk.tokens.end == scan.tokens.len(),
        patch: Patch::new(text, first.start..last.end),
        told: Vec::new(),
    };
    let kind = match errors.as_slice() {
        [_] if chunk.too_deep.is_none() => chunk_parser.read(),
        _ => {
            chunk_parser.told = errors;
            None
        }
    };
    parsed.errors.extend(chunk_parser.told);
    match kind {
        Some(kind) => {
            let doc = super::doc(text, scan, chunk.tokens.start);
            let span = super::span(source, first).to(super::span(source, last));
            parsed.file.items.push(ast::Item { doc, span, kind });
        }
        None => parsed.file.broken.push(broken(source, text, tokens)),
    }
}

/// A declaration on its way to being read.
struct Mended<'t> {
    source: SourceId,
    last: bool,
    patch: Patch<'t>,
    told: Vec<SyntaxError>,
}

impl Mended<'_> {
    /// The declaration, if mending its mistakes made it whole.
    fn read(&mut self) -> Option<ast::ItemKind> {
        let mut reached: Option<u32> = None;
        loop {
            let text = self.patch.mended();
            if scan_part(&text).tokens.is_empty() {
                // What was meant as a comment.
                return None;
            }
            let errors = match self.attempt(&text) {
                Ok(kind) => return Some(kind),
                Err(errors) => errors,
            };
            let moved = |error: SyntaxError| error.moved(|span| self.original(span));
            let [error] = errors.as_slice() else {
                let all: Vec<_> = errors.into_iter().map(moved).collect();
                self.told.extend(all);
                return None;
            };
            let fix = repair::fix(error, &text).map(|fix| self.original_fix(fix));
            let error = moved(error.clone());
            if reached.is_some_and(|reached| error.span.end <= reached) {
                // The last fix led nowhere: it is not offered, and what it led to is not told.
                if let Some(last) = self.told.last_mut() {
                    last.fix = None;
                }
                return None;
            }
            reached = Some(error.span.end);
            let places = |fix: &Fix| fix.edits.iter().map(|edit| edit.span.range()).collect::<Vec<_>>();
            let added = self.told.len() < MOST_REPAIRS
                && fix.as_ref().is_some_and(|fix| {
                    let all = fix.edits.iter().all(|edit| self.patch.add(edit.span.range(), edit.text.clone()));
                    if !all {
                        self.patch.take_back(&places(fix));
                    }
                    all
                });
            let fix = fix.filter(|_| added);
            if !(added && (self.same_quotes(&error, fix.as_ref()) || self.same_mark(&error, fix.as_ref()))) {
                self.told.push(error.mended(fix));
            }
            if !added {
                return None;
            }
        }
    }

    /// Adds the fix of a name in quotes to that of an earlier one, where the two are one mistake: marks that are none of
    /// the language, or levels of one list.
    fn same_quotes(&mut self, error: &SyntaxError, fix: Option<&Fix>) -> bool {
        if !matches!(error.kind, Mistake::QuotedName { .. }) {
            return false;
        }
        let span = error.span;
        let before = self.patch.author().get(..span.start as usize).unwrap_or_default().trim_end();
        let foreign = !self.patch.author().get(span.range()).is_some_and(|text| text.starts_with('"'));
        let listed = before.ends_with(['{', ',']);
        let known = self.told.iter_mut().find(|known| matches!(known.kind, Mistake::QuotedName { .. }));
        match (known.and_then(|known| known.fix.as_mut()), fix) {
            (Some(known), Some(fix)) if foreign || listed => {
                known.edits.extend(fix.edits.iter().cloned());
                true
            }
            _ => false,
        }
    }

    /// Adds the fix of a mark to that of an earlier one, where the two are one habit: `{white = 2%, black = 3%}`, LaTeX.
    fn same_mark(&mut self, error: &SyntaxError, fix: Option<&Fix>) -> bool {
        let mark = |kind: &Mistake| match kind {
            Mistake::Instead { found, .. } | Mistake::Superfluous { found, .. } if found.starts_with('\\') => {
                Some("\\".to_owned())
            }
            Mistake::Instead { found, instead, .. }
                if matches!((found.as_str(), instead.as_str()), ("=", ":") | (";", ",")) =>
            {
                Some(found.clone())
            }
            Mistake::ForeignOperator { found, .. } if "（）［］，：".contains(found.as_str()) => {
                Some("（".to_owned())
            }
            Mistake::ForeignOperator { found, .. } if found == "‖" => Some(found.clone()),
            Mistake::BadCharacter { found } if found == "`$`" => Some(found.clone()),
            _ => None,
        };
        let Some(found) = mark(&error.kind) else { return false };
        let known = self.told.iter_mut().find(|known| mark(&known.kind).is_some_and(|known| known == found));
        match (known.and_then(|known| known.fix.as_mut()), fix) {
            (Some(known), Some(fix)) => {
                known.edits.extend(fix.edits.iter().cloned());
                true
            }
            _ => false,
        }
    }

    /// Reads the mended text; places in errors are in it.
    fn attempt(&self, text: &str) -> Result<ast::ItemKind, Vec<SyntaxError>> {
        let scan = scan_part(text);
        if let Some(deep) = too_deep(text, &scan) {
            return Err(vec![SyntaxError::new(Mistake::TooDeep { limit: MAX_DEPTH }, super::span(self.source, deep))]);
        }
        let failure = |at: usize, expected: Vec<Rule>| {
            let tokens = 0..scan.tokens.len();
            let failure = Failure { source: self.source, text, scan: &scan, tokens, last: self.last, at, expected };
            vec![diagnose(&failure)]
        };
        match points::declaration(text) {
            Ok(mut pairs) => {
                let patch = Some(&self.patch);
                let builder = Builder { source: self.source, offset: 0, patch, errors: RefCell::default() };
                let kind = pairs.next().and_then(|declaration| builder.item(declaration));
                match (kind, builder.errors.into_inner()) {
                    (Some(kind), errors) if errors.is_empty() => Ok(kind),
                    (_, errors) if errors.is_empty() => Err(failure(0, Vec::new())),
                    // These have the places of the author already.
                    (_, errors) => Err(errors.into_iter().map(|error| error.moved(|span| self.mended(span))).collect()),
                }
            }
            Err(error) => {
                let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
                let expected = match error.variant {
                    ErrorVariant::ParsingError { positives, .. } => positives,
                    ErrorVariant::CustomError { .. } => Vec::new(),
                };
                Err(failure(at, expected))
            }
        }
    }

    fn original(&self, span: Span) -> Span {
        let range = self.patch.original(span.range());
        Span::new(span.source, range.start, range.end)
    }

    /// The other way round.
    fn mended(&self, span: Span) -> Span {
        let range = self.patch.mended_range(span.range());
        Span::new(span.source, range.start, range.end)
    }

    fn original_fix(&self, mut fix: Fix) -> Fix {
        for edit in &mut fix.edits {
            edit.span = self.original(edit.span);
        }
        fix
    }
}

fn too_deep<'s>(text: &str, scan: &'s Scan) -> Option<&'s super::Token> {
    let mut nesting = Nesting::default();
    scan.tokens
        .iter()
        .enumerate()
        .find(|(index, _)| {
            nesting.push(text, &scan.tokens, *index);
            nesting.depth() > MAX_DEPTH
        })
        .map(|(_, token)| token)
}

/// The name that a declaration introduces: the first behind its keyword.
fn broken(source: SourceId, text: &str, tokens: &[super::Token]) -> ast::Broken {
    let word = tokens.first().map_or("", |token| token.text(text));
    let known = beginnings().into_iter().find(|keyword| *keyword == word);
    let keyword = known.or_else(|| confusion::closest_keyword(word)).unwrap_or_default();
    let is_name = |token: &&super::Token| {
        matches!(token.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Broken(_))
            && !matches!(keyword, "use" | "import")
    };
    let name = tokens.get(1).filter(is_name).map(|token| ast::Name {
        text: token.text(text).trim_matches('`').trim_matches(super::scan::is_quote).to_owned(),
        span: super::span(source, token),
    });
    ast::Broken { keyword, name }
}

/// A mark of another language at the end of lines, or before comments, is one mistake however often it stands there; the
/// fix mends all places.
pub(super) fn one_habit(parsed: &mut Parsed) {
    let habit = |error: &SyntaxError| match &error.kind {
        Mistake::BadCharacter { found } if found == "`;`" => Some(0),
        Mistake::ForeignOperator { found, .. } if found == "//" || found == "--" => Some(1),
        _ => None,
    };
    let mut first: [Option<usize>; 2] = [None; 2];
    let mut kept: Vec<SyntaxError> = Vec::with_capacity(parsed.errors.len());
    for error in std::mem::take(&mut parsed.errors) {
        let known = habit(&error).and_then(|which| first.get_mut(which)).filter(|_| error.fix.is_some());
        if let Some(known) = known {
            if let (Some(fix), Some(more)) = (known.and_then(|at| kept.get_mut(at)?.fix.as_mut()), &error.fix) {
                fix.edits.extend(more.edits.iter().cloned());
                continue;
            }
            *known = Some(kept.len());
        }
        kept.push(error);
    }
    parsed.errors = kept;
}

/// `from common import parity` is one mistake: of the `import` in it nothing more is said.
pub(super) fn one_import(text: &str, parsed: &mut Parsed) {
    let mut whole: Vec<Span> = Vec::new();
    for error in &mut parsed.errors {
        let Mistake::FromImport { module } = &error.kind else { continue };
        let end = error.span.end;
        let follows = |item: &&ast::Item| {
            let between = text.get(end as usize..item.span.start as usize);
            matches!(item.kind, ast::ItemKind::Import(_)) && between.is_some_and(|text| text.trim().is_empty())
        };
        if let Some(import) = parsed.file.items.iter().find(follows) {
            let span = error.span.to(import.span);
            // The file may not be called so.
            error.fix = Some(Fix::one(span, format!("import \"{module}.fair\""), false));
            whole.push(import.span);
        }
    }
    if whole.is_empty() {
        return;
    }
    let inside = |span: Span| whole.iter().any(|import| import.start <= span.start && span.end <= import.end);
    parsed.file.items.retain(|item| !inside(item.span));
    parsed.errors.retain(|error| !inside(error.span));
}

/// A reserved word that a declaration has for a name is one mistake, wherever the name is used; the fix mends all places.
pub(super) fn one_reserved_name(text: &str, parsed: &mut Parsed) {
    if !parsed.errors.iter().any(|error| matches!(error.kind, Mistake::Reserved { .. })) {
        return;
    }
    let items = parsed.file.items.iter().filter_map(|item| item.kind.name());
    let broken = parsed.file.broken.iter().filter_map(|broken| broken.name.as_ref());
    let declared: Vec<Span> = items.chain(broken).map(|name| name.span).collect();
    let mut first: HashMap<String, usize> = HashMap::new();
    for (index, error) in parsed.errors.iter().enumerate() {
        if let Mistake::Reserved { word } = &error.kind
            && declared.contains(&error.span)
            && text.get(error.span.range()) == Some(word)
        {
            first.entry(word.clone()).or_insert(index);
        }
    }
    let mut gone = vec![false; parsed.errors.len()];
    for (index, gone) in gone.iter_mut().enumerate() {
        let Some(error) = parsed.errors.get_mut(index) else { continue };
        let Mistake::Reserved { word } = &error.kind else { continue };
        let Some(&known) = first.get(word).filter(|known| **known != index) else { continue };
        *gone = true;
        let more = error.fix.take();
        if let (Some(fix), Some(more)) = (parsed.errors.get_mut(known).and_then(|known| known.fix.as_mut()), more) {
            fix.edits.extend(more.edits);
        }
    }
    let mut gone = gone.into_iter();
    parsed.errors.retain(|_| !gone.next().unwrap_or(false));
}
