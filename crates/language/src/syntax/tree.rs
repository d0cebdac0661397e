//! The tree as text, one S-expression for each declaration: what `--emit ast` prints and what tests compare.
//!
//! Everything but the spans is shown, so two files with the same text here differ only in layout and comments.

use std::fmt::Write;

use super::ast::{
    Accepts, AggregateKind, Argument, ArgumentValue, Call, Case, Column, Comparison, Condition, Constraint, Domain,
    DomainKind, Entry, Expr, ExprKind, File, GroupValue, Item, ItemKind, Level, Limits, Metric, MetricBody, Name,
    OptionSetting, ParamValue, Parameter, ProductOp, Quantifier, Range, Statement, SumOp, Type, Use,
};
use super::error::is_plain_name;

/// The declarations of a file, one below the other.
pub fn tree(file: &File) -> String {
    let mut text = String::new();
    for item in &file.items {
        for line in item.doc.lines() {
            text.push_str(format!("## {line}").trim_end());
            text.push('\n');
        }
        text.push_str(&declaration(item));
        text.push('\n');
    }
    text
}

fn declaration(item: &Item) -> String {
    match &item.kind {
        ItemKind::Column(it) => column("column", it),
        ItemKind::Label(it) => column("label", it),
        ItemKind::Predict(it) => column("predict", it),
        ItemKind::Weight(it) => format!("(weight {}{})", name(&it.name), from(it.from.as_ref())),
        ItemKind::Param(it) => {
            let range = it.range.as_ref().map_or(String::new(), |it| format!(" {}", range(it)));
            match &it.value {
                ParamValue::One(value) => format!("(param {} {}{range})", name(&it.name), value.value),
                ParamValue::Table(table) => {
                    let entries = spaced(&table.entries, entry);
                    format!("(param-table {} {} {entries}{range})", name(&it.name), spaced(&table.domains, name))
                }
            }
        }
        ItemKind::Let(it) => format!("(let {} {})", name(&it.name), expr(&it.value)),
        ItemKind::Event(it) => format!("(event {} {})", name(&it.name), condition(&it.condition)),
        ItemKind::Group(it) => match &it.value {
            GroupValue::Expr(value) => format!("(group {} {})", name(&it.name), expr(value)),
            GroupValue::Cases(cases) => format!("(group {} {})", name(&it.name), spaced(&cases.cases, case)),
        },
        ItemKind::Relation(it) => {
            let file = it.file.as_ref().map_or(String::new(), |(path, _)| format!(" {path:?}"));
            let columns: String = it.columns.iter().map(|it| format!(" {}", column("column", it))).collect();
            let binders = spaced(&it.binders, name);
            format!("(relation {}{file} ({binders}) {}{columns})", name(&it.name), name(&it.key))
        }
        ItemKind::Constraint(Constraint { name: named, options: settings, body }) => {
            format!("(constraint {}{}{})", name(named), options(settings), statement(body))
        }
        ItemKind::Metric(Metric { name: named, parameters, needs, body }) => {
            let needs =
                needs.as_ref().map_or(String::new(), |it| format!(" (needs {}{})", name(&it.name), limits(&it.limits)));
            let body = match body {
                MetricBody::Statement(it) => statement(it),
                MetricBody::Use(it) => format!(" (use {})", call(it)),
            };
            format!("(metric {} ({}){needs}{body})", name(named), spaced(parameters, parameter))
        }
        ItemKind::Use(Use { call: called, alias, options: settings }) => {
            let alias = alias.as_ref().map_or(String::new(), |alias| format!(" (as {})", name(alias)));
            format!("(use {}{alias}{})", call(called), options(settings))
        }
        ItemKind::Import(it) => format!("(import {:?})", it.path),
    }
}

fn entry(it: &Entry) -> String {
    let key = it.level.as_ref().map_or("otherwise".to_owned(), |parts| {
        let parts: Vec<String> = parts.iter().map(level).collect();
        parts.join("*")
    });
    format!("({key} {})", it.value.value)
}

fn case(it: &Case) -> String {
    format!("({} {})", level(&it.level), it.event.as_ref().map_or("otherwise".to_owned(), expr))
}

