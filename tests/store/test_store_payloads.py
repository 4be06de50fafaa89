"""Any JSON value comes back as it went in, on every database."""

from __future__ import annotations

from typing import Any

import pytest
from asl.language import jsontext
from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.store.errors import UnstorableValue
from asl.store.store import Store

from tests.store.engine import TASK, Engine, machine, pass_


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


PAYLOADS = {
    "unicode": "héllo wörld, 中文, \u202eright to left",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "nul": "a\0b",
    "lone surrogate": "\ud800 and \udfff",
    "control characters": "".join(map(chr, range(32))),
    "quotes and marks": "' \" \\ % %s ? :x {} ` $1 --",
    "trailing blanks": "a  ",
    "numbers": [0, -1, 2**63, 2**200, 1e-300, 0.1, 1.0, -0.0],
    "constants": [None, True, False, "", {}, []],
    "keys": {"": 1, "\0": 2, "ключ": 3, " a ": 4},
    "a megabyte": "x" * (1 << 20),
    "a megabyte of emoji": "😀" * (1 << 17),
    "many values": list(range(50_000)),
    "depth": deep(200),
}


SMALL = [name for name, value in PAYLOADS.items() if len(jsontext.dumps(value)) < 262_144]


@pytest.mark.parametrize("name", PAYLOADS)
def test_an_input_comes_back_as_it_went_in(engine: Engine, name: str) -> None:
    text = jsontext.dumps(PAYLOADS[name])
    execution, first = engine.start(engine.create(TASK), input=text)
    engine.advance(first)
    (operation,), run = engine.operations(execution), engine.run(execution)
    assert operation.input == run.input == text


@pytest.mark.parametrize("name", SMALL)
def test_an_output_comes_back_as_it_was_given(engine: Engine, name: str) -> None:
    execution, first = engine.start(engine.create(TASK))
    advanced = engine.advance(first)
    assert advanced is not None
    engine.answer(advanced[0], Returned(Document(PAYLOADS[name])))
    (operation,), run = engine.operations(execution), engine.run(execution)
    assert operation.output == run.output == jsontext.dumps(PAYLOADS[name])


@pytest.mark.parametrize("name", PAYLOADS)
def test_an_error_and_its_cause_come_back_too(engine: Engine, name: str) -> None:
    value = PAYLOADS[name] if isinstance(PAYLOADS[name], str) else name
    execution, first = engine.start(engine.create(TASK))
    advanced = engine.advance(first)
    assert advanced is not None
    engine.answer(advanced[0], Raised(value[:256], value[:32_768]))
    (operation,), run = engine.operations(execution), engine.run(execution)
    kept = (jsontext.dumps(value[:256]), jsontext.dumps(value[:32_768]))
    assert (operation.error, operation.cause) == (run.error, run.cause) == kept


def test_a_definition_is_kept_to_the_letter(engine: Engine, store: Store) -> None:
    definition = machine({"日本 ": pass_(Comment="😀 \u2028" + "x" * 900_000)})
    text = jsontext.compact(definition) + "\n\t "
    id_ = engine.create(definition)
    assert store.machines.update(id_, text, 1) is not None
    assert store.machines.definition(id_, 2) == text


def test_a_state_name_of_eighty_characters_beyond_ascii_is_kept(engine: Engine) -> None:
    name = "状" * 78 + "😀 "
    execution, first = engine.start(engine.create(machine({name: pass_()})))
    engine.drain(first)
    assert [row.state for row in engine.operations(execution)] == [name]


def test_a_state_with_many_retriers_keeps_a_count_for_each(engine: Engine) -> None:
    retry = [{"ErrorEquals": [f"E{number}"], "MaxAttempts": 1} for number in range(400)]
    task = machine({"T": {"Type": "Task", "Resource": "r", "Retry": retry, "End": True}})
    execution, first = engine.start(engine.create(task))
    advanced = engine.advance(first)
    assert advanced is not None
    engine.answer(advanced[0], Raised("E399", None))
    (operation,) = engine.operations(execution)
    assert jsontext.loads(operation.counters) == [0] * 399 + [1]


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_name_that_no_column_holds_is_refused_or_unknown_but_no_fault_of_the_driver(
    engine: Engine, store: Store, name: str
) -> None:
    try:
        found = store.machines.find(name)
    except UnstorableValue:
        found = None
    assert found is None
    assert store.machines.page(per_page=1) == [], "the connection is as good as before"
