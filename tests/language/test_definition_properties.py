"""What holds of every definition, sound or not, and of every run of a sound one."""

import copy
import json
import time
from pathlib import Path
from random import Random

import pytest
from asl.language.document import Document
from asl.language.errors import DefinitionError
from asl.language.events import Raised, Returned, Submitted, TimedOut
from asl.language.machine import EXPRESS, STANDARD, parse_machine
from asl.language.run import Run
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.language import histories
from tests.language.definitions import DATA, JSON, machines
from tests.language.scripted import START, context

MOST_EVENTS = 150
ENDLESS = 2000  # turns before a run counts as one that does not end

SOUND = [
    case["given"]["definition"]
    for path in sorted((Path(__file__).parent / "cases" / "machines").glob("*.json"))
    for case in json.loads(path.read_text())
    if "diagnostics" not in case["expect"]
]


def faults_of(definition, **options):
    """The diagnostics of a definition, empty when it is accepted; anything else goes through."""
    try:
        parse_machine(definition, **options)
    except DefinitionError as faults:
        return faults.diagnostics
    return []


def check_diagnostics(diagnostics):
    for diagnostic in diagnostics:
        assert diagnostic.code
        assert diagnostic.message
        assert diagnostic.location == "" or diagnostic.location[0] in "/["


@settings(max_examples=200, deadline=None)
@given(JSON, st.sampled_from([STANDARD, EXPRESS]))
def test_any_json_document_is_read_or_refused_with_diagnostics(document, type_):
    check_diagnostics(faults_of(json.dumps(document), type_=type_))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
@example("\x00")
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example('{"StartAt": "\ud800"}')
@example("9" * 5000)
def test_any_text_is_read_or_refused_with_diagnostics(text):
    diagnostics = faults_of(text)

    assert diagnostics
    check_diagnostics(diagnostics)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(SOUND) - 1), st.data())
def test_any_change_to_a_sound_definition_is_read_or_refused_with_diagnostics(index, data):
    definition = copy.deepcopy(SOUND[index])
    for _ in range(data.draw(st.integers(1, 3))):
        _change(definition, data)

    check_diagnostics(faults_of(definition, services=None))


def _change(definition, data):
    """Replace, remove or add something at a random place."""
    places = list(_places(definition))
    if not places:
        return
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    what = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if what == "replace":
        holder[key] = data.draw(JSON)
    elif what == "remove":
        del holder[key]
    elif isinstance(holder, dict):
        holder[data.draw(st.sampled_from(["Next", "End", "Output", "Assign", "x", "Retry"]))] = (
            data.draw(JSON)
        )


def _places(value):
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def _nested(kind, levels):
    if kind == "Parallel":
        scope = {"StartAt": "L", "States": {"L": {"Type": "Pass", "End": True}}}
        for level in range(levels):
            state = {"Type": "Parallel", "Branches": [scope], "End": True}
            scope = {"StartAt": f"{level}", "States": {f"{level}": state}}
        return scope
    inner = {"Not": {"Variable": "$", "IsNull": True}, "data": 1}[kind]
    for _ in range(levels):
        inner = {"Not": inner} if kind == "Not" else {"a": [inner]}
    if kind == "Not":
        rule = {**inner, "Next": "S"}
        state = {"Type": "Choice", "Choices": [rule], "Default": "Z"}
        return {"StartAt": "S", "States": {"S": state, "Z": {"Type": "Succeed"}}}
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", "Parameters": inner, "End": True}}}


@pytest.mark.parametrize("kind", ["Parallel", "Not", "data"])
@pytest.mark.parametrize("levels", [10, 60, 120, 240, 5000])
def test_deep_nesting_is_read_or_refused_in_bounded_time(kind, levels):
    definition = _nested(kind, levels)
    begun = time.process_time()

    check_diagnostics(faults_of(definition))

    assert time.process_time() - begun < 5


def test_a_definition_of_a_thousand_states_is_read():
    states = {f"s{i}": {"Type": "Pass", "Next": f"s{i + 1}"} for i in range(1000)}
    states["s1000"] = {"Type": "Succeed"}

    assert faults_of({"StartAt": "s0", "States": states}) == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(machines(), DATA, st.integers(0, 2**32))
def test_any_run_ends_in_an_outcome_with_a_sound_history(definition, input_, seed):
    run = Run(parse_machine(definition), context(input_), Random(0), START, MOST_EVENTS)

    _drive(run, Random(seed))

    histories.check(run.records)
    assert (run.outcome.output is not None) == (run.records[-1].type == "ExecutionSucceeded")


def _drive(run, chance):
    """Let tasks answer as chance will have it, until the run has ended."""
    now, waiting, late, submitted = START, [], [], set()
    for _ in range(ENDLESS):
        waiting.extend(run.advance(now))
        if run.outcome is not None:
            return
        chance.shuffle(waiting)
        if waiting and chance.random() < 0.8:
            calling = waiting.pop()
            if calling.work.token is not None and calling.number not in submitted:
                submitted.add(calling.number)
                waiting.append(calling)
                run.answer(calling, Submitted(Document(0)))
            else:
                submitted.discard(calling.number)
                run.answer(calling, _answer(calling.work, chance))
                if chance.random() < 0.2:
                    late.append(calling)
        elif late and chance.random() < 0.5:
            calling = late.pop()
            run.answer(calling, _answer(calling.work, chance))
        elif run.due is not None:
            now = max(now, run.due)
        else:
            assert waiting, "the run waits for nothing"
    raise AssertionError("the run does not end")


def _answer(call, chance):
    return chance.choice(
        [
            Returned(call.request.payload),
            Returned(Document([1, {"a": None}])),
            Returned(Document("x" * 262_143)),
            Raised("E", "cause"),
            Raised(None, None),
            TimedOut(),
            TimedOut(heartbeat=True),
        ]
    )
