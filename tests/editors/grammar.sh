#!/usr/bin/env bash
# The tree-sitter grammar: its corpus, and every valid spec of the repository without an error node. Broken specs must give a tree too.
#
#   bash tests/editors/grammar.sh target/release/fairc
#
# Needs `tree-sitter` (`cargo install tree-sitter-cli`) and a C compiler; without it this says so and is not run.
set -euo pipefail
cd "$(dirname "$0")/../.."
fairc="$1"

if ! command -v tree-sitter >/dev/null; then
    echo "not run: no tree-sitter on the path"
    exit 0
fi

root="$PWD"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
find "$root/examples" "$root/tests/fixtures" "$root/crates/language/src/library" -name '*.fair' | sort >"$folder/all"
while read -r spec; do
    # What `fmt` can read has no syntax error.
    if "$fairc" fmt - <"$spec" >/dev/null 2>&1; then echo "$spec"; else echo "$spec" >&3; fi
done <"$folder/all" >"$folder/good" 3>"$folder/bad"

cd editors/tree-sitter-fair
export XDG_CONFIG_HOME="$folder"
tree-sitter generate
tree-sitter test
tree-sitter parse --quiet --paths "$folder/good"
# An error node is an exit code of 1, and anything worse a higher one.
tree-sitter parse --quiet --paths "$folder/bad" >/dev/null || [ $? -eq 1 ]
xargs tree-sitter query --quiet queries/highlights.scm <"$folder/all" >/dev/null
echo "tree-sitter: $(wc -l <"$folder/good") specs without an error, $(wc -l <"$folder/bad") broken ones survived"
