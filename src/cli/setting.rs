//! `--set eps=0.01`: values of params.

use std::collections::BTreeMap;

use super::input::{Content, Spec};
use super::stop::{Failure, Stop};
use crate::language::diagnostic::{Code, Diagnostic, Label};
use crate::language::program::Program;
use crate::language::syntax::ast;

/// One `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: String,
    pub value: f64,
}

/// Reads `eps=0.01` or `eps=1%`.
pub fn parse(text: &str) -> Result<Setting, String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write it as `NAME=VALUE`, for example `eps=0.01`".to_owned());
    };
    let (name, value) = (name.trim().trim_matches('`'), value.trim());
    let number = match value.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
        None => value.parse::<f64>(),
    };
    match number {
        Ok(number) if !number.is_nan() => Ok(Setting { name: name.to_owned(), value: number }),
        Ok(_) | Err(_) => Err(format!("`{value}` is not a number")),
    }
}

/// The settings by name; the last one of a name counts. Unknown names are refused.
pub fn known(settings: &[Setting], program: &Program) -> Result<BTreeMap<String, f64>, Stop> {
    let mut values = BTreeMap::new();
    for setting in settings {
        if program.param(&setting.name).is_none() {
            return Err(unknown(&setting.name, program).into());
        }
        values.insert(setting.name.clone(), setting.value);
    }
    Ok(values)
}

fn unknown(name: &str, program: &Program) -> Failure {
    let names: Vec<&str> = program.params.iter().map(|param| param.name.as_str()).collect();
    let similar = names
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 4)
        .min();
    let help = match (similar, &names[..]) {
        (Some((_, similar)), _) => format!("did you mean `{similar}`?"),
        (None, []) => "the spec declares no params".to_owned(),
        (None, names) => format!("the params are `{}`", names.join("`, `")),
    };
    Failure::new(format!("unknown param `{name}` in `--set`"), help)
}

/// E0504 for each setting outside the range of its param, at the declaration where there is a source.
pub fn out_of_range(values: &BTreeMap<String, f64>, program: &Program, spec: &Spec) -> Vec<Diagnostic> {
    let outside = program.params.iter().filter_map(|param| {
        let value = *values.get(&param.name)?;
        (value < param.range.lower || value > param.range.upper).then_some((param, value))
    });
    outside
        .map(|(param, value)| Diagnostic {
            code: Code("E0504"),
            message: format!(
                "`{} = {value}` lies outside its range [{}, {}]",
                param.name, param.range.lower, param.range.upper
            ),
            help: Some("choose another value in `--set`, or widen the range".to_owned()),
            labels: declaration(&param.name, spec).into_iter().collect(),
        })
        .collect()
}

fn declaration(name: &str, spec: &Spec) -> Option<Label> {
    let Content::Source(compilation) = &spec.content else { return None };
    let items = compilation.files.iter().flat_map(|(_, parsed)| &parsed.file.items);
    let param = items
        .filter_map(|item| match &item.kind {
            ast::ItemKind::Param(param) if param.name.text == name => Some(param),
            _ => None,
        })
        .next()?;
    let span = param.range.as_ref().map_or(param.name.span, |range| range.span);
    Some(Label { span, text: "the declared range".to_owned() })
}
