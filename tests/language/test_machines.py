"""Whole definitions: given a definition, an input and what tasks answer, expect the outcome.

Each case expects some of: output, output_text, error, cause, events, history, details, waited,
requests, diagnostics, warnings, references. `details` are those of some events, by id.
"""

import json
from pathlib import Path

import pytest

from tests.language.scripted import play

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent / "cases" / "machines").glob("*.json"))
    for case in json.loads(path.read_text())
]


@pytest.mark.parametrize("case", CASES)
def test_machine(case):
    told = play(case["given"])

    assert case["expect"], "a case must expect something"
    assert _of(told, case["expect"]) == case["expect"]


def _of(told, expected):
    """What was told of what is expected, and only of the events whose details are."""
    chosen = {name: told.get(name) for name in expected}
    if isinstance(chosen.get("details"), dict):
        chosen["details"] = {i: chosen["details"].get(i) for i in expected["details"]}
    return chosen
