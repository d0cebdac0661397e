#!/usr/bin/env bash
# Adult: income from 13 columns, with and without a limit on the gap of mean scores between women and men.
#
#   bash examples/adult/run.sh [OUT]      # needs target/release/fairc built with --features torch, and .venv
set -euo pipefail
cd "$(dirname "$0")/../.."
out="${1:-target/examples/adult}"
python="${PYTHON:-.venv/bin/python}"
mkdir -p "$out"
"$python" examples/adult/data.py "$out/adult.csv"

train() { # NAME SPEC BATCH MODE
    printf '\n== %s\n' "$1"
    target/release/fairc train "examples/adult/$2.fair" --data "$out/adult.csv" --target income --drop fnlwgt \
        --model mlp:64,32 --lr 1e-3 --epochs 5 --patience 0 --valid 0 --test 0.3333 --batch "$3" --mode "$4" \
        --restart --quiet --out "$out/$2-$3-$4"
}

for batch in 256 1024; do
    train "batch $batch, no constraint" parity "$batch" none
    train "batch $batch, mean parity, eps 0.02" parity "$batch" layer
    train "batch $batch, equalized odds, eps 0.02" odds "$batch" layer
done
train "batch 1024, mean parity, projected after training" parity 1024 project-after
train "batch 1024, mean parity, penalty 1" parity 1024 penalty=1
