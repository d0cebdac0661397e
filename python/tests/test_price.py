"""Prices: what makes no sense together is refused, not ignored."""

from __future__ import annotations

import pytest

import fairc

SPEC = "column g: {a, b}\npredict s: real in [0, 1]\nparam eps = 0.1 in [0, 1]\nconstraint c: |E[s | g == a] - E[s | g == b]| <= eps\n"
TABLE = {"g": ["a", "a", "b", "b"], "s": [0.1, 0.7, 0.6, 0.9]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cutoff": 0.4}, "give `decide=True`"),
        ({"gain": [1.0, 2.0, 3.0, 4.0]}, "give `decide=True`"),
        ({"decide": True, "purpose": "inference"}, "no `purpose`"),
        ({"decide": True, "cutoff": 0.4, "gain": [1.0, 2.0, 3.0, 4.0]}, "leave one of them out"),
    ],
)
def test_options_without_a_meaning_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fairc.compile(SPEC).price(TABLE, "s", sweep=["eps"], **options)


def test_decisions_have_a_price() -> None:
    program = fairc.compile(SPEC)
    assert "gain" in str(program.price(TABLE, "s", sweep={"eps": [0.0, 1.0]}, decide=True, cutoff=0.5))
