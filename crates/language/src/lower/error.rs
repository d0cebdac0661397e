//! What only the canonical rows can show: empty domains, sums of ratios, intervals without a value, repeated rows.

use crate::diagnostic::{self, kinds};

/// A finding of the lowering.
pub type Finding = diagnostic::Finding<Kind>;

kinds! {
    pub enum Kind {
        /// Two ratios with different denominators, or a ratio and a prediction, in one sum or comparison.
        #[error("{what} is not affine")]
        RatioSum { what: &'static str } => "E0405",
            label: "the denominators differ",
            help: "bound each ratio by a number of its own, `a / b >= 80%`, or compare means instead of ratios: \
                   `|a - c| <= eps`";

        /// `E[|age - E[age]| * score]`.
        #[error("`{text}` takes an aggregate through a function of every sample")]
        NestedAggregate { text: String } => "E0302",
            label: "an aggregate inside a function of samples",
            help: "among what samples have an aggregate may be added, subtracted and multiplied; beside columns in `|..|`, `max`, \
                   `min`, a divisor, a root or a logarithm let a param stand for it: `param centre = 40`";

        /// A quantifier whose `where` leaves nothing.
        #[error("the domain is empty: no values satisfy the `where`")]
        EmptyDomain => "E0501",
            label: "no element",
            help: "loosen the `where`, or remove the quantifier";

        /// A level of a group from events that no sample can be in.
        #[error("no sample is in `{level}`")]
        NoCase { level: String, empty: bool } => "W0114",
            label: if *empty { "its event never holds" } else { "the levels before it take all of it" },
            help: if *empty { "correct its event" } else { "put it before them, or make their events narrower" };

        /// An `otherwise` behind levels that take all samples.
        #[error("no sample is left for `{level}`")]
        NoRest { level: String } => "W0114",
            label: "with this one the levels take every sample",
            help: format!("remove `{level}`, or make the events before it narrower");

        /// Rows all of which condition on an event that never holds.
        #[error("no sample can be in a condition of `{text}`")]
        Nobody { text: String, levels: bool } => "W0114",
            label: "compares nothing",
            help: if *levels {
                "of two levels of one column a sample has one: join conditions by `or`, or list levels, `race in {white, black}`"
            } else {
                "what its condition asks for excludes itself, or lies outside the declared range: correct the numbers, or join \
                 conditions by `or`"
            };

        /// A condition that every sample satisfies.
        #[error("the condition of `{text}` holds for every sample")]
        Everybody { text: String } => "W0105",
            label: "always true",
            help: "it leaves nobody out: remove it, or correct it";

        /// A sum over a label beside one that counts samples without it.
        #[error("samples without `{label}` count in one sum of `{text}` and not in the other")]
        Unlabelled { text: String, label: String } => "W0116",
            label: "counts them as if their label were another",
            help: format!(
                "name the labels after the bar of the other sum too, as in `Sum[.. | .., {label} in {{0, 1}}]`; or fill them in, and \
                 declare `{label}` without `?`"
            );

        /// A level of a group from events that lists what one before it takes.
        #[error("`{level}` leaves `{}` to `{first}`", levels.join("`, `"))]
        SharedCase { level: String, first: String, levels: Vec<String> } => "W0114",
            label: "also listed here",
            help: format!("a sample is in the first level whose event holds: leave them out of `{level}` or of `{first}`");

        /// A fold whose `where` leaves nothing.
        #[error("`{fold}` of nothing: no values satisfy the `where`")]
        EmptyFold { fold: &'static str } => "E0501",
            label: "no element",
            help: "loosen the `where`, or leave these values out of the `forall` around it";

        /// Rows under `each` that go by cases of an indicator.
        #[error("`{option}` on an `each` constraint whose indicators tell its samples apart")]
        SharedEach { option: &'static str } => "E0305",
            label: "a row for each case",
            help: format!("write a constraint for each case, `each where ..`, and give each its own `{option}`");

        /// Numeric sides of a row that exclude each other.
        #[error("no value satisfies both sides: the lower is {lower}, the upper {upper}")]
        EmptyInterval { lower: f64, upper: f64 } => "E0502",
            label: "no value lies between",
            help: "widen one of the sides, or swap them";

        /// A row without prediction that does not hold.
        #[error("`{text}` is always false{place}")]
        AlwaysFalse { text: String, place: String } => "E0503",
            label: "always false",
            help: "correct the numbers, or exclude the case with `where`";

        #[error("the spec expands to more than {limit} {unit}")]
        TooLarge { limit: usize, unit: &'static str } => "E0505",
            label: "too large",
            help: "use fewer levels, or split the spec";

        /// A constraint all of whose rows are without prediction and hold.
        #[error("`{text}` is always true")]
        AlwaysTrue { text: String } => "W0105",
            label: "always true",
            help: "it constrains nothing: remove it, or mention the prediction";

        /// Rows that no predictions within the bounds can break.
        #[error("`{text}` holds for every prediction within its bounds")]
        Implied { text: String } => "W0102",
            label: "implied by the bounds",
            help: match crate::words::percent_meant(text) {
                Some(number) => format!("if percent is meant, write `{number}%`; else tighten it, or remove it"),
                None => "tighten it, or remove it".to_owned(),
            };

        #[error("`{name}` gives the same row as `{first}`")]
        SameRow { name: String, first: String } => "W0103",
            label: "adds nothing",
            help: remove(name);

        #[error("`{name}` bounds the same quantity as `{first}`, which is tighter")]
        LooserRow { name: String, first: String } => "W0103",
            label: "adds nothing",
            help: remove(name);

        /// Some rows of a constraint that has others too.
        #[error("{} nothing to `{first}`, which {}", adds(rows), if *same { "bounds the same quantity" } else { "is tighter" })]
        IdleRows { name: String, rows: Vec<String>, first: String, same: bool } => "W0103",
            label: "some of its rows add nothing",
            help: format!(
                "keep `{name}`, which bounds other quantities too; if more was meant here, make it tighter, else leave these \
                 out of it with `where`"
            );

        /// The same at the defaults of the params, with a param that may be meant in percent.
        #[error("`{text}` holds for every prediction within its bounds as long as {}", at(params))]
        ImpliedAtDefaults { text: String, params: Vec<(String, f64)>, percent: Option<(String, f64)> } => "W0111",
            label: "constrains nothing",
            help: match percent {
                Some((name, value)) if name.ends_with(']') => {
                    format!("if percent is meant, give `{name}` the value {value}%; else make it tighter")
                }
                Some((name, value)) => {
                    format!("if percent is meant, declare `param {name} = {value}%`; else make it tighter")
                }
                None => "give the param a value that excludes something".into(),
            };

        /// Rows without prediction, which the data decide.
        #[error("`{text}` does not read the prediction")]
        DataAlone { text: String } => "W0112",
            label: "data and params alone",
            help: "no prediction can make it hold or break it: constrain a mean of the prediction, `E[.. | ..]`, or check the \
                   data elsewhere";

        /// Rows that only the end `only` of the bounds satisfies, or nothing.
        #[error("{} satisfies `{text}`", survivors(*only))]
        Absurd { text: String, only: Option<f64> } => "W0113",
            label: "more than predictions can do",
            help: "two groups cannot each lie above the other: for a ratio that holds both ways give a number of at most 1, \
                   such as 80%";
    }
}

impl Kind {
    /// Whether it says of a condition that it holds for none or for all.
    pub fn judges_conditions(&self) -> bool {
        matches!(self, Kind::Nobody { .. } | Kind::Everybody { .. })
    }
}

fn remove(name: &str) -> String {
    format!("remove `{name}`: all that it bounds is bounded as tightly without it")
}

/// `` `all[v=a]` adds ``.
fn adds(rows: &[String]) -> String {
    const MOST: usize = 3;
    let listed: Vec<String> = rows.iter().take(MOST).map(|row| format!("`{row}`")).collect();
    match (rows.len(), rows.len().saturating_sub(MOST)) {
        (1, _) => format!("{} adds", listed.join("")),
        (_, 0) => format!("{} add", listed.join(" and ")),
        (_, more) => format!("{} and {more} more rows add", listed.join(", ")),
    }
}

/// `eps` is 5 and `k` is 1.
fn at(params: &[(String, f64)]) -> String {
    const MOST: usize = 4;
    let mut words: Vec<String> = params.iter().take(MOST).map(|(name, value)| format!("`{name}` is {value}")).collect();
    match params.len().saturating_sub(MOST) {
        0 => {}
        more => words.push(format!("{more} more are as declared")),
    }
    words.join(" and ")
}

fn survivors(only: Option<f64>) -> String {
    only.map_or("no prediction within its bounds".into(), |value| {
        format!("only a prediction that is {value} for everyone in a group")
    })
}
