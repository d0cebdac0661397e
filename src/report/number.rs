//! Numbers for people.

/// Four decimals, or as many as the size asks for.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !value.is_finite() {
        value.to_string()
    } else if !(1e-4..1e7).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 1000.0 {
        format!("{value:.1}")
    } else if size < 1e-3 {
        format!("{value:.6}")
    } else {
        format!("{value:.4}")
    }
}

/// A number that someone wrote: no digits beyond those that it has, at most six.
pub fn plain(value: f64) -> String {
    let text = short(value);
    let exact = [format!("{value}"), format!("{value:e}")].into_iter().find(|exact| exact.len() <= text.len());
    exact.unwrap_or(text)
}

/// `-0.02 .. 0.02`, `<= 0.5`, `>= 0`, `= 0.3`.
pub fn limit(lower: f64, upper: f64) -> String {
    match (lower.is_finite(), upper.is_finite()) {
        (true, true) if lower == upper => format!("= {}", plain(lower)),
        (true, true) => format!("{} .. {}", plain(lower), plain(upper)),
        (true, false) => format!(">= {}", plain(lower)),
        (false, true) => format!("<= {}", plain(upper)),
        (false, false) => "none".to_owned(),
    }
}

/// The limit of a row that could be compared.
pub fn sides(value: Option<f64>, lower: Option<f64>, upper: Option<f64>) -> String {
    match value {
        Some(_) => limit(lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)),
        None => "–".to_owned(),
    }
}

/// `between -0.02 and 0.02`, `at most 0.5`, `at least 0`, `exactly 0.3`.
pub fn limit_in_words(lower: Option<f64>, upper: Option<f64>) -> String {
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower == upper => format!("exactly {}", plain(lower)),
        (Some(lower), Some(upper)) => format!("between {} and {}", plain(lower), plain(upper)),
        (Some(lower), None) => format!("at least {}", plain(lower)),
        (None, Some(upper)) => format!("at most {}", plain(upper)),
        (None, None) => "anything".to_owned(),
    }
}

/// Without what linear programming adds to round numbers.
pub fn rounded(value: f64) -> f64 {
    let scaled = (value * 1e9).round() / 1e9 + 0.0;
    if (scaled - value).abs() <= 1e-9 * value.abs().max(1e-3) { scaled } else { value }
}

/// `the row holds`, `all 3 rows hold`, `2 of 3 rows hold`.
pub fn holding(count: usize, of: usize) -> String {
    match (count, of) {
        (1, 1) => "the row holds".to_owned(),
        (0, 1) => "the row is violated".to_owned(),
        (count, of) if count == of => format!("all {of} rows hold"),
        (count, of) => format!("{count} of {of} rows hold"),
    }
}

/// `None` where JSON has no number.
pub fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_size() {
        let texts = [0.0, -0.07471, 0.5, 0.000_432_1, 1e-9, 1234.56, 3e8].map(short);
        assert_eq!(texts, ["0", "-0.0747", "0.5000", "0.000432", "1.00e-9", "1234.6", "3.00e8"]);
        assert_eq!([0.02, 0.8, 1.0 / 3.0, 900.0, 1e-9].map(plain), ["0.02", "0.8", "0.3333", "900", "1e-9"]);
    }

    #[test]
    fn limits_read_as_comparisons() {
        let infinity = f64::INFINITY;
        let texts = [limit(-0.02, 0.02), limit(0.0, infinity), limit(-infinity, 0.5), limit(0.3, 0.3)];
        assert_eq!(texts, ["-0.02 .. 0.02", ">= 0", "<= 0.5", "= 0.3"]);
    }
}
