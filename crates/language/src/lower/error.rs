//! What only the canonical rows can show: empty domains, sums of ratios, intervals without a value, repeated rows.

use crate::diagnostic::{self, Code, Explained};

/// A finding of the lowering.
pub type Finding = diagnostic::Finding<Kind>;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Kind {
    /// Two ratios with different denominators, or a ratio and a prediction, in one sum or comparison.
    #[error("{what} is not affine")]
    RatioSum { what: &'static str },
    /// A quantifier whose `where` leaves nothing.
    #[error("the domain is empty: no values satisfy the `where`")]
    EmptyDomain,
    /// Numeric sides of a row that exclude each other.
    #[error("no value satisfies both sides: the lower is {lower}, the upper {upper}")]
    EmptyInterval { lower: f64, upper: f64 },
    /// A row without prediction that does not hold.
    #[error("`{text}` is always false{place}")]
    AlwaysFalse { text: String, place: String },
    /// A constraint all of whose rows are without prediction and hold.
    #[error("`{text}` is always true")]
    AlwaysTrue { text: String },
    /// Rows that no predictions within the bounds can break.
    #[error("`{text}` holds for every prediction within its bounds")]
    Implied { text: String },
    /// The same at the defaults of the params, with a param that may be meant in percent.
    #[error("`{text}` holds for every prediction within its bounds as long as {}", at(params))]
    ImpliedAtDefaults { text: String, params: Vec<(String, f64)>, percent: Option<(String, f64)> },
    /// Rows without prediction, which the data decide.
    #[error("`{text}` does not read the prediction")]
    DataAlone { text: String },
    /// Rows that only the end `only` of the bounds satisfies, or nothing.
    #[error("{} satisfies `{text}`", survivors(*only))]
    Absurd { text: String, only: Option<f64> },
    #[error("the spec expands to more than {limit} {unit}")]
    TooLarge { limit: usize, unit: &'static str },
    #[error("`{name}` gives the same row as `{first}`")]
    SameRow { name: String, first: String },
    #[error("`{name}` bounds the same quantity as `{first}`, which is tighter")]
    LooserRow { name: String, first: String },
    /// Some rows of a constraint that has others too.
    #[error("{} nothing to `{first}`, which {}", adds(rows), if *same { "bounds the same quantity" } else { "is tighter" })]
    IdleRows { name: String, rows: Vec<String>, first: String, same: bool },
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
    params.iter().map(|(name, value)| format!("`{name}` is {value}")).collect::<Vec<_>>().join(" and ")
}

fn survivors(only: Option<f64>) -> String {
    only.map_or("no prediction within its bounds".into(), |value| {
        format!("only a prediction that is {value} for everyone in a group")
    })
}

impl Explained for Kind {
    fn code(&self) -> Code {
        Code(match self {
            Kind::RatioSum { .. } => "E0405",
            Kind::EmptyDomain => "E0501",
            Kind::EmptyInterval { .. } => "E0502",
            Kind::AlwaysFalse { .. } => "E0503",
            Kind::TooLarge { .. } => "E0505",
            Kind::SameRow { .. } | Kind::LooserRow { .. } | Kind::IdleRows { .. } => "W0103",
            Kind::AlwaysTrue { .. } => "W0105",
            Kind::Implied { .. } => "W0102",
            Kind::ImpliedAtDefaults { .. } => "W0111",
            Kind::DataAlone { .. } => "W0112",
            Kind::Absurd { .. } => "W0113",
        })
    }

    fn label(&self) -> String {
        let text = match self {
            Kind::RatioSum { .. } => "the denominators differ",
            Kind::EmptyDomain => "no element",
            Kind::EmptyInterval { .. } => "no value lies between",
            Kind::AlwaysFalse { .. } => "always false",
            Kind::TooLarge { .. } => "too large",
            Kind::SameRow { .. } | Kind::LooserRow { .. } => "adds nothing",
            Kind::IdleRows { .. } => "some of its rows add nothing",
            Kind::AlwaysTrue { .. } => "always true",
            Kind::Implied { .. } => "implied by the bounds",
            Kind::ImpliedAtDefaults { .. } => "constrains nothing",
            Kind::DataAlone { .. } => "data and params alone",
            Kind::Absurd { .. } => "more than predictions can do",
        };
        text.to_string()
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Kind::RatioSum { .. } => {
                "bound each ratio by a number of its own, `a / b >= 80%`, or compare means instead of ratios: \
                 `|a - c| <= eps`"
            }
            Kind::EmptyDomain => "loosen the `where`, or remove the quantifier",
            Kind::EmptyInterval { .. } => "widen one of the sides, or swap them",
            Kind::AlwaysFalse { .. } => "correct the numbers, or exclude the case with `where`",
            Kind::TooLarge { .. } => "use fewer levels, or split the spec",
            Kind::SameRow { name, .. } | Kind::LooserRow { name, .. } => {
                return Some(format!("remove `{name}`: all that it bounds is bounded as tightly without it"));
            }
            Kind::IdleRows { name, .. } => {
                return Some(format!(
                    "keep `{name}`, which bounds other quantities too; if more was meant here, make it tighter, else \
                     leave these out of it with `where`"
                ));
            }
            Kind::AlwaysTrue { .. } => "it constrains nothing: remove it, or mention the prediction",
            Kind::Implied { .. } => "tighten it, or remove it",
            Kind::ImpliedAtDefaults { percent: Some((name, value)), .. } => {
                return Some(format!("if percent is meant, declare `param {name} = {value}%`; else make it tighter"));
            }
            Kind::ImpliedAtDefaults { .. } => "give the param a value that excludes something",
            Kind::DataAlone { .. } => {
                "no prediction can make it hold or break it: constrain a mean of the prediction, `E[.. | ..]`, or \
                 check the data elsewhere"
            }
            Kind::Absurd { .. } => {
                "two groups cannot each lie above the other: for a ratio that holds both ways give a number of at most \
                 1, such as 80%"
            }
        };
        Some(text.to_string())
    }
}
