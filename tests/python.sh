#!/usr/bin/env bash
# The Python package: makes .venv with what the tests need, builds the extension there, and runs the tests.
#
#   bash tests/python.sh            all of it
#   bash tests/python.sh wheel      builds a wheel too, and installs it into an empty environment
#
# torch comes without triton; the CUDA libraries that its import asks for come with it (about 3 GB on disk).
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
[ -x "$python" ] || python3 -m venv .venv
export VIRTUAL_ENV="$PWD/.venv" PATH="$PWD/.venv/bin:$PATH"
pip_install() { "$python" -m pip install --quiet --disable-pip-version-check --no-warn-conflicts "$@"; }

if ! "$python" -c 'import maturin, pytest, mypy, numpy, scipy, pandas, polars, pyarrow, sklearn, matplotlib' 2>/dev/null; then
    pip_install -r python/tests/requirements.txt
fi
if ! "$python" -c 'import torch' 2>/dev/null; then
    pip_install --no-deps torch==2.13.0
    pip_install filelock typing-extensions sympy networkx jinja2 fsspec 'setuptools>=77'
    if [ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ]; then
        pip_install "cuda-toolkit[cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvjitlink,nvrtc]==13.0.3" \
            nvidia-cudnn-cu13==9.20.0.48 nvidia-cusparselt-cu13==0.8.1 nvidia-nccl-cu13==2.29.7 nvidia-nvshmem-cu13==3.4.5
    fi
fi

# The package and the command line are compared. The extension lies in the package, which the environment finds by a path.
bash tests/release.sh
for built in target/release/lib_fairc.so target/release/lib_fairc.dylib; do
    [ ! -f "$built" ] || cp "$built" python/fairc/_fairc.abi3.so
done
"$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | while read -r site; do
    printf '%s\n' "$PWD/python" >"$site/fairc.pth"
done
(cd python && ../.venv/bin/mypy)
"$python" -m pytest -q python/tests

if [ "${1:-}" = wheel ]; then
    maturin build --release --quiet --manifest-path python/Cargo.toml --out target/wheels
    empty="$(mktemp -d)"
    trap 'rm -rf "$empty"' EXIT
    for found in python3.10 python3.11 python3.12 python3.13; do
        # There may be a name on the path without a Python behind it.
        "$found" -V >/dev/null 2>&1 || continue
        "$found" -m venv "$empty/$found"
        "$empty/$found/bin/python" -m pip install --quiet --disable-pip-version-check target/wheels/fairc-*-abi3-*.whl
        (cd "$empty" && "$found/bin/python" -c '
import sys
import fairc
program = fairc.compile("column sex: {f, m}\npredict s: real in [0, 1]\nuse demographic_parity(sex, 0.1)\n")
people = {"sex": ["f", "m", "m"], "s": [0.1, 0.9, 0.7]}
assert program.audit(people, program.project(people, "s").y)
print("the wheel works in an empty environment:", sys.version.split()[0], fairc.__file__)')
    done
fi
