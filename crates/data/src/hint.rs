//! What a header says about a table in which a column is missing.

/// The mark that probably separates the columns of a table whose whole header was read as one name.
pub fn undivided(columns: &[String]) -> Option<char> {
    let [only] = columns else { return None };
    [';', '\t', '|', ','].into_iter().find(|mark| only.contains(*mark))
}

/// What is probably wrong with a table of these columns, and what to do about it; none if nothing catches the eye.
pub fn header_hint(columns: &[String]) -> Option<String> {
    if let (Some(only), Some(mark)) = (columns.first(), undivided(columns)) {
        let mark = if mark == '\t' { "\\t".to_owned() } else { mark.to_string() };
        return Some(format!(
            "the whole header is one name, `{only}`: name what separates its columns, `--delimiter '{mark}'`"
        ));
    }
    let is_number = |name: &String| name.trim().parse::<f64>().is_ok_and(f64::is_finite);
    let numbered = columns.iter().zip(1..).all(|(name, place)| *name == place.to_string());
    match columns.iter().find(|name| is_number(name)) {
        Some(number) if !numbered => Some(format!(
            "the first line has the number `{number}`: if it is no header, give the names, `--header NAME,..`, or call \
             the columns `1`, `2`, .. with `--no-header`"
        )),
        _ => None,
    }
}

/// The first of the columns, for people.
pub(super) fn list_columns(known: &[String]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<String> = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > SHOWN { format!(" and {} more", known.len() - SHOWN) } else { String::new() };
    format!("its columns are {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_looked_at() {
        let hint = |names: &[&str]| header_hint(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert!(hint(&["a;b"]).is_some_and(|text| text.contains("--delimiter ';'")));
        assert!(hint(&["a\tb"]).is_some_and(|text| text.contains("--delimiter '\\t'")));
        assert!(hint(&["39", "male", "0.5"]).is_some_and(|text| text.contains("--no-header")));
        assert_eq!((hint(&["1", "2"]), hint(&["a", "b;c"]), hint(&["nan", "b"]), hint(&[])), (None, None, None, None));
    }
}
