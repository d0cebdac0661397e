//! `--set eps=0.01`: values of params.

use crate::bind::{BindError, Params};
use crate::language::program::Program;

/// One `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: String,
    pub value: f64,
}

/// Reads `eps=0.01` or `eps=1%`.
pub fn parse(text: &str) -> Result<Setting, String> {
    let Some((name, value)) = text.rsplit_once('=') else {
        return Err("write it as `NAME=VALUE`, for example `eps=0.01`".to_owned());
    };
    Ok(Setting { name: name_of(name), value: number(value)? })
}

/// A name without backticks: of `tol[black]` those of the table and those of the level.
pub fn name_of(text: &str) -> String {
    let bare = |text: &str| text.trim().trim_matches('`').to_owned();
    match text.trim().strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((table, level)) if !table.trim().is_empty() && !level.contains('`') => {
            let parts: Vec<&str> = level.split('*').map(str::trim).collect();
            format!("{}[{}]", bare(table), parts.join("*"))
        }
        Some((table, level)) if !table.trim().is_empty() => format!("{}[{}]", bare(table), bare(level)),
        _ => bare(text),
    }
}

/// A number, perhaps in percent.
pub fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse::<f64>(),
    };
    number.ok().filter(|number| !number.is_nan()).ok_or_else(|| format!("`{text}` is not a number"))
}

/// The values of the params with these settings. An unknown name is a mistake in the arguments, as is one that is set twice, and a
/// value outside its range is E0504.
pub fn params(settings: &[Setting], program: &Program) -> Result<Params, Vec<BindError>> {
    let twice = settings.iter().enumerate().find_map(|(place, Setting { name, value: second })| {
        let first = settings.iter().take(place).find(|other| other.name == *name)?.value;
        Some(BindError::SetTwice { name: name.clone(), first, second: *second })
    });
    if let Some(twice) = twice {
        return Err(vec![twice]);
    }
    Params::resolve(program, &pairs(settings))
}

/// Names and values.
pub fn pairs(settings: &[Setting]) -> Vec<(String, f64)> {
    settings.iter().map(|setting| (setting.name.clone(), setting.value)).collect()
}

/// `eps = 0.01`, for reports.
pub fn words(settings: &[Setting]) -> Vec<String> {
    settings.iter().map(|setting| format!("{} = {}", setting.name, setting.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_names_and_numbers() {
        let parsed = parse("eps = 5%").map(|setting| (setting.name, setting.value));
        assert_eq!(parsed, Ok(("eps".to_owned(), 0.05)));
        assert_eq!(parse("eps=abc"), Err("`abc` is not a number".to_owned()));
        let name = |text: &str| parse(text).map(|setting| setting.name);
        for entry in ["tol[black]=4%", " tol [ black ] = 4%", "`tol`[`black`]=4%", "`tol[black]`=4%"] {
            assert_eq!(name(entry), Ok("tol[black]".to_owned()), "{entry}");
        }
        assert_eq!(name("tol[[25,45)]=1"), Ok("tol[[25,45)]".to_owned()));
        assert_eq!(name("tol[`[25,45)`]=1"), Ok("tol[[25,45)]".to_owned()));
        assert_eq!(name("tol[yes * female]=1"), Ok("tol[yes*female]".to_owned()));
        assert_eq!(name("tol[a=b]=1"), Ok("tol[a=b]".to_owned()));
        assert!(parse("eps=nan").is_err() && parse("eps").is_err());
    }
}
