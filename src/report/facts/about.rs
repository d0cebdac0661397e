//! What the one who asks for an audit says of it, and the params that it was made with.

use serde::Serialize;

use crate::bind::Params;
use crate::language::program::{Origin, Program};
use crate::report::words::first_sentence;

/// The head of a report, as it was given.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    pub title: Option<String>,
    pub model: Option<String>,
    pub model_version: Option<String>,
    /// The time that the data are of.
    pub period: Option<String>,
    /// The people that the data are of.
    pub population: Option<String>,
    pub auditor: Option<String>,
}

impl About {
    /// What was given but the title, under names for people.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("model", &self.model),
            ("model version", &self.model_version),
            ("period", &self.period),
            ("population", &self.population),
            ("auditor", &self.auditor),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}

/// A param of the spec.
#[derive(Clone, Debug, Serialize)]
pub struct ParamFacts {
    pub name: String,
    pub value: f64,
    /// That of the spec.
    pub default: f64,
}

/// All params of a program.
pub fn params(program: &Program, params: &Params) -> Vec<ParamFacts> {
    let both = program.params.iter().zip(params.values());
    both.map(|(param, &value)| ParamFacts { name: param.name.clone(), value, default: param.value }).collect()
}

/// All params in words: `eps = 0.01 (the spec has 0.02)`.
pub(in crate::report) fn params_in_words(params: &[ParamFacts]) -> String {
    let params = params.iter().map(|param| match param.value == param.default {
        true => format!("{} = {}", param.name, param.value),
        false => format!("{} = {} (the spec has {})", param.name, param.value, param.default),
    });
    let params: Vec<String> = params.collect();
    if params.is_empty() { "none".to_owned() } else { params.join(", ") }
}

/// A promise in its own words: the first sentence of its doc comment, else the comparison as written.
pub(super) fn words(origin: &Origin) -> String {
    let doc = first_sentence(&origin.doc);
    if doc.is_empty() { origin.text.clone() } else { doc }
}

/// The same with the values of params.
pub(in crate::report) fn sentence(origin: &Origin, params: &[ParamFacts]) -> String {
    filled(&words(origin), &origin.text, params)
}

/// The words of a promise with the values of params: `within eps` as `within eps = 0.02`. A name in backticks that is no param is
/// taken for that of the last argument of a metric; what no word names stands at the end.
fn filled(words: &str, text: &str, params: &[ParamFacts]) -> String {
    let value = |param: &ParamFacts| format!("{} = {}", param.name, param.value);
    let mut out = words.to_owned();
    let mut left = Vec::new();
    let argument = argument(text);
    let unknown = backticked(words).filter(|name| params.iter().all(|param| param.name != *name));
    if let (Some(name), Some(argument)) = (unknown, argument) {
        let argument = params.iter().find(|param| param.name == argument).map_or(argument.to_owned(), value);
        out = out.replacen(&format!("`{name}`"), &argument, 1);
    }
    for param in params.iter().filter(|param| names(text, &param.name) || names(words, &param.name)) {
        let told = value(param);
        if out.contains(&told) {
            continue;
        }
        match place(&out, &param.name) {
            Some((start, end)) => out.replace_range(start..end, &told),
            None => left.push(told),
        }
    }
    if left.is_empty() { out } else { format!("{out} ({})", left.join(", ")) }
}

/// The one name in backticks.
fn backticked(words: &str) -> Option<&str> {
    let mut names = words.split('`').skip(1).step_by(2);
    names.next().filter(|first| names.all(|other| other == *first))
}

/// The last argument of `metric(a, b, 2%)`: a number, or a name.
fn argument(text: &str) -> Option<&str> {
    let inside = text.trim().strip_suffix(')')?.split_once('(')?.1;
    let last = inside.rsplit(',').next()?;
    let last = last.rsplit('=').next()?.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.%-".contains(c);
    Some(last).filter(|last| !last.is_empty() && last.chars().all(plain))
}

/// Where a word stands by itself, with the backticks round it.
fn place(text: &str, word: &str) -> Option<(usize, usize)> {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (start, end) =
        text.match_indices(word).map(|(start, _)| (start, start + word.len())).find(|&(start, end)| {
            let (before, after) = (text.get(..start), text.get(end..));
            !part(before.and_then(|text| text.chars().next_back())) && !part(after.and_then(|text| text.chars().next()))
        })?;
    let quoted = text.get(..start)?.ends_with('`') && text.get(end..)?.starts_with('`');
    Some(if quoted { (start - 1, end + 1) } else { (start, end) })
}

fn names(text: &str, word: &str) -> bool {
    place(text, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_are_filled_in() {
        let params = [ParamFacts { name: "eps".to_owned(), value: 0.02, default: 0.02 }];
        let of = |words: &str, text: &str| filled(words, text, &params);
        assert_eq!(of("Equal means, within eps", "|a - b| <= eps"), "Equal means, within eps = 0.02");
        assert_eq!(of("At most `tol` apart", "parity(sex, eps)"), "At most eps = 0.02 apart");
        assert_eq!(of("At least `least` times", "ratio(sex, 80%)"), "At least 80% times");
        assert_eq!(of("Equal means", "|a - b| <= eps"), "Equal means (eps = 0.02)");
        assert_eq!(of("Steps of two", "|a - b| <= 1"), "Steps of two");
    }
}
