#!/usr/bin/env bash
# Smoke test of an installed command, in an empty folder.
#
#   bash scripts/release/command.sh FAIRC VERSION
set -euo pipefail

fairc="$(realpath "$1")" version="$2"
here="$(cd "$(dirname "$0")" && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "$*" >&2
    exit 1
}

said="$("$fairc" --version)"
[ "$said" = "fairc $version" ] || fail "\`fairc --version\` says \`$said\`, and not \`fairc $version\`"

cut -d, -f1,2 "$here/halfway.csv" >people.csv
code=0
"$fairc" audit "$here/halfway.fair" --data people.csv || code=$?
[ "$code" -eq 1 ] || fail "an audit of scores that are apart exits with $code, and not with 1"
"$fairc" project "$here/halfway.fair" --data people.csv -o fair.csv --name fair
diff "$here/halfway.csv" fair.csv
"$fairc" audit "$here/halfway.fair" --data fair.csv --pred fair
"$fairc" demo demo

# Completions that a shell takes, and a page that `man` takes, where that is there.
"$fairc" completions bash >completions
bash -c 'source ./completions && complete -p fairc'
"$fairc" man audit >fairc-audit.1
if command -v man >/dev/null; then
    MANWIDTH=80 man --warnings -l fairc-audit.1 >page 2>wrong
    grep -q 'fairc-audit' page || fail "the manual has no name in it"
    [ ! -s wrong ] || fail "man says: $(cat wrong)"
fi
