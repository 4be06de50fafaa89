"""Moves runs on without Fn: claims, decides with the real language, commits. Time is given."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import Record
from asl.language.events import Event, Raised, Returned
from asl.language.step import step
from asl.language.visit import Moment
from asl.store.claims import Claim
from asl.store.executions import Ending
from asl.store.rows import ExecutionRow, OperationRow, Status
from asl.usecases.services import Services
from asl.usecases.tokens import token_of

NOW = 1_800_000_000_000
LEASE = 30_000
ABORTED = Ending(Status.ABORTED, None, None, "ExecutionAborted", {})

Advanced = tuple[OperationRow, list[str]]


def pass_(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


def machine(states: Mapping[str, Any], start_at: str | None = None) -> dict[str, Any]:
    return {"StartAt": start_at or next(iter(states)), "States": states}


PASS = machine({"A": pass_()})
TASK = machine({"Task": {"Type": "Task", "Resource": "resize", "End": True}})


def parallel(*branches: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A machine of one Parallel state; each branch is a mapping of states."""
    branched = [machine(branch) for branch in branches]
    return machine({"P": {"Type": "Parallel", "Branches": branched, "End": True, **fields}})


def map_(states: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return machine({"M": {"Type": "Map", "ItemProcessor": machine(states), "End": True, **fields}})


class Engine:
    """One runner's view of a store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.store = services.store

    def create(self, definition: Mapping[str, Any] = PASS, name: str = "m", **more: Any) -> str:
        """A machine's id."""
        id_ = self._services.new_id()
        self.store.machines.create(
            id_=id_, name=name, type_="STANDARD", definition=jsontext.dumps(definition), now=NOW,
            **more,
        )  # fmt: skip
        return id_

    def row(self, machine_id: str, name: str | None = None, **more: Any) -> ExecutionRow:
        id_ = self._services.new_id()
        values: dict[str, Any] = {
            "id": id_, "state_machine_id": machine_id, "version": 1, "name": name or id_,
            "namespace": "", "queue": "", "status": Status.PENDING, "input": "{}", "output": None,
            "error": None, "cause": None, "retention_days": None, "trace": "", "events": 0,
            "operations": 0, "created_at": NOW, "started_at": None, "ended_at": None,
            "due_at": None,
        }  # fmt: skip
        return ExecutionRow(**{**values, **more})

    def accept(self, row: ExecutionRow) -> str:
        """Accept a run; its first operation's id."""
        definition = self._services.definitions.machine(row.state_machine_id, row.version)
        started = Record(1, 0, "ExecutionStarted", row.created_at)
        return self.store.executions.start(row, definition.start_at, started)

    def start(self, machine_id: str, name: str | None = None, **more: Any) -> tuple[str, str]:
        """Ids of a new run and of its first operation."""
        row = self.row(machine_id, name, **more)
        return row.id, self.accept(row)

    def advance(self, operation_id: str, now: int = NOW) -> Advanced | None:
        """One transition; None: there was nothing to claim."""
        with self.store.database.transaction():
            claim = self.store.claims.claim(operation_id, now)
            if claim is None:
                return None
            if claim.event is None:
                return self.store.commits.retake(claim, now + LEASE), []
            return self.commit(claim, claim.event, now)

    def commit(self, claim: Claim, event: Event, now: int = NOW) -> Advanced:
        run = claim.run
        definition = self._services.definitions.machine(run.state_machine_id, run.version)
        moment = Moment(now, Random(0), run.events + 1)
        decided = step(definition, token_of(claim, self._services), event, moment)
        return self.store.commits.commit(claim, decided, now, LEASE)

    def answer(self, row: OperationRow, event: Event | None = None, now: int = NOW) -> Advanced:
        """Record what came of the call that `row` was left with; None: it is not ours any more."""
        event = event or Returned(Document({}))
        with self.store.database.transaction():
            claim = self.store.claims.reclaim(row.id, row.fence, event)
            return None if claim is None else self.commit(claim, event, now)

    def drain(self, *ready: str, now: int = NOW) -> int:
        """Advance what is given and all that becomes ready; how many transitions were made."""
        waiting, made = list(ready), 0
        while waiting:
            advanced = self.advance(waiting.pop(0), now)
            if advanced is not None:
                made += 1
                waiting.extend(advanced[1])
        return made

    def end(self, execution_id: str, now: int = NOW) -> ExecutionRow | None:
        return self.store.executions.end(execution_id, ABORTED, now)

    def run(self, execution_id: str) -> ExecutionRow:
        found = self.store.executions.find(execution_id)
        assert found is not None
        return found

    def operations(self, execution_id: str) -> list[OperationRow]:
        return list(self.store.executions.operations(execution_id, per_page=10_000))


FAILURE = Raised("Boom", "it broke")
