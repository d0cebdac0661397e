//! What may stand at a place, from the tokens before it: a text that is being written does not parse.

use super::signature::{self, Signature, Site};
use super::symbols::{Definition, DefinitionId, DefinitionKind, Index};
use super::vocabulary::{self, Word, values};
use crate::compile::Compilation;
use crate::span::SourceId;
use crate::syntax::ast::Accepts;
use crate::syntax::{Piece, declarations, pieces, written};

/// One thing that may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub label: String,
    pub kind: SuggestionKind,
    /// What it is, in a few words.
    pub detail: String,
    /// More on it, in Markdown.
    pub doc: String,
    /// What is written.
    pub text: String,
    /// The same with places to fill in, `$1` and `${2:text}`.
    pub snippet: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuggestionKind {
    Keyword,
    Function,
    Metric,
    Option,
    /// A word that an option may be set to.
    Value,
    Name(DefinitionKind),
}

/// The suggestions at a place of a file of the compilation, and where the word begins that they stand for.
pub fn at(compilation: &Compilation, index: &Index, source: SourceId, offset: usize) -> (usize, Vec<Suggestion>) {
    let text = compilation.sources.get(source).map_or("", |source| &source.text);
    let Some(place) = Place::of(text, offset) else { return (offset, Vec::new()) };
    let mut list = List { compilation, index, place: &place, found: Vec::new() };
    list.fill();
    let mut found = list.found;
    let mut known = std::collections::HashSet::new();
    found.retain(|suggestion| known.insert((suggestion.label.clone(), suggestion.text.clone())));
    (place.start, found)
}

/// The tokens of a declaration before the word that is being written.
struct Place<'t> {
    /// Where the word begins that is being written.
    start: usize,
    words: Vec<&'t str>,
    /// The innermost open bracket, as an index into the words.
    open: Option<usize>,
    /// Nothing stands before on the line.
    first_on_line: bool,
}

impl<'t> Place<'t> {
    /// None in a comment or a string.
    fn of(text: &'t str, offset: usize) -> Option<Place<'t>> {
        let pieces = pieces(text);
        let inside = |piece: &Piece| piece.range.start < offset && offset <= piece.range.end;
        // A comment goes on to the end of its line.
        let remark = |piece: &Piece| {
            let since = text.get(piece.range.start..offset).unwrap_or("\n");
            piece.is_comment() && !since.is_empty() && !since.contains('\n')
        };
        if pieces.iter().any(|piece| remark(piece) || inside(piece) && piece.text(text).starts_with('"')) {
            return None;
        }
        // The word at the place is being written.
        let being = |piece: &Piece| {
            inside(piece) && piece.text(text).starts_with(|c: char| c.is_alphanumeric() || "_`".contains(c))
        };
        let end = pieces.iter().find(|piece| being(piece)).map_or(offset, |piece| piece.range.start);
        // A backtick that does not close yet belongs to it.
        let end = if text.get(..end).is_some_and(|before| before.ends_with('`')) { end - 1 } else { end };
        let before: Vec<&Piece> = pieces.iter().filter(|piece| !piece.is_comment() && piece.range.end <= end).collect();
        let last = before.last().map_or(0, |piece| piece.range.start);
        let start = declarations(text)
            .into_iter()
            .take_while(|range| range.start <= last)
            .last()
            .map_or(0, |range| range.start);
        let words: Vec<&str> =
            before.iter().filter(|piece| piece.range.start >= start).map(|piece| piece.text(text)).collect();
        let line = text.get(..end).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        Some(Place { start: end, open: innermost(&words), words, first_on_line: line.trim().is_empty() })
    }

    fn word(&self, at: usize) -> &'t str {
        self.words.get(at).copied().unwrap_or_default()
    }

