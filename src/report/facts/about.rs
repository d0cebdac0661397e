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
/// taken for that of the last argument of a metric. Inside an expression a value would read as that of the expression
/// (`2 * eps = 0.02`): there the words stay, and the values stand at the end, as they do of params that no word names.
fn filled(words: &str, text: &str, params: &[ParamFacts]) -> String {
    let mut out = words.to_owned();
    let mut left = Vec::new();
    let unknown = backticked(words).filter(|name| params.iter().all(|param| param.name != *name));
    if let (Some(name), Some(argument)) = (unknown, argument(text, params)) {
        out = out.replacen(&format!("`{name}`"), argument, 1);
    }
    for param in params.iter().filter(|param| places(text, &param.name).chain(places(words, &param.name)).count() > 0) {
        let told = format!("{} = {}", param.name, param.value);
        let limit = places(&out, &param.name).find(|&(start, end)| {
            let around = out.get(..start).zip(out.get(end..));
            around.is_some_and(|(before, after)| is_limit(before, after))
        });
        match limit {
            Some((start, end)) => out.replace_range(start..end, &told),
            None => left.push(told),
        }
    }
    if left.is_empty() { out } else { format!("{out} ({})", left.join(", ")) }
}

/// The one name in backticks.
fn backticked(words: &str) -> Option<&str> {
    let mut names = words.split('`').skip(1).step_by(2);
    names.next().filter(|first| first.chars().all(of_name) && names.all(|other| other == *first))
}

/// The last argument of `metric(a, b, 2%)`: a number, or what is made of numbers and params.
fn argument<'a>(text: &'a str, params: &[ParamFacts]) -> Option<&'a str> {
    let inside = text.trim().strip_suffix(')')?.split_once('(')?.1;
    let last = inside.rsplit(',').next()?;
    let last = last.rsplit('=').next()?.trim();
    let mut pieces = last.split(|c| !of_name(c)).filter(|piece| !piece.is_empty());
    let known =
        |piece: &str| piece.starts_with(|c: char| c.is_ascii_digit()) || params.iter().any(|param| param.name == piece);
    Some(last).filter(|last| !last.is_empty() && !last.contains(['(', ')']) && pieces.all(known))
}

fn of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a word stands by itself, with the backticks round it.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let alone = |(start, _): (usize, &str)| {
        let end = start + word.len();
        let (before, after) = (text.get(..start)?, text.get(end..)?);
        let joined = before.ends_with(of_name) || after.starts_with(of_name);
        let quoted = before.ends_with('`') && after.starts_with('`');
        (!joined).then_some(if quoted { (start - 1, end + 1) } else { (start, end) })
    };
    text.match_indices(word).filter_map(alone)
}

/// Whether what stands between these is a limit by itself, and no part of an expression.
fn is_limit(before: &str, after: &str) -> bool {
    const LIMITS: [&str; 9] = ["within", "at most", "at least", "by", "below", "above", "<=", ">=", "=="];
    let before = before.trim_end().to_lowercase();
    let after = after.trim_start();
    let named = |word: &&str| {
        before.strip_suffix(*word).is_some_and(|rest| !word.starts_with(of_name) || !rest.ends_with(of_name))
    };
    let multiplied = before.ends_with("multiplied by") || before.ends_with("divided by");
    let ended = after.chars().next().is_none_or(|c| c.is_alphabetic() || ".,;:".contains(c));
    LIMITS.iter().any(named) && !multiplied && ended
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
        assert_eq!(of("|a - b| <= eps", "|a - b| <= eps"), "|a - b| <= eps = 0.02");
        assert_eq!(of("Means within `eps` of all", "|a - b| <= eps"), "Means within eps = 0.02 of all");
    }

    #[test]
    fn values_stand_in_no_expression() {
        let param = |name: &str, value| ParamFacts { name: name.to_owned(), value, default: value };
        let params = [param("meps", 0.05), param("eps", 0.05)];
        let of = |words: &str, text: &str| filled(words, text, &params);
        for text in [
            "|a - b| <= 2 * eps",
            "|a - b| <= 2*eps",
            "|a - b| <= eps / 2",
            "a >= (1 - eps) * b",
            "a <= 0.01 + eps",
            "0.1 <= eps * a <= 2",
            "-eps * b <= a",
            "At most 2*eps apart",
            "Differ by at most twice eps",
            "Twice `eps`, not more",
            "At most eps^2 apart",
            "Multiplied by eps",
        ] {
            assert_eq!(of(text, text), format!("{text} (eps = 0.05)"));
        }
        assert_eq!(of("-eps <= a - b <= eps", ""), "-eps <= a - b <= eps = 0.05");
        assert_eq!(of("a <= meps and b <= eps", ""), "a <= meps = 0.05 and b <= eps = 0.05");
        // What a metric is called with.
        assert_eq!(of("At most `tol` apart", "parity(sex, 2 * eps)"), "At most 2 * eps apart (eps = 0.05)");
        assert_eq!(of("At most twice `tol` apart", "parity(sex, eps)"), "At most twice eps apart (eps = 0.05)");
        assert_eq!(of("At most `2 * tol` apart", "parity(sex, 5%)"), "At most `2 * tol` apart");
        assert_eq!(of("At most `tol` apart", "parity(sex, income)"), "At most `tol` apart");
        assert_eq!(of("At most `tol` apart", "parity(sex, max(eps, 1%))"), "At most `tol` apart (eps = 0.05)");
    }
}
