"""Runs a definition in memory against scripted tasks, in virtual time."""

import json
from random import Random

from asl.language.document import Document
from asl.language.effects import Call, Offer, ReadItems, WriteResults
from asl.language.errors import ITEM_READER_FAILED, DefinitionError
from asl.language.events import (
    ItemsRead,
    Raised,
    ResultsWritten,
    Returned,
    Submitted,
    Taken,
    TimedOut,
)
from asl.language.item_request import ReadItem
from asl.language.items.formats import items_of
from asl.language.items.reading import BadObject
from asl.language.machine import STANDARD, parse_machine
from asl.language.resources import FUNCTIONS
from asl.language.run import Run
from asl.language.visit import ExecutionContext

START = 1_700_000_000_000  # ms; 2023-11-14T22:13:20Z
LONGEST = 10_000  # transitions, calls and waits before a case counts as endless


def context(input_):
    return ExecutionContext(
        id="arn:aws:states:us-east-1:000000000000:execution:machine:run",
        name="run",
        input=Document(input_),
        started_at=START,
        machine_id="arn:aws:states:us-east-1:000000000000:stateMachine:machine",
        machine_name="machine",
        role_arn="arn:aws:iam::000000000000:role/states",
    )


def parse(given):
    services = given.get("services", FUNCTIONS)
    return parse_machine(
        given["definition"],
        given.get("type", STANDARD),
        given.get("registry"),
        services=None if services == "any" else services,
        variables=given.get("variables", ()),
    )


def play(given):
    """Answers what a case may expect of a definition, an input and what its tasks answer.

    given: definition, input ({}), and of the machine type, registry, services, variables.
    tasks: by function (or activity, or service:action) a list of answers, the last one for all
    further calls: {"return": value}, {"return_length": of a text}, {"raise": [error, cause]},
    {"lose": "heartbeat"}, each also with {"take": seconds or "forever"}; {"worker": name} of an
    activity that is taken first; {"signal": answer} is what the token brings after the call was
    answered. A task without a script returns what it was given. objects: texts by URI, which a
    Distributed Map may read.
    """
    try:
        machine = parse(given)
    except DefinitionError as faults:
        return {"diagnostics": [_diagnostic(fault) for fault in faults.diagnostics]}
    world = _World(Run(machine, context(given.get("input", {})), Random(0), START), given)
    for _ in range(LONGEST):
        if world.turn():
            return _told(world, machine)
    raise AssertionError("the run does not end")


class _World:
    """What surrounds a run: its clock, and tasks that answer by their script."""

    def __init__(self, run, given):
        self.run = run
        self.now = START
        self.requests = []
        self._tasks = given.get("tasks", {})
        self._objects = given.get("objects", {})
        self._answered = {}
        self._coming = []  # (moment, order, calling, event)
        self._order = 0

    def turn(self):
        """Let the run go on as far as it can, then let the next thing happen; whether it ended."""
        for calling in self.run.advance(self.now):
            self._answer(calling)
        if self.run.outcome is not None:
            return True
        self._coming.sort(key=lambda entry: entry[:2])
        due = self.run.due
        if self._coming and (due is None or self._coming[0][0] <= due):
            self.now, _, calling, event = self._coming.pop(0)
            self.run.answer(calling, event)
        elif due is not None:
            self.now = due
        else:
            raise AssertionError("the run waits for nothing")
        return False

    def _answer(self, calling):
        if isinstance(calling.work, (ReadItems, WriteResults)):
            self._come(self.now, calling, self._ask_store(calling.work))
            return
        name, payload = _asked(calling.work)
        self.requests.append({"task": name, "payload": payload})
        script = self._tasks.get(name, [{"return": payload}])
        nth = self._answered[name] = self._answered.get(name, -1) + 1
        answer = script[min(nth, len(script) - 1)]
        at = self.now
        if "worker" in answer:
            self._come(at, calling, Taken(answer["worker"]))
        if "signal" in answer:
            self._come(at, calling, Submitted(Document(answer.get("return", {}))))
            answer = answer["signal"]
        take = answer.get("take", 0)
        if take != "forever":
            self._come(at + take * 1000, calling, _event(answer))

    def _ask_store(self, asked):
        self.requests.append({"store": asked.request.uri})
        if isinstance(asked, WriteResults):
            return ResultsWritten(None, {})
        return _read(self._objects.get(asked.request.uri, ""), asked)

    def _come(self, at, calling, event):
        self._order += 1
        self._coming.append((at, self._order, calling, event))


def _read(text, asked):
    data, place = text.encode(), asked.cursor
    rest = data[place["offset"] if place else 0 :]
    read = []
    try:
        for element in items_of(asked.request, [rest], place):
            if len(read) == asked.limit:
                return ItemsRead(read, ended=False)
            read.append(ReadItem(element.value, element.place, element.key))
    except BadObject as fault:
        return Raised(ITEM_READER_FAILED, str(fault))
    return ItemsRead(read, ended=True)


def _asked(call):
    if isinstance(call, Call):
        request = call.request
        name = f"{request.app}/{request.function}" if request.app else request.function
        return name, request.payload.value
    if isinstance(call, Offer):
        return call.activity, call.arguments.value
    return f"{call.service}:{call.action}{call.pattern}", call.arguments.value


def _event(answer):
    if "raise" in answer:
        return Raised(*answer["raise"])
    if "lose" in answer:
        return TimedOut(heartbeat=answer["lose"] == "heartbeat")
    value = "x" * answer["return_length"] if "return_length" in answer else answer["return"]
    return Returned(Document(value), call_id=answer.get("call_id", ""))


def _diagnostic(fault):
    told = {"code": fault.code, "message": fault.message}
    return told | ({"location": fault.location} if fault.location else {})


def _told(world, machine):
    run = world.run
    told = {
        "events": [record.type for record in run.records],
        "history": [f"{r.id}<-{r.previous} {r.type}" for r in run.records],
        "details": {str(r.id): r.details for r in run.records if r.details is not None},
        "waited": (world.now - START) / 1000,
        "requests": world.requests,
        "warnings": [_diagnostic(warning) for warning in machine.warnings],
        "references": machine.variable_references(),
    }
    if run.outcome.output is not None:
        told["output"] = json.loads(run.outcome.output.text)
        told["output_text"] = run.outcome.output.text
    else:
        told["error"], told["cause"] = run.outcome.error, run.outcome.cause
    return told
