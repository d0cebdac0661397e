#!/usr/bin/env bash
# The binary and the extension of the Python package, built together: what they share is compiled once, with one set of features.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo build --release --quiet -p fairc -p fairc-python --features pyo3/extension-module