fn parameter(it: &Parameter) -> String {
    let kind = it.kind.as_ref().map_or(String::new(), |it| match &it.kind {
        Accepts::Group(list) => {
            format!(" group{}", list.as_deref().map_or(String::new(), |it| format!(" {}", levels(it))))
        }
        Accepts::Label(list) => {
            format!(" label{}", list.as_deref().map_or(String::new(), |it| format!(" {}", levels(it))))
        }
        Accepts::Column => " column".to_owned(),
        Accepts::Number(it) => format!(" number{}", it.as_ref().map_or(String::new(), limits)),
        Accepts::Event => " event".to_owned(),
        Accepts::LevelOf(other) => format!(" (level-of {})", name(other)),
    });
    let default = it.default.as_ref().map_or(String::new(), |it| format!(" (default {})", expr(it)));
    if kind.is_empty() && default.is_empty() {
        return name(&it.name);
    }
    format!("({}{kind}{default})", name(&it.name))
}

fn limits(it: &Limits) -> String {
    let open = if it.open { " open" } else { "" };
    format!(" [{} {}{open}]", it.lower, it.upper)
}

fn call(it: &Call) -> String {
    format!("{} ({})", name(&it.metric), spaced(&it.arguments, argument))
}

fn argument(it: &Argument) -> String {
    let value = match &it.value {
        ArgumentValue::One(it) => expr(it),
        ArgumentValue::Each { groups, span: _ } => format!("(each-of {})", spaced(groups, expr)),
    };
    it.name.as_ref().map_or(value.clone(), |it| format!("(= {} {value})", name(it)))
}

fn column(keyword: &str, column: &Column) -> String {
    let nullable = if column.nullable { " ?" } else { "" };
    format!("({keyword} {} {}{nullable}{})", name(&column.name), ty(&column.ty), from(column.from.as_ref()))
}

fn from(header: Option<&Name>) -> String {
    header.map_or(String::new(), |header| format!(" (from {})", name(header)))
}

fn ty(ty: &Type) -> String {
    let ranged = |word: &str, it: &Option<Range>| match it {
        Some(it) => format!("({word} {})", range(it)),
        None => word.to_owned(),
    };
    match ty {
        Type::Categorical { levels: list, span: _ } => levels(list),
        Type::Real { range, span: _ } => ranged("real", range),
        Type::Int { range, span: _ } => ranged("int", range),
        Type::Key { span: _ } => "key".to_owned(),
    }
}

fn range(range: &Range) -> String {
    format!("[{} {}]", range.lower.value, range.upper.value)
}

fn levels(levels: &[Level]) -> String {
    format!("{{{}}}", spaced(levels, level))
}

fn level(level: &Level) -> String {
    match level.number {
        Some(value) if value.to_string() == level.text => level.text.clone(),
        Some(value) => format!("{}={value}", level.text),
        None => word(&level.text),
    }
}

fn options(options: &[OptionSetting]) -> String {
    let mut text = String::new();
    for OptionSetting { name: named, value } in options {
        let _ = write!(text, " (option {} {})", name(named), expr(value));
    }
    text
}

fn statement(statement: &Statement) -> String {
    let mut text = String::new();
    for it in &statement.quantifiers {
        let _ = write!(text, " (forall {})", quantifier(it));
    }
    if let Some(each) = &statement.each {
        let filter = each.condition.as_ref().map_or(String::new(), |it| format!(" {}", condition(it)));
        let pairs = each
            .pairs
            .as_ref()
            .map_or(String::new(), |it| format!(" (({}) {})", spaced(&it.binders, name), name(&it.relation)));
        let _ = write!(text, " (each{pairs}{filter})");
    }
    let _ = write!(text, " {}", expr(&statement.body));
    text
}

fn quantifier(it: &Quantifier) -> String {
    let filter = it.condition.as_ref().map_or(String::new(), |it| format!(" (where {})", condition(it)));
    format!("({}) {}{filter}", spaced(&it.binders, name), domain(&it.domain))
}

