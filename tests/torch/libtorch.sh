# Installs libtorch for the feature `torch` in .venv, if it is not there, and tells cargo where it is. To be sourced:
#
#   source tests/torch/libtorch.sh
#   cargo build --release --features torch
#
# libtorch comes as the Python package torch, without what only Python or a GPU needs: of its CUDA packages the two small
# ones that its CPU library is linked to. For a GPU install all of them and use LIBTORCH_USE_PYTORCH=1 instead, see
# docs/training.md.
libtorch_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
libtorch_python="$libtorch_root/.venv/bin/python"
[ -x "$libtorch_python" ] || python3 -m venv "$libtorch_root/.venv"
if [ ! -e "$libtorch_root/.venv/libtorch/lib/libtorch_cpu.so" ]; then
    "$libtorch_python" -m pip install --quiet --disable-pip-version-check --no-deps torch==2.13.0
    if [ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ]; then
        "$libtorch_python" -m pip install --quiet --disable-pip-version-check "cuda-toolkit[cudart,cupti]==13.0.3"
    fi
    # The package without its CUDA part: torch-sys links to that wherever it sees it.
    "$libtorch_python" - <<'PYTHON'
import pathlib, sysconfig
package = pathlib.Path(sysconfig.get_paths()["platlib"]) / "torch"
view = package.parents[3] / "libtorch"
(view / "lib").mkdir(parents=True, exist_ok=True)
names = ["libtorch", "libtorch_cpu", "libc10", "libgomp", "libomp"]
links = {view / "lib" / path.name: path for name in names for path in (package / "lib").glob(f"{name}.*")}
links[view / "include"] = package / "include"
for link, path in links.items():
    link.unlink(missing_ok=True)
    link.symlink_to(path)
PYTHON
fi
export LIBTORCH="$libtorch_root/.venv/libtorch" LIBTORCH_CXX11_ABI=1
unset libtorch_root libtorch_python
