//! Numbers for people.

pub use crate::language::words::thousands;

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
        fixed(value, 1)
    } else if size < 1e-3 {
        format!("{value:.6}")
    } else {
        format!("{value:.4}")
    }
}

/// So many decimals, thousands apart; very large and very small numbers as `short` has them.
pub fn fixed(value: f64, digits: usize) -> String {
    let size = value.abs();
    if !value.is_finite() || size >= 1e15 || size > 0.0 && size < 0.5 * 10_f64.powi(-(digits as i32)) && size < 1e-9 {
        return short(value);
    }
    let text = format!("{value:.digits$}");
    let negative = text.starts_with('-') && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let plain = text.trim_start_matches('-');
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{}{point}{fraction}", if negative { "-" } else { "" }, thousands(whole))
}

/// Three decimals, or as many as tell a value from its limits; fewer for large numbers.
pub fn apart(value: f64, limits: impl IntoIterator<Item = f64>) -> usize {
    const USUAL: usize = 3;
    const MOST: usize = 9;
    let limits: Vec<f64> = limits.into_iter().filter(|limit| *limit != value).collect();
    let size = limits.iter().fold(value.abs(), |most, limit| most.max(limit.abs()));
    let least = match size {
        size if size >= 1000.0 => 1,
        size if size > 0.0 && size < 1e-3 => 6,
        _ => USUAL,
    };
    let told = |digits: &usize| limits.iter().all(|limit| fixed(*limit, *digits) != fixed(value, *digits));
    (least..=MOST).find(told).unwrap_or(least)
}

/// `1,000`.
pub fn whole(count: usize) -> String {
    thousands(&count.to_string())
}

/// `1,000 samples`.
pub use crate::language::words::counted as many;

/// A number that someone wrote: no digits beyond those that it has, at most six.
pub fn plain(value: f64) -> String {
    let text = short(value);
    let exact = [format!("{value}"), format!("{value:e}")].into_iter().find(|exact| exact.len() <= text.len());
    exact.unwrap_or(text)
}

/// With more digits than a mean has, for what is compared with single scores: at most six, or as many as it has if these are fewer.
pub fn precise(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
    let exact = value.to_string();
    if exact.len() <= text.len() { exact } else { text }
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
        assert_eq!(texts, ["0", "-0.0747", "0.5000", "0.000432", "1.00e-9", "1,234.6", "3.00e8"]);
        assert_eq!([0.02, 0.8, 1.0 / 3.0, 900.0, 1e-9].map(plain), ["0.02", "0.8", "0.3333", "900", "1e-9"]);
    }

    #[test]
    fn decimals_tell_a_value_from_its_limit() {
        let shown = |value: f64, limit: f64| {
            let digits = apart(value, [limit]);
            [fixed(value, digits), fixed(limit, digits)]
        };
        assert_eq!(shown(-0.0798, -0.02), ["-0.080", "-0.020"]);
        assert_eq!(shown(0.020_04, 0.02), ["0.02004", "0.02000"]);
        assert_eq!(shown(0.02, 0.02), ["0.020", "0.020"]);
        assert_eq!(shown(12345.678, 9000.0), ["12,345.7", "9,000.0"]);
        assert_eq!([fixed(-0.0001, 2), fixed(1e6, 0), whole(48842)], ["0.00", "1,000,000", "48,842"]);
    }

    #[test]
    fn what_is_compared_with_scores_has_the_digits_that_count() {
        assert_eq!([0.515_500_000_000_000_1, 0.5, 1.0 / 3.0, 604.0].map(precise), ["0.5155", "0.5", "0.333333", "604"]);
        assert_eq!([1366.0, 674.5, -48842.0].map(short), ["1,366.0", "674.5000", "-48,842.0"]);
    }

    #[test]
    fn limits_read_as_comparisons() {
        let infinity = f64::INFINITY;
        let texts = [limit(-0.02, 0.02), limit(0.0, infinity), limit(-infinity, 0.5), limit(0.3, 0.3)];
        assert_eq!(texts, ["-0.02 .. 0.02", ">= 0", "<= 0.5", "= 0.3"]);
    }
}
