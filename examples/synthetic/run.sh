#!/usr/bin/env bash
# Synthetic regression: the layer against projection after training and a penalty, over group shares, training batches
# and inference batches.
#
#   bash examples/synthetic/run.sh [OUT]      # needs target/release/fairc built with --features torch, and .venv
set -euo pipefail
cd "$(dirname "$0")/../.."
out="${1:-target/examples/synthetic}"
python="${PYTHON:-.venv/bin/python}"

for share in 0.5 0.8; do
    "$python" examples/synthetic/data.py "$share" "$out/$share.csv"
    for batch in 256 2000; do
        for inference in 16 2000; do
            for mode in none layer project-after penalty=1; do
                printf '\n== share of group a %s, training batch %s, inference batch %s, %s\n' "$share" "$batch" "$inference" "$mode"
                target/release/fairc train examples/synthetic/parity.fair --data "$out/$share.csv" --target y --loss mse \
                    --model mlp:32 --lr 0.01 --epochs 30 --patience 0 --valid 0.2 --test 0.2 --batch "$batch" \
                    --evaluation-batch "$inference" --mode "$mode" --restart --quiet \
                    --out "$out/$share-$batch-$inference-$mode"
            done
        done
    done
done
