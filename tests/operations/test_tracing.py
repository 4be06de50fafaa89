"""The trace of an execution: taken from whoever starts it, handed to every task."""

import pytest
from asl.usecases.create import Create, create
from asl.usecases.invoke import Invoke, invoke
from asl.usecases.tracing import new_trace, read_traceparent, trace_id, traceparent_of

from tests.protocol.world import MINUTE

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{PARENT}-01"
TASK = {"Type": "Task", "Resource": "fn:resize"}

# From the rules and examples of https://www.w3.org/TR/trace-context-2/#traceparent-header
HEADERS = [
    (GIVEN, GIVEN),
    (f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-00"),
    (f"00-{TRACE}-{PARENT}-ff", f"00-{TRACE}-{PARENT}-03"),
    (f"cc-{TRACE}-{PARENT}-01", GIVEN),
    (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", GIVEN),
    (f"cc-{TRACE}-{PARENT}-01.what-the-future-will-be-like", ""),
    (f"00-{TRACE}-{PARENT}-01-what-the-future-will-be-like", ""),
    (f"00-{TRACE}-{PARENT}-01-", ""),
    (f"ff-{TRACE}-{PARENT}-01", ""),
    (f"00-{'0' * 32}-{PARENT}-01", ""),
    (f"00-{TRACE}-{'0' * 16}-01", ""),
    (f"00-{TRACE.upper()}-{PARENT}-01", ""),
    (f"00-{TRACE[:-1]}-{PARENT}-01", ""),
    (f"00-{TRACE}-{PARENT}-1", ""),
    (f"00-{TRACE}-{PARENT}", ""),
    (f" {GIVEN}", ""),
    (f"{GIVEN}\n", ""),
    ([GIVEN, GIVEN], ""),
    ("", ""),
    (None, ""),
]


@pytest.mark.parametrize(("header", "kept"), HEADERS, ids=lambda value: str(value)[:60])
def test_a_header_is_taken_by_the_rules_of_w3c_and_a_bad_one_is_none(header, kept):
    assert read_traceparent(header) == kept


def test_every_attempt_has_a_span_of_its_own_and_a_redelivery_the_same():
    sent = [traceparent_of(GIVEN, "run.1", attempt) for attempt in (1, 2, 1)]

    assert sent[0] == sent[2] != sent[1]
    assert traceparent_of(GIVEN, "run.2", 1) not in sent
    for header in sent:
        assert read_traceparent(header) == header
        assert trace_id(header) == TRACE
        assert header.split("-")[2] != PARENT


def test_a_trace_that_begins_here_is_sound_and_sampled(world):
    trace = new_trace(world.services.random)
    sent = traceparent_of(trace, "run.1", 1)

    assert len(trace) == 55
    assert read_traceparent(trace) == "", "it has no parent yet, so it is not to be sent itself"
    assert read_traceparent(sent) == sent
    assert trace_id(sent) == trace_id(trace)


def test_an_execution_without_a_trace_sends_none():
    assert traceparent_of("", "run.1", 1) == ""
    assert trace_id("") is None


def started(world, definition, trace="", **more):
    machine = create(Create(definition=definition, **more), world.services)
    command = Invoke(state_machine=machine["id"], input={})
    answer = invoke(command, world.services, world.now + MINUTE, trace)
    return world.row(answer["execution"])


def sent_by(world):
    """Trace ids that the task functions were sent, by call."""
    return [header.split("-")[1] for header in world.functions.traces]


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_the_tasks_of_a_run_are_sent_its_trace_each_with_its_own_span(world, type_):
    states = {"A": {**TASK, "Next": "B"}, "B": {**TASK, "End": True}}
    started(world, {"StartAt": "A", "States": states}, GIVEN, type=type_)
    world.settle()

    assert sent_by(world) == [TRACE, TRACE]
    assert len(set(world.functions.traces)) == 2


def test_a_retry_is_a_new_span_of_the_same_trace(world):
    world.functions.scripts["resize"] = [{"raise": ["Boom", "it broke"]}, {"return": 1}]
    retry = [{"ErrorEquals": ["Boom"], "MaxAttempts": 1}]
    started(world, {"StartAt": "A", "States": {"A": {**TASK, "Retry": retry, "End": True}}}, GIVEN)
    world.settle()

    assert sent_by(world) == [TRACE, TRACE]
    assert len(set(world.functions.traces)) == 2


def test_a_run_that_was_given_no_trace_gets_one(world):
    row = started(world, {"StartAt": "A", "States": {"A": {**TASK, "End": True}}})
    world.settle()

    assert sent_by(world) == [trace_id(row.trace)]


def test_two_runs_without_a_trace_get_two(world):
    definition = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}
    rows = [started(world, definition) for _ in range(2)]

    assert rows[0].trace != rows[1].trace


def test_a_child_goes_on_in_the_trace_and_the_namespace_of_its_parent(world):
    child = create(
        Create(name="child", definition={"StartAt": "A", "States": {"A": {**TASK, "End": True}}}),
        world.services,
    )
    parent = create(
        Create(
            definition={
                "StartAt": "S",
                "States": {
                    "S": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::states:startExecution.sync:2",
                        "Parameters": {"StateMachineArn": child["name"], "Name": "of-it"},
                        "End": True,
                    }
                },
            }
        ),
        world.services,
    )
    command = Invoke(state_machine=parent["id"], namespace="photos")
    invoke(command, world.services, world.now + MINUTE, GIVEN)
    world.settle()

    row = world.services.store.executions.find_by_name(child["id"], "of-it")
    assert trace_id(row.trace) == TRACE
    assert row.trace != GIVEN
    assert row.namespace == "photos"
    assert sent_by(world) == [TRACE]


def test_items_of_a_distributed_map_go_on_in_its_trace(world):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "A",
        "States": {"A": {**TASK, "End": True}},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "ItemsPath": "$.n", "End": True}
    machine = create(Create(definition={"StartAt": "M", "States": {"M": state}}), world.services)
    command = Invoke(state_machine=machine["id"], input={"n": [1, 2]})
    invoke(command, world.services, world.now + MINUTE, GIVEN)
    world.settle()

    assert sent_by(world) == [TRACE, TRACE]
    assert len(set(world.functions.traces)) == 2