fn domain(it: &Domain) -> String {
    match &it.kind {
        DomainKind::Name(it) => name(it),
        DomainKind::Set(list) => levels(list),
        DomainKind::Range(first, last) => format!("(range {} {})", expr(first), expr(last)),
        DomainKind::Pairs(inner) => format!("(pairs {})", domain(inner)),
        DomainKind::Adjacent(inner) => format!("(adjacent {})", domain(inner)),
        DomainKind::Product(factors) => format!("(product {})", spaced(factors, domain)),
    }
}

fn condition(condition: &Condition) -> String {
    match condition.terms.as_slice() {
        [only] => expr(only),
        terms => format!("(all {})", spaced(terms, expr)),
    }
}

fn expr(it: &Expr) -> String {
    match &it.kind {
        ExprKind::Number { value, text } if value.to_string() == *text => text.clone(),
        ExprKind::Number { value, text } => format!("{text}={value}"),
        ExprKind::Name(it) => name(it),
        ExprKind::Paren(inner) => format!("(paren {})", expr(inner)),
        ExprKind::Negate(inner) => format!("(neg {})", expr(inner)),
        ExprKind::Not(inner) => format!("(not {})", expr(inner)),
        ExprKind::Sum(first, rest) => chain("sum", first, rest, |op| match op {
            SumOp::Plus => "+",
            SumOp::Minus => "-",
        }),
        ExprKind::Product(first, rest) => chain("product", first, rest, |op| match op {
            ProductOp::Times => "*",
            ProductOp::Divide => "/",
        }),
        ExprKind::Power(base, exponent) => format!("(^ {} {})", expr(base), expr(exponent)),
        ExprKind::PlusMinus(middle, radius) => format!("(+/- {} {})", expr(middle), expr(radius)),
        ExprKind::Compare(first, rest) => chain("compare", first, rest, |op| comparison(*op)),
        ExprKind::In { value, levels: list, negated } => {
            format!("({} {} {})", if *negated { "not-in" } else { "in" }, expr(value), levels(list))
        }
        ExprKind::And(terms) => format!("(and {})", spaced(terms, expr)),
        ExprKind::Or(terms) => format!("(or {})", spaced(terms, expr)),
        ExprKind::Abs(inner) => format!("(abs {})", expr(inner)),
        ExprKind::Call { function, arguments } if arguments.is_empty() => format!("(call {})", name(function)),
        ExprKind::Call { function, arguments } => format!("(call {} {})", name(function), spaced(arguments, expr)),
        ExprKind::Index { table, levels } => format!("(at {} {})", name(table), spaced(levels, expr)),
        ExprKind::Aggregate(it) => {
            let given = it.condition.as_ref().map_or(String::new(), |it| format!(" | {}", condition(it)));
            format!("({} {}{given})", aggregate(it.kind), spaced(&it.arguments, expr))
        }
        ExprKind::Indicator(it) => format!("(indicator {})", condition(it)),
        ExprKind::Fold(it) => format!("({}-of {} {})", it.kind.name(), quantifier(&it.over), expr(&it.body)),
        ExprKind::Error => "(error)".to_owned(),
    }
}

fn chain<Op>(head: &str, first: &Expr, rest: &[(Op, Expr)], symbol: impl Fn(&Op) -> &'static str) -> String {
    let mut text = format!("({head} {}", expr(first));
    for (op, operand) in rest {
        let _ = write!(text, " {} {}", symbol(op), expr(operand));
    }
    text.push(')');
    text
}

fn comparison(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}

fn aggregate(kind: AggregateKind) -> &'static str {
    match kind {
        AggregateKind::Mean => "E",
        AggregateKind::Sum => "Sum",
        AggregateKind::Count => "N",
        AggregateKind::Probability => "P",
        AggregateKind::Covariance => "Cov",
        AggregateKind::Variance => "Var",
    }
}

fn name(name: &Name) -> String {
    word(&name.text)
}

fn word(text: &str) -> String {
    if is_plain_name(text) { text.to_owned() } else { format!("`{text}`") }
}

fn spaced<T>(list: &[T], show: impl Fn(&T) -> String) -> String {
    list.iter().map(show).collect::<Vec<_>>().join(" ")
}
