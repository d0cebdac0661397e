/**
 * The grammar of `.fair` files for editors. The language itself is defined by `grammar/fair.pest`; a test of the repository holds the words and marks
 * of the two against each other.
 */

const PREC = { or: 1, and: 2, not: 3, compare: 4, tolerance: 5, sum: 6, product: 7, negate: 8, power: 9 };

const list = (item) => seq(item, repeat(seq(',', item)));
const braced = (item) => seq('{', list(item), optional(','), '}');

module.exports = grammar({
  name: 'fair',

  extras: ($) => [/\s/, $.comment, $.doc_comment],

  word: ($) => $.identifier,

  conflicts: ($) => [
    [$._word_name, $.fold],
    [$._word_name, $.adjacent],
  ],

  rules: {
    source_file: ($) => repeat($._declaration),

    comment: (_) => token(prec(1, /#[^\n]*/)),
    doc_comment: (_) => token(prec(2, /##([^#\n][^\n]*)?/)),

    _declaration: ($) =>
      choice(
        $.column, $.label, $.weight, $.predict, $.param, $.let, $.event, $.group, $.relation, $.constraint, $.metric, $.use,
        $.import,
      ),

    // ---- declarations ----

    column: ($) => seq('column', $._typed_name),
    label: ($) => seq('label', $._typed_name),
    predict: ($) => seq('predict', $._typed_name),
    _typed_name: ($) =>
      seq(field('name', $._name), ':', field('type', choice($.categorical, $.real, $.int, $.key)), optional($.nullable), optional($._from)),
    nullable: (_) => '?',
    _from: ($) => seq('from', field('header', $._name)),
    weight: ($) => seq('weight', field('name', $._name), optional($._from)),
    param: ($) =>
      seq('param', field('name', $._name), choice(seq($.table_domain, '=', $.table), seq('=', $._bound)), optional(seq('in', $.range))),
    let: ($) => seq('let', field('name', $._name), '=', field('value', $._expression)),
    event: ($) => seq('event', field('name', $._name), '=', $.condition),
    group: ($) => seq('group', field('name', $._name), '=', choice($.cases, $._expression)),
    relation: ($) =>
      seq(
        'relation', field('name', $._name), optional(seq('from', field('path', $.string))), ':', $.binders, 'by', field('key', $._name),
        repeat(seq(',', $.pair_column)),
      ),
    pair_column: ($) => $._typed_name,
    constraint: ($) => seq('constraint', field('name', $._name), optional($.options), ':', $.statement),
    metric: ($) =>
      seq('metric', field('name', $._name), $.parameters, optional($.needs), '=', choice(seq('use', $.metric_call), $.statement)),
    use: ($) => seq('use', $.metric_call, optional(seq('as', field('alias', $._name))), optional($.options)),
    import: ($) => seq('import', field('path', $.string)),

    // ---- types ----

    categorical: ($) => braced($.level),
    real: ($) => prec.right(seq('real', optional(seq('in', $.range)))),
    int: ($) => prec.right(seq('int', optional(seq('in', $.range)))),
    key: (_) => 'key',
    range: ($) => seq('[', $._bound, ',', $._bound, ']'),
    _bound: ($) => seq(optional(choice('+', '-')), choice($.infinity, $.number)),
    level: ($) => choice(seq('-', $.number), $.number, $._name),

    // ---- values and events by level ----

    table_domain: ($) => seq('[', list($._name), ']'),
    table: ($) => braced($.entry),
    entry: ($) => seq(choice($.otherwise, seq($.level, repeat(seq('*', $.level)))), ':', $._bound),
    cases: ($) => braced($.case),
    case: ($) => seq($.level, ':', choice($.otherwise, $._expression)),
    otherwise: (_) => prec(1, 'otherwise'),

    // ---- constraints and metrics ----

    options: ($) => seq('(', list($.option), ')'),
    option: ($) => seq(field('name', $._name), '=', field('value', $._expression)),
    parameters: ($) => seq('(', optional(list($.parameter)), ')'),
    parameter: ($) => seq(field('name', $._name), optional(seq(':', $.kind)), optional(seq('=', $._expression))),
    kind: ($) =>
      choice(
        prec.right(seq('group', optional($.domain_set))),
        prec.right(seq('label', optional($.domain_set))),
        'column',
        seq('number', optional($.limits)),
        'event',
        seq('level', 'of', $._name),
      ),
    limits: ($) => choice(seq('in', $.range), seq(choice('<=', '<', '>=', '>'), $._bound)),
    needs: ($) => seq('where', $._name, $.limits),
    metric_call: ($) => seq(field('metric', $._name), '(', optional(list($.argument)), ')'),
    argument: ($) => seq(optional(seq(field('parameter', $._name), '=')), choice($.groups, $._expression)),
    groups: ($) => braced($._expression),
    statement: ($) => seq(repeat($.quantifier), optional($.each), $._expression),
    quantifier: ($) => seq('forall', $.binders, 'in', $._domain, optional($.where), ':'),
    each: ($) => seq('each', optional($.of_pairs), optional($.where), ':'),
    of_pairs: ($) => seq($.binders, 'in', $._name),
    where: ($) => seq('where', $.condition),
    binders: ($) => choice($._name, seq('(', list($._name), ')')),

    // ---- domains ----

    _domain: ($) => choice($.domain_product, $.domain_range, $.pairs, $.adjacent, $.domain_set, $.domain_group, $._operand, $.number, $.infinity),
    domain_product: ($) => choice(
      prec.left(PREC.product, seq($._domain, choice('*', '/'), $._domain)),
      prec.left(PREC.sum, seq($._domain, choice('+', '-'), $._domain)),
      prec.right(PREC.power, seq($._domain, choice('^', '**'), $._domain)),
      prec(PREC.negate, seq('-', $._domain)),
    ),
    domain_range: ($) => prec.left(PREC.tolerance, seq($._domain, '..', $._domain)),
    domain_group: ($) => seq('(', $._domain, ')'),
    pairs: ($) => seq('pairs', '(', $._domain, ')'),
    adjacent: ($) => seq('adjacent', '(', $._domain, ')'),
    domain_set: ($) => seq('{', optional(seq(list($.level), optional(','))), '}'),

    // ---- expressions ----

    condition: ($) => list($._expression),

    _expression: ($) =>
      choice(
        $.infinity, $.number, $.aggregate, $.fold, $.index, $.field, $._operand, $.parenthesized, $.absolute, $.indicator, $.unary, $.binary, $.membership,
      ),
    parenthesized: ($) => seq('(', $._expression, ')'),
    absolute: ($) => seq('|', $._expression, '|'),
    indicator: ($) => seq('[', $.condition, ']'),
    _operand: ($) => choice($._name, $.call),
    call: ($) => seq(field('function', $._name), '(', optional(list($._expression)), ')'),
    field: ($) => seq(field('sample', $._name), '.', field('column', $._name)),
    index: ($) => seq(field('table', choice($.identifier, $.quoted_name)), '[', list($._expression), ']'),
    aggregate: ($) =>
      prec.dynamic(1, seq(
        field('function', choice('E', 'Sum', 'N', 'P', 'Cov', 'Var')),
        '[', list($._expression), optional(seq('|', $.condition)), ']',
      )),
    fold: ($) =>
      prec.dynamic(1, seq(
        field('function', choice('max', 'min', 'sum', 'mean')),
        '(', $.binders, 'in', $._domain, optional($.where), ':', $._expression, ')',
      )),
    unary: ($) => choice(
      prec(PREC.negate, seq('-', $._expression)),
      prec(PREC.not, seq('not', $._expression)),
    ),
    binary: ($) => choice(
      prec.left(PREC.or, seq($._expression, 'or', $._expression)),
      prec.left(PREC.and, seq($._expression, 'and', $._expression)),
      prec.left(PREC.compare, seq($._expression, choice('==', '!=', '<=', '<', '>=', '>'), $._expression)),
      prec.left(PREC.tolerance, seq($._expression, '+/-', $._expression)),
      prec.left(PREC.sum, seq($._expression, choice('+', '-'), $._expression)),
      prec.left(PREC.product, seq($._expression, choice('*', '/'), $._expression)),
      prec.right(PREC.power, seq($._expression, choice('^', '**'), $._expression)),
    ),
    membership: ($) => prec.left(PREC.compare, seq($._expression, optional('not'), 'in', alias($.domain_set, $.set))),

    // ---- words and literals ----

    _name: ($) => choice($.identifier, $.quoted_name, alias($._word_name, $.identifier)),
    // Words that are names wherever they mean nothing else.
    _word_name: (_) =>
      choice(
        'E', 'Sum', 'N', 'P', 'Cov', 'Var', 'max', 'min', 'sum', 'mean', 'let', 'number', 'level', 'of', 'adjacent', 'otherwise',
        'relation', 'by', 'key',
      ),
    identifier: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    quoted_name: (_) => /`[^`\r\n]+`/,
    string: (_) => /"[^"\r\n]*"/,
    // `2.` is a number too, where no second point follows.
    number: (_) =>
      prec.right(seq(/[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?_*[0-9][0-9_]*)?%?/, optional(token.immediate(/\.([eE][+-]?_*[0-9][0-9_]*)?%?/)))),
    infinity: (_) => 'inf',
  },
});
