#!/usr/bin/env bash
# Runs the fuzz targets.
#
#   bash fuzz/run.sh SECONDS [TARGET..]     all targets, or some, so long each, or FAIRC_FUZZ_RUNS inputs if that is less
#
# As `cargo fuzz run TARGET` without a nightly compiler and without sanitizers: this code has no `unsafe`, so panics, overflows, hangs
# and memory are what is looked for. Comparisons are not traced: that takes half to three quarters of the time. Inputs start from the
# repository's own files and from fuzz/seeds/TARGET, where small ones are kept, and those that showed a fault. What is found new stays in
# target/fuzz/corpus, and inputs that fail in target/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")"

seconds="${1:?seconds}"; shift
root="$(cd .. && pwd)"
work="$root/target/fuzz"
mapfile -t all < <(sed -n 's/^name = "\(.*_.*\)"$/\1/p' ./*/Cargo.toml)
targets=("${@:-${all[@]}}")

export RUSTC_BOOTSTRAP=1
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
RUSTFLAGS="$RUSTFLAGS -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1 --cfg fuzzing"
export RUSTFLAGS
host="$(rustc -vV | sed -n 's/^host: //p')"
# A crate at a time, so that what one needs is not built for another. With a target, build scripts and macros are built without these flags.
for crate in */Cargo.toml; do
    mapfile -t own < <(grep -xF -f <(printf 'name = "%s"\n' "${targets[@]}") "$crate" | sed 's/^name = "\(.*\)"$/--bin=\1/')
    [ ${#own[@]} -eq 0 ] || cargo build --release --target "$host" --target-dir "$work" --package "fairc-fuzz-${crate%/*}" "${own[@]}"
done

# Where inputs come from, and the bytes that a target reads before them.
seeds() {
    case "$1" in
    syntax_* | format_* | compiled_*) find "$root/examples" "$root/tests/fixtures" "$root/crates/language/src/library" -name '*.fair' -size -8k ;;
    artefacts_*) find "$root/tests/fixtures" -name '*.fairc' -size -16k ;;
    csv_*) find "$root/tests/fixtures" \( -name '*.csv' -o -name '*.tsv' \) -size -4k ;;
    json_lines_*) find "$root/tests/fixtures" \( -name '*.jsonl' -o -name '*.json' \) -size -4k ;;
    parquet_*) find "$root/tests/fixtures" -name '*.parquet' -size -8k ;;
    arrow_*) find "$root/tests/fixtures" \( -name '*.arrow' -o -name '*.feather' \) -size -8k ;;
    answers_*) split --lines=1 --additional-suffix=.json "$root/tests/fixtures/golden/projection.jsonl" "$2/"; find "$2" -name '*.json' -size -4k ;;
    *) true ;;
    esac
}
before() {
    case "$1" in
    csv_*) printf '\0\0' ;;
    json_lines_*) printf '\0' ;;
    *) true ;;
    esac
}

# The most bytes of an input. The names of a table are compared with each other, so that long tables take long.
longest() {
    case "$1" in
    csv_*) echo 1024 ;;
    *) echo 8192 ;;
    esac
}

# Copies of tables are flushed to the disk, which memory does at once.
scratch="$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")"
trap 'rm -rf "$scratch"' EXIT
export TMPDIR="$scratch"

failed=()
for target in "${targets[@]}"; do
    corpus="$work/corpus/$target"
    mkdir -p "$corpus" "$work/found/$target" "seeds/$target" "$scratch/$target"
    seeds "$target" "$scratch/$target" | while read -r path; do
        { before "$target"; cat "$path"; } >"$scratch/seed"
        cp "$scratch/seed" "$corpus/$(cksum <"$scratch/seed" | tr ' ' -)"
    done
    "$work/$host/release/$target" "$corpus" "seeds/$target" -max_total_time="$seconds" -runs="${FAIRC_FUZZ_RUNS:--1}" -timeout=20 \
        -rss_limit_mb=4096 -max_len="$(longest "$target")" -print_final_stats=1 -artifact_prefix="$work/found/$target/" >"$work/$target.log" 2>&1 || failed+=("$target")
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log") inputs"
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}; see $work/found" >&2; exit 1; }
