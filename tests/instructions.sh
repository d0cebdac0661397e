#!/usr/bin/env bash
# Instructions that four fixed problems take (crates/runtime/examples/instructions.rs), counted by valgrind and compared with
# tests/instructions.txt: a slow-down is seen however busy the machine is.
#
#   bash tests/instructions.sh             fails where a problem takes 5 % more than the file says
#   bash tests/instructions.sh --update    writes the file anew
#
# valgrind knows AVX2 and no AVX-512, so that numbers are alike on machines with AVX2; of another architecture they are not compared.
set -euo pipefail
cd "$(dirname "$0")/.."

counts=tests/instructions.txt
if ! command -v valgrind >/dev/null; then
    echo "instruction counts: not run, valgrind was not found"
    exit 0
fi
if ! grep -qw avx2 /proc/cpuinfo 2>/dev/null; then
    echo "instruction counts: not run, the counts are those of a processor with AVX2"
    exit 0
fi

cargo build --release --quiet -p fairc-runtime --example instructions
program=target/release/examples/instructions
room=$(mktemp -d)
trap 'rm -r "$room"' EXIT

count() {
    RAYON_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file="$room/out" "$program" "$1" 2>"$room/log" ||
        { cat "$room/log" >&2; exit 1; }
    awk '/^(summary|totals):/ { print $2; exit }' "$room/out"
}

if [ "${1:-}" = --update ]; then
    for name in $("$program"); do
        echo "$name $(count "$name")"
    done >"$room/counts"
    mv "$room/counts" "$counts"
    cat "$counts"
    exit 0
fi

failed=0
for name in $("$program"); do
    old=$(awk -v name="$name" '$1 == name { print $2 }' "$counts")
    [ -n "$old" ] || { echo "instruction counts: $counts does not know $name; bash tests/instructions.sh --update" >&2; exit 1; }
    new=$(count "$name")
    awk -v name="$name" -v old="$old" -v new="$new" 'BEGIN {
        change = 100 * (new - old) / old
        printf "%-24s %11d instructions, %+.1f %%\n", name, new, change
        exit change > 5
    }' || failed=1
done
if [ $failed = 1 ]; then
    echo "more than 5 % more instructions than $counts says; if that is meant, bash tests/instructions.sh --update" >&2
fi
exit $failed
