//! How to mend each kind of finding: the help texts, apart from the messages only for length.

use super::error::Kind;

/// How to mend it.
pub(super) fn help(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::UnknownName { similar: Some(similar), .. } | Kind::UnknownOption { similar: Some(similar), .. } => {
            format!("did you mean `{similar}`?")
        }
        Kind::UnknownName { expected, name, .. } => match *expected {
            "metric" => "`fairc std` lists the metrics that ship with the compiler".into(),
            "group" => format!("declare `column {name}: {{..}}` or `group {name} = ..`"),
            "function" => "functions are `abs`, `max`, `min`, `exp`, `log`, `sqrt` and, in a group, `bins`".into(),
            "parameter" => "name a parameter of this metric".into(),
            "domain" => format!("declare `column {name}: {{..}}` or write the values: `{{a, b}}`"),
            _ => format!("declare it, for example `column {name}: real`"),
        },
        Kind::UnknownOption { .. } => "options are `min_count`, `when_empty`, `soft` and `enforce`".into(),
        Kind::DuplicateName { .. } => "give one of the two another name".into(),
        Kind::DuplicateHeader { .. } => "declare the column once and use its one name".into(),
        Kind::RoundAggregate { instead, .. } => format!("write `{instead}`"),
        Kind::MetricAsNumber { instead, .. } => format!("a metric is used by a declaration of its own: `{instead}`"),
        Kind::ForgottenForall { quantifier, .. } => {
            format!("to run over the levels, write `{quantifier}:` in front of the comparison")
        }
        Kind::UnknownLevel { similar: Some(similar), .. } => format!("did you mean `{similar}`?"),
        Kind::UnknownLevel { levels, column, .. } => {
            format!("the levels of `{column}` are {levels}")
        }
        Kind::ArgumentCount { signature, .. } => format!("write `{signature}`"),
        Kind::ArgumentKind { hint: Some(hint), .. } | Kind::ArgumentLimits { hint: Some(hint), .. } => hint.clone(),
        Kind::ArgumentKind { expected, .. } => format!("pass {expected}"),
        Kind::ArgumentLimits { limits, .. } => format!("pass a number {limits}"),
        Kind::SwappedArguments { first, second, mended, .. } => {
            format!("did you swap `{first}` and `{second}`? write `{mended}`")
        }
        Kind::PositionAfterName { .. } => "put arguments without a name first".into(),
        Kind::ArgumentTwice { .. } => "keep one of the two".into(),
        Kind::UnknownParameter { similar: Some(similar), .. } => format!("did you mean `{similar}`?"),
        Kind::UnknownParameter { signature, .. } => format!("its parameters are those of `{signature}`"),
        Kind::PredictionBounds { declaration, .. } => {
            format!("declare `{declaration}`, and bring the predictions to that scale if they are on another")
        }
        Kind::MetricCycle { .. } => "a metric can use only metrics that do not use it".into(),
        Kind::BinderCount { .. } => "write one binder for each value: `forall (a, b) in pairs(D)`".into(),
        Kind::CutPoints { .. } => "write them in ascending order, each once".into(),
        Kind::DefinitionCycle { .. } => "define it from columns and from names declared without it".into(),
        Kind::NoPrediction { name } => format!("declare one, for example `predict {name}: real in [0, 1]`"),
        Kind::ManyPredictions => "keep one `predict`; a spec constrains one number per sample".into(),
        Kind::OptionValue { expected, .. } => format!("give {expected}"),
        Kind::SampleValue { text, numeric: true } => {
            format!("take its mean, `E[{text}]`, or constrain every sample with `each: ..`")
        }
        Kind::SampleValue { .. } => "use it inside an aggregate such as `E[..]` or `P[..]`".into(),
        Kind::AggregateValue { place, .. } => match *place {
            "under `each`" => "leave out `each`, or use the per-sample value itself".into(),
            "in an event" => "compare with a number or a param instead".into(),
            _ => "take it out of the brackets: an aggregate of an aggregate is the aggregate itself".into(),
        },
        Kind::WrongKind { hint, .. } => return hint.clone(),
        Kind::WhereReadsData { .. } => "compare binders with binders, levels or numbers; conditions on data belong \
                                            in the event, behind the bar of `E[.. | ..]`"
            .into(),
        Kind::Conflict { hint, .. } => hint.clone(),
        Kind::Product { left, right } if left == right => {
            format!("one factor must be data or a param: bound `{left}` itself instead of its square")
        }
        Kind::Product { left, right } => {
            format!("one factor must be data or a param: bound `{left}` and `{right}` by constraints of their own")
        }
        Kind::Nonlinear { hint, .. } | Kind::WrongCurvature { hint, .. } | Kind::Quadratic { hint, .. } => hint.clone(),
        Kind::PredictionInEvent { prediction, threshold: true, .. } => format!(
            "put the prediction before the bar and only data behind it: compare mean scores, \
                 `E[{prediction} | ..]`, instead of thresholded decisions"
        ),
        Kind::PredictionInEvent { prediction, .. } => format!(
            "condition on columns or labels: `E[{prediction} | sex == female]`; a reference score from the data \
                 can stand in for the prediction"
        ),
        Kind::DenominatorSign { prediction, .. } => format!(
            "declare bounds that prove the sign, for example `predict {prediction}: real in [0, 1]`, or compare with a \
             product by hand"
        ),
        Kind::FactorSign { factor, .. } => {
            format!("give `{factor}` a range that proves its sign, for example `in [0, 1]`")
        }
        Kind::StrictComparison { operator: "!=", .. } => {
            "a set with a hole is not convex: choose a side with `<=` or `>=`".into()
        }
        Kind::StrictComparison { instead, .. } => {
            format!("an open set has no closest point: use `{instead}`")
        }
        Kind::EmptyDomain { reason } => reason.clone(),
        Kind::EmptyInterval { .. } => "widen it, or swap the two sides".into(),
        Kind::AlwaysFalse { .. } => "correct the numbers, or remove the constraint".into(),
        Kind::ParamOutOfRange { .. } => "change the value or widen the range".into(),
        Kind::TooLarge { .. } => "use fewer values (`bins` makes few of many), or split the spec".into(),
        Kind::DivisionByZero => "divide by something that is not zero".into(),
        Kind::Unused { .. } => "remove it, or use it in a constraint".into(),
        Kind::Implied { .. } => "tighten it, or remove it".into(),
        Kind::NeedsLabel { .. } => "write `(enforce = train)` to say that you mean this".into(),
        Kind::AlwaysTrue { .. } => "it constrains nothing: remove it, or mention the prediction".into(),
    })
}

/// `a, b, c` in backticks, shortened where long.
pub fn list<'i>(items: impl ExactSizeIterator<Item = &'i str>) -> String {
    const SHOWN: usize = 8;
    let count = items.len();
    let mut text = items.take(SHOWN).map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ");
    if count > SHOWN {
        text.push_str(&format!(" and {} more", count - SHOWN));
    }
    text
}
