//! Pieces of sentences that every room needs: lists, and the name that was probably meant.

/// `a`, `b` and 3 more, each in backticks.
pub fn listed(names: impl IntoIterator<Item: AsRef<str>, IntoIter: ExactSizeIterator>, most: usize) -> String {
    let names = names.into_iter();
    let more = names.len().saturating_sub(most);
    let shown: Vec<String> = names.take(most).map(|name| format!("`{}`", name.as_ref())).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The text of a level of a product. Parts that could be taken for several are quoted, so that only equal lists of parts have
/// equal texts; what is a product already has its parts joined.
pub fn product_text<'t>(parts: impl IntoIterator<Item = (bool, &'t str)>) -> String {
    let text = |(product, text): (bool, &str)| match !product && text.contains(['*', '`']) {
        true => format!("`{}`", text.replace('`', "``")),
        false => text.to_owned(),
    };
    parts.into_iter().map(text).collect::<Vec<_>>().join("*")
}

/// Functions, which have round brackets.
pub(crate) const FUNCTIONS: [&str; 8] = ["abs", "max", "min", "exp", "log", "sqrt", "raw", "bins"];

/// Whether this is what a null is called elsewhere.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "null" | "NULL" | "None" | "none" | "NA" | "nan" | "NaN" | "missing")
}

/// What statistics that the language does not have are called elsewhere, in small letters.
pub(crate) const CORRELATIONS: [&str; 5] = ["corr", "correlation", "cor", "pearson", "pearsonr"];
pub(crate) const DEVIATIONS: [&str; 7] = ["std", "sd", "stddev", "stdev", "stdev_s", "sigma", "stddev_pop"];
pub(crate) const RANKS: [&str; 6] = ["median", "quantile", "quantiles", "percentile", "mode", "rank"];
pub(crate) const DIVERGENCES: [&str; 14] = [
    "kl",
    "kl_div",
    "kl_divergence",
    "js",
    "jsd",
    "js_divergence",
    "mi",
    "mutual_information",
    "mutual_info",
    "mutualinformation",
    "information_gain",
    "entropy",
    "cross_entropy",
    "divergence",
];

/// What can be done instead of a statistic that the language does not have.
pub(crate) fn other_statistic(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        name if CORRELATIONS.contains(&name) => Some(
            "a correlation divides by the spread of the prediction, which is not affine: bound the covariance, \
             `|Cov[score, age]| <= eps`",
        ),
        name if DEVIATIONS.contains(&name) || matches!(name, "rmse" | "mse") => Some(
            "a spread of the prediction is not affine: bound means and covariances of it, or every prediction by `each: ..`",
        ),
        name if RANKS.contains(&name) => Some(
            "the order of predictions is not affine: bound means of it, `E[score | sex == female]`, or every prediction by \
             `each: ..`",
        ),
        name if DIVERGENCES.contains(&name) => Some(
            "entropies, divergences and mutual information of predictions have no linear rows: bound the means that they compare, \
             `|E[score | a] - E[score | b]| <= eps`, or their ratio, `E[score | a] / E[score | b] >= 80%`",
        ),
        "auc" | "roc_auc" | "accuracy" | "f1" | "precision" | "recall" | "tpr" | "fpr" | "tnr" | "fnr" => Some(
            "rates of decisions are means within a class, `E[score | y == 1, sex == female]`, and the library has metrics of \
             them: `fairc std`",
        ),
        "norm" | "sign" | "round" | "floor" | "ceil" | "log10" | "log2" | "tanh" | "sigmoid" | "softmax" => {
            Some("functions are `abs`, `max`, `min`, and of data and params also `exp`, `log` and `sqrt`")
        }
        _ => None,
    }
}

/// `1 binder`, `3 binders`.
pub fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(&number.to_string()), if number == 1 { "" } else { "s" })
}

/// The digits of a whole number in threes.
pub fn thousands(digits: &str) -> String {
    let count = digits.len();
    let mut out = String::with_capacity(count + count / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (count - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The closest of the known names, if it is close enough to be a slip of the pen: one letter in three. Case is no
/// difference. A name of one letter is near to nothing else, and one of two only to a longer one.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.trim().to_lowercase();
    let length = lower.chars().count();
    let far = match length {
        0 | 1 => 0,
        2 => 1,
        length => length / 3,
    };
    let slip = |distance: usize, candidate: &str| distance <= far && (length != 2 || candidate.chars().count() != 2);
    known
        .into_iter()
        // Every letter more or less is one step, and only what is near enough is worth measuring.
        .filter(|candidate| candidate.chars().take(length + far + 1).count().abs_diff(length) <= far)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| (*distance == 0 || slip(*distance, candidate)) && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The limit of a comparison, where it may be meant in percent.
pub(crate) fn percent_meant(text: &str) -> Option<&str> {
    let limit = text.rsplit("<= ").next()?.trim();
    let number: f64 = limit.parse().ok()?;
    (limit.len() < text.len() && number > 1.0 && number <= 100.0).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_near() {
        let known = ["score", "sex", "race", "g"];
        assert_eq!(nearest("Scoer", known), Some("score"));
        assert_eq!(nearest("sez", known), Some("sex"));
        assert_eq!(nearest("salary", known), None);
        assert_eq!(nearest("sx", known), Some("sex"));
        // A letter is near to every other.
        assert_eq!(nearest("h", known), None);
        assert_eq!(nearest("G", known), Some("g"));
        // What is there already is not meant.
        assert_eq!(nearest("sex", known), None);
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(["a", "b"], 2), "`a`, `b`");
        assert_eq!(listed(["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
