#!/usr/bin/env bash
# Installs fairness_training 0.1.0 with cvxpylayers beside fairc and times both; see compare.py.
#
#   bash tests/run.sh python            # first, for .venv with torch and fairc
#   bash python/benches/compare.sh
#
# fairc is built as it would be released.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=.venv/bin/python
site=python/benches/site
if [ ! -d "$site/fairness_training" ]; then
    # Without their dependencies, which name other versions of torch and NumPy than those of .venv.
    "$python" -m pip install --quiet --disable-pip-version-check --target "$site" --no-deps fairness_training==0.1.0 \
        cvxpylayers==0.1.9 cvxpy==1.6.5 diffcp==1.1.9 ecos==2.0.14 osqp==1.1.3 scs==3.3.1 clarabel==0.11.1 \
        joblib==1.6.0 threadpoolctl cffi pycparser pybind11
fi
export VIRTUAL_ENV="$PWD/.venv" PATH="$PWD/.venv/bin:$PATH"
maturin develop --release --quiet --manifest-path python/Cargo.toml
PYTHONPATH="$site" exec "$python" python/benches/compare.py "$@"
