//! What the checker refuses, and why: each kind of mistake with its message, code, label and help.

use crate::diagnostic::{self, kinds};

/// A finding of the checker.
pub type Finding = diagnostic::Finding<Kind>;

kinds! {
    /// The kinds of findings.
    pub enum Kind {
        /// A name that no declaration, binder or level has.
        #[error("unknown {} `{name}`", if *expected == "param" { "name" } else { expected })]
        UnknownName { expected: &'static str, name: String, similar: Option<String>, hint: Option<String> } => "E0201",
            label: "not declared",
            help: hint.clone().or_else(|| meant(similar)).unwrap_or_else(|| declare(expected, name));

        /// A second declaration, level, parameter or binder of one name.
        #[error("{what} `{name}` is declared twice")]
        DuplicateName { what: &'static str, name: String } => "E0202",
            label: "declared again here",
            help: "give one of the two another name";

        /// Two columns that read one header.
        #[error("header `{header}` is read by two columns")]
        DuplicateHeader { header: String } => "E0202",
            label: "declared again here",
            help: "declare the column once and use its one name";

        /// A text that is no level of the column or group it is compared with.
        #[error("`{level}` is no level of `{column}`")]
        UnknownLevel {
            level: String,
            column: String,
            levels: String,
            similar: Option<String>,
            hint: Option<String>,
        } => "E0203",
            label: "no such level",
            help: hint.clone().or_else(|| meant(similar)).unwrap_or_else(|| format!("the levels of `{column}` are {levels}"));

        /// A metric or function with too many or too few arguments.
        #[error("`{callee}` takes {expected}, but {found} given")]
        ArgumentCount { callee: String, expected: String, found: String, signature: String } => "E0204",
            label: found,
            help: format!("write `{signature}`");

        /// An argument that the metric or function cannot use so.
        #[error("`{argument}` is {found}, but {callee} needs {expected} here")]
        ArgumentKind { argument: String, found: String, callee: String, expected: String, hint: Option<String> } => "E0204",
            label: found,
            help: hint.clone().unwrap_or_else(|| format!("pass {expected}"));

        /// A number that a parameter cannot be; `value` where it is not plain from the argument.
        #[error("`{argument}`{} is not {limits}, as `{parameter}` of `{callee}` must be", at(value))]
        ArgumentLimits {
            argument: String,
            value: Option<f64>,
            callee: String,
            parameter: String,
            limits: String,
            hint: Option<String>,
        } => "E0204",
            label: format!("not {limits}"),
            help: hint.clone().unwrap_or_else(|| format!("pass a number {limits}"));

        /// Two arguments, each of which fits the parameter of the other.
        #[error("`{first}` and `{second}` stand in each other's place in `{callee}`")]
        SwappedArguments { first: String, second: String, callee: String, mended: String } => "E0204",
            label: "this",
            help: format!("did you swap `{first}` and `{second}`? write `{mended}`");

        /// `use m(attr == sex)`.
        #[error("a `==` compares, and an argument is named with `=`")]
        NamedByComparison { instead: String } => "E0204",
            label: "names a parameter",
            help: format!("write `{instead}`");

        /// An argument without a name behind one with a name.
        #[error("`{argument}` has no name, but follows an argument that has one")]
        PositionAfterName { argument: String } => "E0204",
            label: "give it a name too",
            help: "put arguments without a name first";

        /// A second argument for one parameter.
        #[error("`{name}` is given twice")]
        ArgumentTwice { name: String } => "E0204",
            label: "given again here",
            help: "keep one of the two";

        /// A name that no parameter of the metric has.
        #[error("`{callee}` has no parameter `{name}`")]
        UnknownParameter { name: String, callee: String, similar: Option<String>, signature: String } => "E0201",
            label: "no such parameter",
            help: meant(similar).unwrap_or_else(|| format!("its parameters are those of `{signature}`"));

        /// A metric that says what predictions it is for.
        #[error("`{callee}` needs a prediction {needed}, but `{prediction}` may be anything in {range}")]
        PredictionBounds { callee: String, needed: String, prediction: String, range: String, declaration: String } => "E0212",
            label: format!("needs a prediction {needed}"),
            help: format!("declare `{declaration}`, and bring the predictions to that scale if they are on another");

        /// A metric that leads back to itself.
        #[error("the metric `{name}` uses itself")]
        MetricCycle { name: String } => "E0208",
            label: "leads back to itself",
            help: "a metric can use only metrics that do not use it";

        /// A table that leaves levels out.
        #[error("`{table}` has no value for {levels}")]
        MissingLevels { table: String, levels: String, added: String } => "E0213",
            label: "levels are missing",
            help: format!("add `{added}`, with the value that is meant");

        /// An `otherwise` that is not the last of its braces, or not the only one.
        #[error("`otherwise` stands {}", if *several { "there twice" } else { "before other levels" })]
        OtherwiseEarly { several: bool } => "E0213",
            label: if *several { "the first" } else { "not the last" },
            help: if *several { "keep one, as the last" } else { "put it last: it is for what the others leave" };

        /// `otherwise: no`.
        #[error("`otherwise` is an event, not a level")]
        OtherwiseLevel { instead: String } => "E0213",
            label: "the level stands first",
            help: format!("write `{instead}`");

        /// `mean[score]`; with a condition the parser finds it.
        #[error("there is no aggregate `{found}`")]
        ForeignAggregate { found: String, instead: &'static str } => "E0101",
            label: "no such aggregate",
            help: format!(
                "write `{instead}[..]` for `{found}[..]`: the aggregates are `E`, `Sum`, `N`, `P`, `Cov` and `Var`"
            );

        /// The number of binders differs from what the domain gives.
        #[error("{binders} for a domain of {values}")]
        BinderCount { binders: String, values: String, instead: Option<String> } => "E0204",
            label: values,
            help: instead.clone().unwrap_or_else(|| "write one binder for each value: `forall (a, b) in pairs(D)`".into());

        /// Cut points of `bins` that do not ascend.
        #[error("the cut points of `bins` must ascend, but `{second}` follows `{first}`")]
        CutPoints { first: String, second: String } => "E0204",
            label: "does not ascend",
            help: "write them in ascending order, each once";

        /// An event or group that is defined by itself.
        #[error("`{name}` is defined by itself")]
        DefinitionCycle { name: String, level_of: Option<String> } => "E0208",
            label: "refers back to itself",
            help: match level_of {
                Some(column) => format!("`{name}` is a level of `{column}` too: give the declaration another name"),
                None => "define it from columns and from names declared without it".into(),
            };

        #[error("no prediction is declared")]
        NoPrediction { name: String } => "E0207",
            label: "this needs a prediction",
            help: format!("declare one, for example `predict {name}: real in [0, 1]`");

        #[error("more than one prediction is declared")]
        ManyPredictions => "E0207",
            label: "a second prediction",
            help: "keep one `predict`; a spec constrains one number per sample";

        /// An option that constraints do not have.
        #[error("unknown option `{name}`")]
        UnknownOption { name: String, similar: Option<String> } => "E0209",
            label: "no such option",
            help: meant(similar).unwrap_or_else(|| "options are `min_count`, `when_empty`, `soft` and `enforce`".into());

        /// A value that the option cannot have.
        #[error("option `{name}` cannot be `{value}`")]
        OptionValue { name: String, value: String, expected: &'static str } => "E0210",
            label: format!("must be {expected}"),
            help: format!("give {expected}");

        /// `AVERAGEIF(..)`, `corr(..)`, `std[..]`.
        #[error("there is no `{name}` here")]
        Elsewhere { name: String, hint: &'static str } => "E0201",
            label: "of another language",
            help: *hint;

        /// `raw[score]`, `raw`.
        #[error("`raw` is a function of the prediction")]
        RawCall { instead: String } => "E0201",
            label: format!("write `{instead}`"),
            help: format!("write `{instead}`");

        /// `Sum(x)`, `mean(x)`.
        #[error("`{name}` is no function: aggregates stand in square brackets")]
        RoundAggregate { name: String, instead: String } => "E0201",
            label: format!("write `{instead}`"),
            help: format!("write `{instead}`");

        /// `I(race == black)`.
        #[error("`{name}` is no function: an event in square brackets is the number 0 or 1")]
        RoundIndicator { name: String, instead: String } => "E0201",
            label: format!("write `{instead}`"),
            help: format!("write `{instead}`");

        /// A metric in an expression.
        #[error("the metric `{name}` is a whole constraint, and no number")]
        MetricAsNumber { name: String, instead: String } => "E0201",
            label: "a metric",
            help: format!("a metric is used by a declaration of its own: `{instead}`");

        /// Levels that no column has, where binders are meant.
        #[error("`{name}` is no level of `{column}`, and no `forall` declares it")]
        ForgottenForall { name: String, column: String, quantifier: String } => "E0203",
            label: "no such level",
            help: format!("to run over the levels, write `{quantifier}:` in front of the comparison");

        /// A per-sample value outside `E[..]` and its kin.
        #[error("`{text}` has one value per sample, but one value for the whole batch is needed")]
        SampleValue { text: String, numeric: bool } => "E0301",
            label: "one value per sample",
            help: match numeric {
                true => format!("take its mean, `E[{text}]`, or constrain every sample with `each: ..`"),
                false => "use it inside an aggregate such as `E[..]` or `P[..]`".into(),
            };

        /// An aggregate inside another aggregate, an event or an `each`.
        #[error("`{text}` is one value for the whole batch, but one value per sample is needed {place}")]
        AggregateValue { text: String, place: &'static str } => "E0302",
            label: "one value for the whole batch",
            help: match *place {
                "under `each`" => {
                    "bound each sample by data or a param, and the aggregate of the prediction by a constraint of its own"
                }
                "in a row about pairs" => "use a param, or a column of the data or of the relation",
                "in an event" => "compare with a number or a param instead",
                _ => {
                    "take it out of the brackets, `E[a + E[b]]` is `E[a] + E[b]`; a covariance is `Cov[a, b]`"
                }
            };

        /// A level, event or number where something else belongs.
        #[error("`{text}` is {found}, but {expected} is needed")]
        WrongKind { text: String, found: String, expected: String, hint: Option<String> } => "E0303",
            label: found,
            help: hint.clone();

        /// A `where` of a `forall` that reads data.
        #[error("`{text}` is not known when the spec is compiled, so `where` cannot decide by it")]
        WhereReadsData { text: String } => "E0304",
            label: "known only with the data",
            help: "compare binders with binders, levels or numbers; conditions on data belong in the event, after the bar \
                   of `E[.. | ..]`";

        /// Two settings that exclude each other.
        #[error("{what}")]
        Conflict { what: String, hint: String } => "E0305",
            label: "set here",
            help: hint.clone();

        /// What a single sample has, in a row about pairs.
        #[error("`{text}` is of one sample, and a pair has two")]
        WhichSample { text: String, instead: Vec<String> } => "E0410",
            label: "of which sample?",
            help: match &instead[..] {
                [] => "write its condition out for the sample that is meant: `i.age >= 60`".to_owned(),
                [only] => format!("write `{only}`"),
                several => format!("write `{}`", several.join("` or `")),
            };

        #[error("product of two predictions is not affine")]
        Product { left: String, right: String } => "E0401",
            label: "both factors depend on the prediction",
            help: match left == right {
                true => format!("one factor must be data or a param: bound `{left}` itself instead of its square"),
                false => format!(
                    "one factor must be data or a param: bound `{left}` and `{right}` by constraints of their own"
                ),
            };

        #[error("{what} of the prediction is not affine")]
        Nonlinear { what: String, hint: String } => "E0402",
            label: "not affine in the prediction",
            help: hint.clone();

        #[error("the prediction decides who is in the event `{text}`")]
        PredictionInEvent { text: String, prediction: String, threshold: bool } => "E0403",
            label: "membership changes with the prediction",
            help: match threshold {
                true => format!(
                    "put the prediction before the bar and only data after it: `E[{prediction} | ..]`; `fairc decide` makes \
                     decisions of 0 or 1 whose shares it bounds"
                ),
                false => format!(
                    "condition on columns or labels: `E[{prediction} | sex == female]`; a reference score from the data \
                     can stand in for the prediction"
                ),
            };

        /// `[score >= 0.5]`.
        #[error("the prediction decides whether `{text}` is 0 or 1")]
        PredictionInIndicator { text: String, prediction: String } => "E0403",
            label: "jumps with the prediction",
            help: format!(
                "a bracket is for data: constrain the prediction itself, `E[{prediction} | ..]`; `fairc decide` makes \
                 decisions of 0 or 1 whose shares it bounds"
            );

        #[error("the denominator `{text}` has no proven sign: the bounds allow {range}")]
        DenominatorSign { text: String, range: String, prediction: String } => "E0404",
            label: "may be positive, zero or negative",
            help: format!(
                "declare bounds that prove the sign, for example `predict {prediction}: real in [0, 1]`, or compare with a \
                 product by hand"
            );

        /// Convex where concave is needed, or the reverse.
        #[error("`{text}` is {found} in the prediction, but {needed} is needed here")]
        WrongCurvature { text: String, found: &'static str, needed: &'static str, hint: String } => "E0406",
            label: found,
            help: hint.clone();

        #[error("`{text}` is quadratic in the prediction")]
        Quadratic { text: String, hint: String } => "E0407",
            label: "the prediction is multiplied by itself",
            help: hint.clone();

        #[error("the factor `{factor}` has no proven sign, so `{text}` may be convex or concave")]
        FactorSign { factor: String, text: String, hint: String } => "E0408",
            label: "sign unknown",
            help: hint.clone();

        #[error("a constraint cannot use `{operator}`")]
        StrictComparison { operator: &'static str, instead: &'static str } => "E0409",
            label: format!("use `{instead}`"),
            help: match *operator {
                "!=" => "a set with a hole is not convex: choose a side with `<=` or `>=`".into(),
                _ => format!("an open set has no closest point: use `{instead}`"),
            };

        #[error("the domain is empty")]
        EmptyDomain { reason: String } => "E0501",
            label: "no element",
            help: reason.clone();

        #[error("no value satisfies {what}")]
        EmptyInterval { what: String } => "E0502",
            label: "no value lies in it",
            help: "widen it, or swap the two sides";

        #[error("`{text}` is always false")]
        AlwaysFalse { text: String } => "E0503",
            label: "always false",
            help: "correct the numbers, or remove the constraint";

        #[error("`{name} = {value}` lies outside its range [{lower}, {upper}]")]
        ParamOutOfRange { name: String, value: f64, lower: f64, upper: f64 } => "E0504",
            label: "outside the range",
            help: "change the value or widen the range";

        #[error("{what} expands to more than {limit} {unit}")]
        TooLarge { what: String, limit: usize, unit: &'static str } => "E0505",
            label: "too large",
            help: "use fewer values (`bins` makes few of many), or split the spec";

        #[error("division by zero")]
        DivisionByZero => "E0506",
            label: "is zero",
            help: "divide by something that is not zero";

        #[error("{what} `{name}` is never used")]
        Unused { what: &'static str, name: String } => "W0101",
            label: "never used",
            help: "remove it, or use it in a constraint";

        #[error("`{text}` holds for every prediction within its bounds")]
        Implied { text: String } => "W0102",
            label: "implied by the bounds",
            help: match crate::words::percent_meant(text) {
                Some(number) => format!("if percent is meant, write `{number}%`; else tighten it, or remove it"),
                None => "tighten it, or remove it".to_owned(),
            };

        #[error("`{constraint}` needs the label `{label}`, so it is not enforced at inference")]
        NeedsLabel { constraint: String, label: String } => "W0104",
            label: "a label",
            help: "write `(enforce = train)` to say that you mean this";

        /// `bins(age, 10, 40)` of an `age` from 18 on.
        #[error("no `{value}` lies {side} {point}")]
        EmptyBin { value: String, side: &'static str, point: f64, lower: f64, upper: f64 } => "W0114",
            label: "one of its bins is empty",
            help: format!("`{value}` lies in [{lower}, {upper}]: leave this cut point out, or correct it");

        /// `label y: {0, 1} from income` beside `predict income: real in [0, 1]`.
        #[error("the prediction `{prediction}` is read from `{header}`, the column of the label `{label}`")]
        LabelPredicted { prediction: String, header: String, label: String } => "W0115",
            label: "what came true, not what was predicted",
            help: format!(
                "compared with itself a label is always right: name the column in which the model's predictions are, for \
                 example `predict {prediction}: real in [0, 1] from score`"
            );

        #[error("`{text}` is always true")]
        AlwaysTrue { text: String } => "W0105",
            label: "always true",
            help: "it constrains nothing: remove it, or mention the prediction";
    }
}

/// ` = 80`, for a value that the text does not show.
fn at(value: &Option<f64>) -> String {
    value.map_or(String::new(), |value| format!(" (= {value})"))
}

/// The name that was probably meant.
fn meant(similar: &Option<String>) -> Option<String> {
    similar.as_ref().map(|similar| format!("did you mean `{similar}`?"))
}

/// How a name comes to be known.
fn declare(expected: &str, name: &str) -> String {
    match expected {
        "metric" => "`fairc std` lists the metrics that ship with the compiler".into(),
        "group" => format!("declare `column {name}: {{..}}` or `group {name} = ..`"),
        "label" => format!("declare it, for example `label {name}: {{0, 1}}`"),
        "table" => format!("declare `param {name}[..] = {{..}}`, with a value for each level"),
        "function" => "functions are `abs`, `max`, `min`, `exp`, `log`, `sqrt` and, in a group, `bins`".into(),
        "key" => format!("declare the column whose values name the samples: `column {name}: key`"),
        "relation" => format!("declare it: `relation {name} from \"pairs.csv\": (i, j) by id`"),
        "parameter" => "name a parameter of this metric".into(),
        "param" => format!("declare it: `param {name} = 5%`"),
        "domain" => format!("declare `column {name}: {{..}}` or write the values: `{{a, b}}`"),
        _ => format!("declare it, for example `column {name}: real`"),
    }
}
