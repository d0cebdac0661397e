#!/usr/bin/env bash
# Writes the test from the spec: what is not held is a failure. `FAIRC` names the binary.
set -euo pipefail
cd "$(dirname "$0")"
{
    printf '%s\n' '-- depends_on: {{ ref("people") }}' '-- Written by make_tests.sh from spec.fair.' 'select * from ('
    "${FAIRC:-fairc}" sql spec.fair --dialect duckdb --table people
    printf '%s\n' ') as audit' "where verdict <> 'held'"
} >tests/parity.sql
