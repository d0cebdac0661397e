#!/usr/bin/env bash
# Line coverage of the language wing by the library, language and command-line tests.
#
# Needs llvm-cov and llvm-profdata of LLVM 19 or newer: `rustup component add llvm-tools`, or Debian's llvm-19; where they have
# other names, set LLVM_COV and LLVM_PROFDATA.
set -euo pipefail
cd "$(dirname "$0")/.."
cov=${LLVM_COV:-$(command -v llvm-cov-19 || command -v llvm-cov)}
profdata=${LLVM_PROFDATA:-$(command -v llvm-profdata-19 || command -v llvm-profdata)}

folder=$PWD/target/coverage
rm -rf "$folder" && mkdir -p "$folder"
# Only this package is instrumented, so dependencies are not built again.
printf '#!/bin/sh\nrustc=$1; shift; exec "$rustc" "$@" -C instrument-coverage\n' >"$folder/rustc"
chmod +x "$folder/rustc"
export RUSTC_WORKSPACE_WRAPPER=$folder/rustc LLVM_PROFILE_FILE=$folder/%m.profraw INSTA_UPDATE=no
export FAIRC_FUZZ_CASES=${FAIRC_FUZZ_CASES:-300}
tests=(--lib --bins --test language --test cli)
cargo test --quiet --no-fail-fast "${tests[@]}" || echo "some tests failed" >&2
binaries=$(cargo test --no-run --message-format=json "${tests[@]}" 2>/dev/null | grep -o '"executable":"[^"]*"' | cut -d'"' -f4)
"$profdata" merge "$folder"/*.profraw -o "$folder/all.profdata"
first= objects=()
for binary in $binaries; do
    if [ -z "$first" ]; then first=$binary; else objects+=(-object "$binary"); fi
done
for room in syntax check lower program; do
    "$cov" report "$first" "${objects[@]}" -instr-profile="$folder/all.profdata" "crates/language/src/$room" |
        awk -v room="$room" '$1 == "TOTAL" { printf "%-8s %s of lines\n", room, $10 }'
done