    /// So many words back.
    fn back(&self, steps: usize) -> &'t str {
        self.words.len().checked_sub(steps).map_or("", |at| self.word(at))
    }

    fn bracket(&self) -> &'t str {
        self.open.map_or("", |at| self.word(at))
    }

    /// So many words before the innermost open bracket.
    fn before_bracket(&self, steps: usize) -> &'t str {
        self.open.and_then(|at| at.checked_sub(steps)).map_or("", |at| self.word(at))
    }

    /// Whether an operand or the like has to follow.
    fn wants_more(&self) -> bool {
        let last = self.back(1);
        let joins = matches!(last, "in" | "and" | "or" | "not" | "forall" | "each" | "where" | "use" | "from" | "as");
        self.open.is_some() || joins || last.ends_with(['=', ':', '+', '-', '*', '/', '<', '>', '^', ','])
    }

    /// The domain of a binder of this name: `a in race`, `(a, b) in pairs(race)`.
    fn domain_of(&self, binder: &str) -> Option<&'t str> {
        let at = self.quantified().find(|at| self.binders_before(*at).contains(&binder))?;
        let mut behind = self.words.get(at + 1..).unwrap_or_default().iter();
        behind.find(|word| !matches!(**word, "pairs" | "adjacent" | "(")).copied().filter(|word| is_name(word))
    }

    /// The `in`s behind binders.
    fn quantified(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.words.len()).filter(|at| self.word(*at) == "in").filter(|at| {
            let names = self.binders_before(*at).len();
            // Two names stand in parentheses, with a comma.
            let width = if names > 1 { 2 * names + 1 } else { 1 };
            matches!(at.checked_sub(width + 1).map_or("", |at| self.word(at)), "forall" | "(")
        })
    }

    /// The names in front of an `in`.
    fn binders_before(&self, at: usize) -> Vec<&'t str> {
        match at.checked_sub(1).map(|at| self.word(at)) {
            Some(")") => {
                let start = (0..at).rev().find(|at| self.word(*at) == "(").unwrap_or(at);
                self.words.get(start..at).unwrap_or_default().iter().filter(|word| is_name(word)).copied().collect()
            }
            Some(name) if is_name(name) => vec![name],
            Some(_) | None => Vec::new(),
        }
    }

    fn binders(&self) -> Vec<&'t str> {
        self.quantified().flat_map(|at| self.binders_before(at)).collect()
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '`')
}

fn bare(word: &str) -> &str {
    word.trim_matches('`')
}

fn innermost(words: &[&str]) -> Option<usize> {
    let mut open = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

struct List<'c> {
    compilation: &'c Compilation,
    index: &'c Index,
    place: &'c Place<'c>,
    found: Vec<Suggestion>,
}

