//! The words of the language, each with a line on what it does and a form to fill in.

/// A word; in its form `$1`, `${2:text}` are places to fill in, as editors have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub word: &'static str,
    pub form: &'static str,
    pub about: &'static str,
}

const fn word(word: &'static str, form: &'static str, about: &'static str) -> Word {
    Word { word, form, about }
}

/// What declarations begin with.
pub const DECLARATIONS: &[Word] = &[
    word("column", "column ${1:name}: ${2:real}", "a column of the data, known when a prediction is made"),
    word("label", "label ${1:name}: {${2:0, 1}}", "a column known only in training and in audits"),
    word("weight", "weight ${1:name}", "the weight of each sample"),
    word("predict", "predict ${1:score}: real in [${2:0}, ${3:1}]", "the prediction that is constrained"),
    word("param", "param ${1:eps} = ${2:5%} in [${3:0}, ${4:1}]", "a number that can be set when data are bound"),
    word("let", "let ${1:name} = ${2:expression}", "a name for an expression"),
    word("event", "event ${1:name} = ${2:condition}", "a name for a condition"),
    word("group", "group ${1:name} = ${2:bins(age, 25, 45)}", "a division of the samples into levels"),
    word(
        "relation",
        "relation ${1:name} from \"${2:pairs.csv}\": (${3:i}, ${4:j}) by ${5:id}",
        "pairs of samples, from a table of their own",
    ),
    word("constraint", "constraint ${1:name}: ${2:E[score]} <= ${3:limit}", "what predictions have to satisfy"),
    word(
        "metric",
        "metric ${1:name}(${2:attr: group, tol: number >= 0}) =\n    ${3:statement}",
        "a constraint with parameters",
    ),
    word("use", "use ${1:metric}(${2:arguments})", "a metric with arguments"),
    word("import", "import \"${1:file.fair}\"", "the declarations of another file"),
];

/// Words inside of declarations.
pub const WORDS: &[Word] = &[
    word("forall", "forall ${1:a} in ${2:domain}: ", "a constraint for each level of a domain"),
    word("each", "each: ", "a constraint on every sample"),
    word("where", "where ", "which of them take part"),
    word("in", "in ", "a domain, a set of levels, or a range"),
    word("not", "not ", "the samples outside of an event"),
    word("and", "and ", "both events"),
    word("or", "or ", "at least one of the events"),
    word("from", "from ", "the header in the data, where it differs from the name"),
    word("by", "by ", "the key that names the samples of a relation"),
    word("as", "as ", "the name of the constraint"),
];

/// Types of columns, labels and the prediction.
pub const TYPES: &[Word] = &[
    word("real", "real", "numbers"),
    word("int", "int", "whole numbers"),
    word("key", "key", "texts or numbers that name the samples, for relations"),
    word("{..}", "{${1:levels}}", "exactly these levels"),
];

/// Kinds of parameters.
pub const KINDS: &[Word] = &[
    word("group", "group", "a categorical column, a label or a group"),
    word("label", "label", "a label"),
    word("column", "column", "a column, or an expression of columns"),
    word("number", "number", "a number, a param, or an aggregate"),
    word("event", "event", "an event"),
    word("level", "level of ${1:attr}", "a level of what is passed for another parameter"),
];

pub const DOMAINS: &[Word] = &[
    word("pairs", "pairs(${1:domain})", "all pairs of two different levels, each once"),
    word("adjacent", "adjacent(${1:domain})", "each level with the next"),
];

pub const AGGREGATES: &[Word] = &[
    word("E", "E[${1:score} | ${2:condition}]", "the weighted mean"),
    word("Sum", "Sum[${1:score} | ${2:condition}]", "the weighted sum"),
    word("N", "N[${1:condition}]", "the weighted number of samples"),
    word("P", "P[${1:event} | ${2:given}]", "the share of an event among the samples of another"),
    word("Cov", "Cov[${1:score}, ${2:column}]", "the weighted covariance"),
    word("Var", "Var[${1:column}]", "the weighted variance"),
];

/// Functions and folds.
pub const FUNCTIONS: &[Word] = &[
    word("abs", "abs(${1:e})", "the absolute value, also written `|e|`"),
    word("max", "max(${1:a}, ${2:b})", "the largest of several; `max(a in D: e)` of those over a domain"),
    word("min", "min(${1:a}, ${2:b})", "the smallest of several; `min(a in D: e)` of those over a domain"),
    word("sum", "sum(${1:a} in ${2:domain}: ${3:e})", "the sum over a domain"),
    word("mean", "mean(${1:a} in ${2:domain}: ${3:e})", "the mean over a domain"),
    word("exp", "exp(${1:e})", "the exponential of data and params"),
    word("log", "log(${1:e})", "the natural logarithm of data and params"),
    word("sqrt", "sqrt(${1:e})", "the square root of data and params"),
    word("raw", "raw(${1:score})", "the prediction as it was handed in"),
    word("bins", "bins(${1:column}, ${2:25, 45})", "a number cut at ascending points"),
];

/// Options of constraints.
pub const OPTIONS: &[Word] = &[
    word("min_count", "min_count = ${1:30}", "rows that read an event of fewer samples are treated as empty"),
    word("when_empty", "when_empty = ${1|skip,error|}", "what happens to a row that reads an empty event"),
    word("soft", "soft = ${1:1}", "the row may be broken at this price for each unit"),
    word("enforce", "enforce = ${1|train,always|}", "where the rows hold: in training alone, or always"),
];

/// The values of an option that are words.
pub fn values(option: &str) -> &'static [&'static str] {
    match option {
        "when_empty" => &["skip", "error"],
        "enforce" => &["train", "always"],
        _ => &[],
    }
}

/// What is known of a word.
pub fn about(text: &str) -> Option<&'static Word> {
    let lists = [DECLARATIONS, WORDS, AGGREGATES, FUNCTIONS, OPTIONS, DOMAINS, TYPES];
    lists.into_iter().flatten().find(|word| word.word == text)
}
