//! What the checker refuses, and why. One variant per kind of mistake: message, code and help stand together.

use crate::diagnostic::{self, Code, Explained};

/// A finding of the checker.
pub type Finding = diagnostic::Finding<Kind>;

/// The kinds of findings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Kind {
    /// A name that no declaration, binder or level has.
    #[error("unknown {expected} `{name}`")]
    UnknownName { expected: &'static str, name: String, similar: Option<String> },
    /// A second declaration, level, parameter or binder of one name.
    #[error("{what} `{name}` is declared twice")]
    DuplicateName { what: &'static str, name: String },
    /// Two columns that read one header.
    #[error("header `{header}` is read by two columns")]
    DuplicateHeader { header: String },
    /// A text that is no level of the column or group it is compared with.
    #[error("`{level}` is no level of `{column}`")]
    UnknownLevel { level: String, column: String, levels: String, similar: Option<String> },
    /// A metric or function with too many or too few arguments.
    #[error("`{callee}` takes {expected}, but {found} given")]
    ArgumentCount { callee: String, expected: String, found: String, signature: String },
    /// An argument that the metric or function cannot use so.
    #[error("`{argument}` is {found}, but {callee} needs {expected} here")]
    ArgumentKind { argument: String, found: String, callee: String, expected: String, hint: Option<String> },
    /// A number that a parameter cannot be; `value` where it is not plain from the argument.
    #[error("`{argument}`{} is not {limits}, as `{parameter}` of `{callee}` must be", at(value))]
    ArgumentLimits {
        argument: String,
        value: Option<f64>,
        callee: String,
        parameter: String,
        limits: String,
        hint: Option<String>,
    },
    /// Two arguments, each of which fits the parameter of the other.
    #[error("`{first}` and `{second}` stand in each other's place in `{callee}`")]
    SwappedArguments { first: String, second: String, callee: String, mended: String },
    /// An argument without a name behind one with a name.
    #[error("`{argument}` has no name, but follows an argument that has one")]
    PositionAfterName { argument: String },
    /// A second argument for one parameter.
    #[error("`{name}` is given twice")]
    ArgumentTwice { name: String },
    /// A name that no parameter of the metric has.
    #[error("`{callee}` has no parameter `{name}`")]
    UnknownParameter { name: String, callee: String, similar: Option<String>, signature: String },
    /// A metric that says what predictions it is for.
    #[error("`{callee}` needs a prediction {needed}, but `{prediction}` may be anything in {range}")]
    PredictionBounds { callee: String, needed: String, prediction: String, range: String, declaration: String },
    /// A metric that leads back to itself.
    #[error("the metric `{name}` uses itself")]
    MetricCycle { name: String },
    /// The number of binders differs from what the domain gives.
    #[error("{binders} for a domain of {values}")]
    BinderCount { binders: String, values: String },
    /// Cut points of `bins` that do not ascend.
    #[error("the cut points of `bins` must ascend, but `{second}` follows `{first}`")]
    CutPoints { first: String, second: String },
    /// An event or group that is defined by itself.
    #[error("`{name}` is defined by itself")]
    DefinitionCycle { name: String },
    #[error("no prediction is declared")]
    NoPrediction { name: String },
    #[error("more than one prediction is declared")]
    ManyPredictions,
    /// An option that constraints do not have.
    #[error("unknown option `{name}`")]
    UnknownOption { name: String, similar: Option<String> },
    /// A value that the option cannot have.
    #[error("option `{name}` cannot be `{value}`")]
    OptionValue { name: String, value: String, expected: &'static str },
    /// `Sum(x)`, `mean(x)`.
    #[error("`{name}` is no function: aggregates stand in square brackets")]
    RoundAggregate { name: String, instead: String },
    /// A metric in an expression.
    #[error("the metric `{name}` is a whole constraint, and no number")]
    MetricAsNumber { name: String, instead: String },
    /// Levels that no column has, where binders are meant.
    #[error("`{name}` is no level of `{column}`, and no `forall` declares it")]
    ForgottenForall { name: String, column: String, quantifier: String },
    /// A per-sample value outside `E[..]` and its kin.
    #[error("`{text}` has one value per sample, but one value for the whole batch is needed")]
    SampleValue { text: String, numeric: bool },
    /// An aggregate inside another aggregate, an event or an `each`.
    #[error("`{text}` is one value for the whole batch, but one value per sample is needed {place}")]
    AggregateValue { text: String, place: &'static str },
    /// A level, event or number where something else belongs.
    #[error("`{text}` is {found}, but {expected} is needed")]
    WrongKind { text: String, found: String, expected: String, hint: Option<String> },
    /// A `where` of a `forall` that reads data.
    #[error("`{text}` is not known when the spec is compiled, so `where` cannot decide by it")]
    WhereReadsData { text: String },
    /// Two settings that exclude each other.
    #[error("{what}")]
    Conflict { what: String, hint: String },
    #[error("product of two predictions is not affine")]
    Product { left: String, right: String },
    #[error("{what} of the prediction is not affine")]
    Nonlinear { what: String, hint: String },
    #[error("the prediction decides who is in the event `{text}`")]
    PredictionInEvent { text: String, prediction: String, threshold: bool },
    #[error("the denominator `{text}` has no proven sign: the bounds allow {range}")]
    DenominatorSign { text: String, range: String, prediction: String },
    /// Convex where concave is needed, or the reverse.
    #[error("`{text}` is {found} in the prediction, but {needed} is needed here")]
    WrongCurvature { text: String, found: &'static str, needed: &'static str, hint: String },
    #[error("`{text}` is quadratic in the prediction")]
    Quadratic { text: String, hint: String },
    #[error("the factor `{factor}` has no proven sign, so `{text}` may be convex or concave")]
    FactorSign { factor: String, text: String },
    #[error("a constraint cannot use `{operator}`")]
    StrictComparison { operator: &'static str, instead: &'static str },
    #[error("the domain is empty")]
    EmptyDomain { reason: String },
    #[error("no value satisfies {what}")]
    EmptyInterval { what: String },
    #[error("`{text}` is always false")]
    AlwaysFalse { text: String },
    #[error("`{name} = {value}` lies outside its range [{lower}, {upper}]")]
    ParamOutOfRange { name: String, value: f64, lower: f64, upper: f64 },
    #[error("{what} expands to more than {limit} {unit}")]
    TooLarge { what: String, limit: usize, unit: &'static str },
    #[error("division by zero")]
    DivisionByZero,
    #[error("{what} `{name}` is never used")]
    Unused { what: &'static str, name: String },
    #[error("`{text}` holds for every prediction within its bounds")]
    Implied { text: String },
    #[error("`{constraint}` needs the label `{label}`, so it is not enforced at inference")]
    NeedsLabel { constraint: String, label: String },
    #[error("`{text}` is always true")]
    AlwaysTrue { text: String },
}

/// ` = 80`, for a value that the text does not show.
fn at(value: &Option<f64>) -> String {
    value.map_or(String::new(), |value| format!(" (= {value})"))
}

impl Explained for Kind {
    fn code(&self) -> Code {
        Code(match self {
            Kind::UnknownName { .. } | Kind::UnknownParameter { .. } => "E0201",
            Kind::RoundAggregate { .. } | Kind::MetricAsNumber { .. } => "E0201",
            Kind::DuplicateName { .. } | Kind::DuplicateHeader { .. } => "E0202",
            Kind::UnknownLevel { .. } | Kind::ForgottenForall { .. } => "E0203",
            Kind::ArgumentCount { .. } | Kind::ArgumentKind { .. } | Kind::ArgumentLimits { .. } => "E0204",
            Kind::SwappedArguments { .. } | Kind::PositionAfterName { .. } | Kind::ArgumentTwice { .. } => "E0204",
            Kind::BinderCount { .. } | Kind::CutPoints { .. } => "E0204",
            Kind::NoPrediction { .. } | Kind::ManyPredictions => "E0207",
            Kind::DefinitionCycle { .. } | Kind::MetricCycle { .. } => "E0208",
            Kind::UnknownOption { .. } => "E0209",
            Kind::OptionValue { .. } => "E0210",
            Kind::PredictionBounds { .. } => "E0212",
            Kind::SampleValue { .. } => "E0301",
            Kind::AggregateValue { .. } => "E0302",
            Kind::WrongKind { .. } => "E0303",
            Kind::WhereReadsData { .. } => "E0304",
            Kind::Conflict { .. } => "E0305",
            Kind::Product { .. } => "E0401",
            Kind::Nonlinear { .. } => "E0402",
            Kind::PredictionInEvent { .. } => "E0403",
            Kind::DenominatorSign { .. } => "E0404",
            Kind::WrongCurvature { .. } => "E0406",
            Kind::Quadratic { .. } => "E0407",
            Kind::FactorSign { .. } => "E0408",
            Kind::StrictComparison { .. } => "E0409",
            Kind::EmptyDomain { .. } => "E0501",
            Kind::EmptyInterval { .. } => "E0502",
            Kind::AlwaysFalse { .. } => "E0503",
            Kind::ParamOutOfRange { .. } => "E0504",
            Kind::TooLarge { .. } => "E0505",
            Kind::DivisionByZero => "E0506",
            Kind::Unused { .. } => "W0101",
            Kind::Implied { .. } => "W0102",
            Kind::NeedsLabel { .. } => "W0104",
            Kind::AlwaysTrue { .. } => "W0105",
        })
    }

    fn help(&self) -> Option<String> {
        super::help::help(self)
    }

    fn label(&self) -> String {
        match self {
            Kind::UnknownName { .. } => "not declared".into(),
            Kind::DuplicateName { .. } | Kind::DuplicateHeader { .. } => "declared again here".into(),
            Kind::UnknownLevel { .. } | Kind::ForgottenForall { .. } => "no such level".into(),
            Kind::RoundAggregate { instead, .. } => format!("write `{instead}`"),
            Kind::MetricAsNumber { .. } => "a metric".into(),
            Kind::ArgumentCount { found, .. } => found.clone(),
            Kind::ArgumentKind { found, .. } | Kind::WrongKind { found, .. } => found.clone(),
            Kind::ArgumentLimits { limits, .. } => format!("not {limits}"),
            Kind::SwappedArguments { .. } => "this".into(),
            Kind::PositionAfterName { .. } => "give it a name too".into(),
            Kind::ArgumentTwice { .. } => "given again here".into(),
            Kind::UnknownParameter { .. } => "no such parameter".into(),
            Kind::PredictionBounds { needed, .. } => format!("needs a prediction {needed}"),
            Kind::MetricCycle { .. } => "leads back to itself".into(),
            Kind::BinderCount { values, .. } => values.clone(),
            Kind::CutPoints { .. } => "does not ascend".into(),
            Kind::DefinitionCycle { .. } => "refers back to itself".into(),
            Kind::NoPrediction { .. } => "this needs a prediction".into(),
            Kind::ManyPredictions => "a second prediction".into(),
            Kind::UnknownOption { .. } => "no such option".into(),
            Kind::OptionValue { expected, .. } => format!("must be {expected}"),
            Kind::SampleValue { .. } => "one value per sample".into(),
            Kind::AggregateValue { .. } => "one value for the whole batch".into(),
            Kind::WhereReadsData { .. } => "known only with the data".into(),
            Kind::Conflict { .. } => "set here".into(),
            Kind::Product { .. } => "both factors depend on the prediction".into(),
            Kind::Nonlinear { .. } => "not affine in the prediction".into(),
            Kind::PredictionInEvent { .. } => "membership changes with the prediction".into(),
            Kind::DenominatorSign { .. } => "may be positive, zero or negative".into(),
            Kind::WrongCurvature { found, .. } => (*found).into(),
            Kind::Quadratic { .. } => "the prediction is multiplied by itself".into(),
            Kind::FactorSign { .. } => "sign unknown".into(),
            Kind::StrictComparison { instead, .. } => format!("use `{instead}`"),
            Kind::EmptyDomain { .. } => "no element".into(),
            Kind::EmptyInterval { .. } => "no value lies in it".into(),
            Kind::AlwaysFalse { .. } => "always false".into(),
            Kind::ParamOutOfRange { .. } => "outside the range".into(),
            Kind::TooLarge { .. } => "too large".into(),
            Kind::DivisionByZero => "is zero".into(),
            Kind::Unused { .. } => "never used".into(),
            Kind::Implied { .. } => "implied by the bounds".into(),
            Kind::NeedsLabel { .. } => "a label".into(),
            Kind::AlwaysTrue { .. } => "always true".into(),
        }
    }
}