impl List<'_> {
    fn fill(&mut self) {
        let (first, last, before) = (self.place.word(0), self.place.back(1), self.place.back(2));
        let heading = matches!(first, "column" | "label" | "predict");
        if self.place.words.is_empty() || self.place.first_on_line && !self.place.wants_more() {
            return self.words(vocabulary::DECLARATIONS);
        }
        match self.place.words.len() {
            // A new name.
            1 if first != "use" => return,
            _ => {}
        }
        match (self.place.bracket(), last) {
            _ if last == "use" => self.metrics(),
            ("", ":") if heading => self.words(vocabulary::TYPES),
            ("(", ":") if first == "metric" && self.place.open == Some(2) => self.words(vocabulary::KINDS),
            (_, "==" | "!=") => {
                self.levels_of(before);
                self.expressions();
            }
            ("{", "{" | ",") => self.in_braces(),
            ("[", "[" | ",") if self.is_table(self.place.before_bracket(1)) => {
                let table = self.place.before_bracket(1);
                self.table_levels(table);
                self.binders();
            }
            (_, "in") => self.domains(),
            ("(", "(") if matches!(self.place.before_bracket(1), "pairs" | "adjacent") => self.domains(),
            ("(", _) if self.in_options() => self.options(),
            ("(", "(" | "," | "=") if self.place.before_bracket(2) == "use" => self.arguments(),
            _ if heading || matches!(first, "weight" | "import") => {
                if self.place.open.is_none() {
                    self.some(vocabulary::WORDS, &["from", "in"]);
                }
            }
            ("", _) if first == "use" => self.some(vocabulary::WORDS, &["as"]),
            _ => self.expressions(),
        }
    }

    fn push(&mut self, label: &str, kind: SuggestionKind, detail: &str, doc: &str, snippet: Option<String>) {
        let text = match kind {
            SuggestionKind::Name(_) => written(label).unwrap_or_else(|| label.to_owned()),
            _ => label.to_owned(),
        };
        let (label, detail, doc) = (label.to_owned(), detail.to_owned(), doc.to_owned());
        self.found.push(Suggestion { label, kind, detail, doc, text, snippet });
    }

    fn words(&mut self, words: &[Word]) {
        words.iter().for_each(|word| self.vocabulary(word, SuggestionKind::Keyword));
    }

    fn some(&mut self, words: &[Word], which: &[&str]) {
        let chosen = words.iter().filter(|word| which.contains(&word.word));
        chosen.for_each(|word| self.vocabulary(word, SuggestionKind::Keyword));
    }

    fn vocabulary(&mut self, word: &Word, kind: SuggestionKind) {
        let snippet = (word.form != word.word).then(|| word.form.to_owned());
        self.push(word.word, kind, word.about, "", snippet);
    }

    fn definition(&mut self, definition: &Definition, detail: &str) {
        self.push(&definition.name, SuggestionKind::Name(definition.kind), detail, &definition.doc, None);
    }

    /// The declared names of these kinds.
    fn names(&mut self, kinds: &[DefinitionKind]) {
        let index = self.index;
        for definition in index.definitions.iter().filter(|definition| kinds.contains(&definition.kind)) {
            self.definition(definition, definition.kind.word());
        }
    }

    /// What has levels.
    fn categories(&mut self) {
        let index = self.index;
        for (at, definition) in index.definitions.iter().enumerate() {
            let has_levels = || index.levels(DefinitionId(at)).next().is_some();
            let shown = match definition.kind {
                DefinitionKind::Column | DefinitionKind::Label => has_levels(),
                DefinitionKind::Group => true,
                _ => false,
            };
            if shown {
                self.definition(definition, definition.kind.word());
            }
        }
    }

    fn named(&self, name: &str) -> Option<DefinitionId> {
        let declared = |definition: &Definition| match definition.kind {
            DefinitionKind::Level
            | DefinitionKind::Binder
            | DefinitionKind::Parameter
            | DefinitionKind::Metric
            | DefinitionKind::Alias
            | DefinitionKind::Constraint => false,
            DefinitionKind::Column
            | DefinitionKind::Label
            | DefinitionKind::Weight
            | DefinitionKind::Prediction
            | DefinitionKind::Param
            | DefinitionKind::Let
            | DefinitionKind::Event
            | DefinitionKind::Relation
            | DefinitionKind::Group => definition.name == bare(name),
        };
        self.index.definitions.iter().position(declared).map(DefinitionId)
    }

    /// The levels of what a word stands for: a column, a label, a group, or a binder over one of these.
    fn levels_of(&mut self, word: &str) {
        let name = self.place.domain_of(word).unwrap_or(word);
        let index = self.index;
        let levels = self.named(name).into_iter().flat_map(|owner| index.levels(owner));
        let levels: Vec<&Definition> = levels.filter_map(|level| index.get(level)).collect();
        let none = levels.is_empty();
        for level in levels {
            self.definition(level, &format!("level of {}", bare(name)));
        }
        let hir = &self.compilation.hir;
        let Some(group) = hir.groups.iter().find(|group| group.name == bare(name)).filter(|_| none) else { return };
        for level in &group.levels {
            let detail = format!("level of {}", group.name);
            let kind = SuggestionKind::Name(DefinitionKind::Level);
            self.push(&level.text, kind, &detail, "", None);
            if let (true, Some(last)) = (level.product, self.found.last_mut()) {
                last.text = level.text.replace('*', " * ");
            }
        }
    }

    fn in_braces(&mut self) {
        let (one, two, three) =
            (self.place.before_bracket(1), self.place.before_bracket(2), self.place.before_bracket(3));
        match one {
            "in" if two == "not" => self.levels_of(three),
            "in" => self.levels_of(two),
            "=" if self.place.word(0) == "param" => {
                let domain = self.place.word(3);
                self.levels_of(domain);
                self.push("otherwise", SuggestionKind::Keyword, "all levels that are not named", "", None);
            }
            "(" | "," | "=" => self.categories(),
            _ => {}
        }
    }

    fn is_table(&self, name: &str) -> bool {
        self.compilation.hir.tables.iter().any(|table| table.name == bare(name))
    }

    fn table_levels(&mut self, name: &str) {
        let Some(table) = self.compilation.hir.tables.iter().find(|table| table.name == bare(name)) else { return };
        for level in table.levels.iter() {
            self.push(
                &level.text,
                SuggestionKind::Name(DefinitionKind::Level),
                &format!("level of {}", table.name),
                "",
                None,
            );
            if let Some(last) = self.found.last_mut() {
                last.text = level.text.replace('*', ", ");
            }
        }
    }

    fn domains(&mut self) {
        self.categories();
        self.parameters();
        self.words(vocabulary::DOMAINS);
    }

    /// Whether the innermost bracket is that of the options of a constraint or a `use`.
    fn in_options(&self) -> bool {
        let Some(open) = self.place.open else { return false };
        match self.place.word(0) {
            "constraint" => open == 2,
            "use" => {
                let before = self.place.words.get(..open).unwrap_or_default();
                before.last() == Some(&")") || before.iter().rev().nth(1) == Some(&"as")
            }
            _ => false,
        }
    }

    fn options(&mut self) {
        if self.place.back(1) == "=" {
            for value in values(self.place.back(2)) {
                self.push(value, SuggestionKind::Value, "", "", None);
            }
            return;
        }
        let open = self.place.open.unwrap_or_default();
        let set = self.place.words.get(open..).unwrap_or_default();
        vocabulary::OPTIONS.iter().filter(|option| !set.contains(&option.word)).for_each(|option| {
            self.vocabulary(option, SuggestionKind::Option);
        });
    }

    fn metrics(&mut self) {
        for metric in signature::metrics(self.compilation) {
            let places = metric.metric.parameters.iter().enumerate();
            let required = places.filter(|(_, parameter)| parameter.default.is_none());
            let places = required.map(|(at, parameter)| format!("${{{}:{}}}", at + 1, parameter.name.text));
            let snippet = format!("{}({})", metric.name, places.collect::<Vec<_>>().join(", "));
            self.push(&metric.name, SuggestionKind::Metric, &metric.label, &metric.doc, Some(snippet));
        }
    }

    /// What may be passed for the parameter at hand, and the parameters by name.
    fn arguments(&mut self) {
        let site = signature::site_of(&self.place.words);
        let metric = site.as_ref().and_then(|site| signature::metric(self.compilation, &site.metric));
        let (Some(site), Some(metric)) = (site, metric) else { return self.expressions() };
        self.argument(&metric, &site);
        if self.place.back(1) == "=" {
            return;
        }
        let open = self.place.open.unwrap_or_default();
        let inside = self.place.words.get(open + 1..).unwrap_or_default();
        for (parameter, range) in metric.metric.parameters.iter().zip(&metric.parameters) {
            let name = &parameter.name.text;
            if !inside.windows(2).any(|pair| pair == [name.as_str(), "="]) {
                let detail = metric.label.get(range.clone()).unwrap_or_default().to_owned();
                let kind = SuggestionKind::Name(DefinitionKind::Parameter);
                self.push(name, kind, &detail, "", Some(format!("{name} = $1")));
            }
        }
    }

    fn argument(&mut self, metric: &Signature, site: &Site) {
        use DefinitionKind::{Column, Event, Label, Let, Param};
        match metric.active(site).and_then(|place| metric.accepts(place)) {
            Some(Accepts::Group(_)) => self.categories(),
            Some(Accepts::Label(_)) => self.names(&[Label]),
            Some(Accepts::Column) => self.names(&[Column, Label, Let]),
            Some(Accepts::Number(_)) => self.names(&[Param, Let]),
            Some(Accepts::Event) => self.names(&[Event, Column, Label]),
            Some(Accepts::LevelOf(other)) => {
                let of = metric.place(&other.text).and_then(|place| site.first_of(place, &other.text));
                self.levels_of(of.unwrap_or_default());
            }
            None => self.expressions(),
        }
    }

    fn binders(&mut self) {
        for binder in self.place.binders() {
            self.push(bare(binder), SuggestionKind::Name(DefinitionKind::Binder), "binder", "", None);
        }
    }

    /// The parameters of the metric that is being defined.
    fn parameters(&mut self) {
        if self.place.word(0) != "metric" {
            return;
        }
        let words = &self.place.words;
        let end = words.iter().position(|word| *word == ")").unwrap_or(words.len());
        for at in 2..end {
            if matches!(self.place.word(at), "(" | ",") && is_name(self.place.word(at + 1)) {
                let name = bare(self.place.word(at + 1));
                self.push(name, SuggestionKind::Name(DefinitionKind::Parameter), "parameter", "", None);
            }
        }
        self.push("prediction", SuggestionKind::Keyword, "the prediction of the spec", "", None);
    }

    fn expressions(&mut self) {
        use DefinitionKind::{Column, Event, Group, Label, Let, Param, Prediction};
        self.binders();
        self.parameters();
        self.names(&[Prediction, Column, Label, Param, Let, Event, Group]);
        vocabulary::AGGREGATES.iter().for_each(|word| self.vocabulary(word, SuggestionKind::Function));
        vocabulary::FUNCTIONS.iter().for_each(|word| self.vocabulary(word, SuggestionKind::Function));
        self.some(vocabulary::WORDS, &["forall", "each", "where", "in", "not", "and", "or"]);
    }
}
