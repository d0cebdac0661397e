//! Rules of the grammar in words that a user knows.

use super::Rule;

/// Among these rules is an operand of an expression.
pub(super) fn is_operand(rules: &[Rule]) -> bool {
    rules
        .iter()
        .any(|rule| matches!(rule, Rule::expr | Rule::condition | Rule::statement | Rule::argument | Rule::logical_not))
}

/// "`,` or `]`", "an operator or the end of the declaration".
pub(super) fn in_words(rules: &[Rule]) -> String {
    let operand = is_operand(rules);
    let operator = rules.contains(&Rule::equal);
    let ty = rules.contains(&Rule::kw_real);
    let mut words: Vec<&'static str> = Vec::new();
    for phrase in
        rules.iter().filter_map(|&rule| word(rule, operand, operator)).filter(|phrase| !ty || *phrase != "`{`")
    {
        if !words.contains(&phrase) {
            words.push(phrase);
        }
    }
    // The end of the declaration comes last, as what happens when nothing else does.
    words.sort_by_key(|phrase| *phrase == "the end of the declaration");
    match words.as_slice() {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn is_operator(rule: Rule) -> bool {
    use Rule::*;
    matches!(
        rule,
        logical_or | logical_and | equal | not_equal | less | less_equal | greater | greater_equal | membership
    ) || matches!(rule, plus_minus | plus | minus | times | divide | power)
}

/// A rule in words; `None` for one that another rule of the same place stands for.
fn word(rule: Rule, operand: bool, operator: bool) -> Option<&'static str> {
    Some(match rule {
        Rule::EOI => "the end of the declaration",
        Rule::declaration => "a declaration",
        Rule::expr | Rule::condition | Rule::statement | Rule::argument | Rule::logical_not => "an expression",
        Rule::quantifier | Rule::each | Rule::kw_forall | Rule::kw_each | Rule::aggregate_kind if operand => {
            return None;
        }
        Rule::fold | Rule::fold_kind | Rule::indicator | Rule::open_bracket if operand => return None,
        Rule::number | Rule::infinity | Rule::operand | Rule::name | Rule::negate | Rule::open_paren | Rule::bar
            if operand =>
        {
            return None;
        }
        Rule::groups | Rule::cases | Rule::index | Rule::index_table | Rule::open_brace if operand => return None,
        Rule::field | Rule::field_of if operand => return None,
        Rule::of_group | Rule::of_label | Rule::of_column | Rule::of_number | Rule::of_event | Rule::of_level => {
            "a kind (`group`, `label`, `column`, `number`, `event` or `level of ..`)"
        }
        Rule::kw_group | Rule::kw_label | Rule::kw_column | Rule::kw_event | Rule::word_number | Rule::word_level => {
            "a kind (`group`, `label`, `column`, `number`, `event` or `level of ..`)"
        }
        Rule::word_otherwise | Rule::kw_use | Rule::call => return None,
        Rule::word_of => "`of`",
        Rule::parameter => "a name",
        Rule::limits => "`in` or a comparison",
        Rule::needs => "`where`",
        Rule::passed => "`(`",
        Rule::domain | Rule::domain_side | Rule::domain_group | Rule::pairs | Rule::kw_pairs | Rule::adjacent => {
            "values to run over"
        }
        Rule::word_adjacent => return None,
        Rule::entry | Rule::case => "a level",
        Rule::table => "`{`",
        Rule::table_domain => return None,
        Rule::operand => "a name",
        rule if operator && is_operator(rule) => "an operator",
        Rule::arguments | Rule::open_paren | Rule::kw_in | Rule::kw_not if operator => return None,
        Rule::plus | Rule::minus | Rule::power | Rule::divide | Rule::negate | Rule::sign => return None,
        Rule::times => "`*`",
        Rule::categorical | Rule::real | Rule::int | Rule::kw_real | Rule::kw_int => "a type (`{..}`, `real` or `int`)",
        Rule::key | Rule::word_key => return None,
        Rule::kw_by => "`by`",
        Rule::of_pairs | Rule::pairs_ahead => return None,
        Rule::level => "a level",
        Rule::name | Rule::binders => "a name",
        Rule::bound | Rule::number | Rule::infinity => "a number",
        Rule::string => "a path in double quotes",
        Rule::range | Rule::open_bracket => "`[`",
        Rule::set | Rule::open_brace => "`{`",
        Rule::options | Rule::option | Rule::parameters | Rule::arguments | Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::close_bracket => "`]`",
        Rule::close_brace => "`}`",
        Rule::bar => "`|`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::define => "`=`",
        Rule::dots => "`..`",
        Rule::nullable => "`?`",
        Rule::kw_in | Rule::membership => "`in`",
        Rule::kw_from => "`from`",
        Rule::kw_as => "`as`",
        Rule::kw_where | Rule::r#where => "`where`",
        Rule::quantifier | Rule::kw_forall => "`forall`",
        Rule::each | Rule::kw_each => "`each`",
        Rule::kw_not => "`not`",
        _ => return None,
    })
}

/// What to do where something else was expected, in a declaration with this keyword.
pub(super) fn help(rules: &[Rule], keyword: &str) -> &'static str {
    if is_operand(rules) {
        "a number, a name, `(..)`, `|..|`, a call or an aggregate such as `E[score | sex == female]` belongs here"
    } else if rules.contains(&Rule::equal) && rules.contains(&Rule::EOI) {
        "join the two with an operator, or begin a new declaration with its keyword"
    } else {
        example(keyword)
    }
}

/// How a declaration with this keyword is written.
fn example(keyword: &str) -> &'static str {
    match keyword {
        "column" => "a column looks like `column sex: {female, male}` or `column age: real in [0, 120]`",
        "label" => "a label looks like `label income: {0, 1}`",
        "weight" => "a weight looks like `weight w` or ``weight w from `sample-weight` ``",
        "predict" => "a prediction looks like `predict score: real in [0, 1]`",
        "param" => {
            "a param looks like `param eps = 0.02 in [0, 1]`, a table of them like `param tol[race] = {white: 2%, \
             otherwise: 5%}`"
        }
        "let" => "a name for an expression looks like `let loss = y - score`",
        "event" => "an event looks like `event senior = age >= 60 or hours < 20`",
        "group" => {
            "a group looks like `group sex_race = sex * race`, `group band = bins(age, 25, 45)` or \
             `group minority = {yes: race != white, no: otherwise}`"
        }
        "relation" => {
            "a relation looks like `relation near from \"pairs.csv\": (i, j) by id, distance: real in [0, inf]`"
        }
        "constraint" => {
            "a constraint looks like `constraint parity: |E[score | sex == a] - E[score | sex == b]| <= eps`"
        }
        "metric" => {
            "a metric looks like `metric gap(attr: group, tol: number >= 0 = 5%) = forall (a, b) in pairs(attr): ..`"
        }
        "use" => "a metric is used like `use demographic_parity(sex, eps) as parity`",
        "import" => "a file is imported like `import \"common.fair\"`",
        _ => "see the grammar in the documentation",
    }
}
