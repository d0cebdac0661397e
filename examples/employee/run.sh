#!/usr/bin/env bash
# Employee performance: an hourly rate from 63 features, with ten rows on the mean residuals of five binary columns.
#
#   bash examples/employee/run.sh EMPLOYEE.csv [OUT]     # needs target/release/fairc built with --features torch
#
# The data are not part of this repository: no licence is stated for them. README.md says what the columns are.
set -euo pipefail
cd "$(dirname "$0")/../.."
data="${1:?usage: bash examples/employee/run.sh EMPLOYEE.csv [OUT]}"
out="${2:-target/examples/employee}"

train() { # NAME MODE
    printf '\n== %s\n' "$1"
    target/release/fairc train examples/employee/residual.fair --data "$data" --target target --loss mse \
        --drop raw_Age,raw_Gender,raw_MaritalStatus,raw_EducationBackground,raw_EmpDepartment,raw_EmpJobRole,raw_EmpHourlyRate \
        --model mlp:5+norm --lr 0.01 --epochs 1500 --plateau 50 --patience 0 --valid 0 --test 0 --batch 100000 \
        --mode "$2" --restart --quiet --out "$out/$2"
}

train "no constraint" none
train "the layer: ten rows within 1e-4 at every step" layer
train "projected after training" project-after
