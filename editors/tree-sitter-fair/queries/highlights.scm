; Later patterns win.

(comment) @comment
(doc_comment) @comment.documentation
(string) @string
(number) @number
(infinity) @constant.builtin
(identifier) @variable
(quoted_name) @variable

[
  "column" "label" "weight" "predict" "param" "let" "event" "group" "constraint" "metric" "use" "import" "forall" "each" "where" "in" "from" "as"
  "relation" "by" "real" "int" "key" "number" "level" "of"
] @keyword
["and" "or" "not"] @keyword.operator
["pairs" "adjacent"] @function.builtin
(otherwise) @keyword

[
  "==" "!=" "<=" "<" ">=" ">" "+/-" "+" "-" "^" "**" "*" "/" "=" ".." "." "|"
] @operator
(nullable) @operator
[":" ","] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket

(level (identifier) @constant)
(level (quoted_name) @constant)
(column name: (_) @property)
(label name: (_) @property)
(weight name: (_) @property)
(param name: (_) @constant)
(group name: (_) @type)
(relation name: (_) @type)
(field sample: (_) @variable.parameter)
(field column: (_) @property)
(event name: (_) @type)
(constraint name: (_) @function)
(metric name: (_) @function)
(use alias: (_) @function)
(metric_call metric: (_) @function.call)
(argument parameter: (_) @variable.parameter)
(parameter name: (_) @variable.parameter)
(binders (_) @variable.parameter)
(option name: (_) @attribute)
(aggregate function: _ @function.builtin)
(fold function: _ @function.builtin)
(call function: (_) @function.call)
