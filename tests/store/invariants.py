"""What must hold of the whole database at any time between two transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from asl.language import jsontext
from asl.store.rows import ENDED, LIVE, Awaiting, OperationRow, Status, operation_from
from asl.store.store import Store

from tests.store.history_rules import check_history_rules

RUNNING = (Status.PENDING, Status.EXECUTING)
HAVE_MAP_RUN = (Awaiting.BRANCHES, Awaiting.RESULT, Awaiting.FAILURE, Awaiting.QUEUE)
OF_EXECUTION = ("operation", "history", "map_run", "queue_entry")
OF_MACHINE = ("execution", "state_machine_version", "published_version", "alias")


def check_invariants(store: Store) -> None:
    """Assert them all; reads every row, so it is for tests."""
    _check_orphans(store)
    _check_queues(store)
    histories = _histories(store)
    operations = _operations(store)
    executions = _rows(store, "execution")
    closed = {e["id"] for e in executions if e["shipped_at"] and not e["root_execution"]}
    for execution in executions:
        id_ = execution["id"]
        if (execution["root_execution"] or id_) in closed:  # it is being removed, last rows first
            assert execution["ended_at"] is not None
            continue
        _check_history(execution, histories[id_])
        check_history_rules(execution, histories[id_])
        if execution["root_execution"] is not None:
            _check_child(execution, operations[execution["root_execution"]])
            continue
        _check_execution(execution, operations[id_])
        for operation in operations[id_]:
            _check_operation(operation)
        _check_branches(operations[id_])
        _check_map_runs(store, operations[id_])


def _check_orphans(store: Store) -> None:
    for tables, column, owner in (
        (OF_EXECUTION, "execution_id", "execution"),
        (OF_MACHINE, "state_machine_id", "state_machine"),
    ):
        for table in tables:
            orphans = store.database.execute(
                f"SELECT COUNT(*) FROM {table} WHERE NOT EXISTS "
                f"(SELECT 1 FROM {owner} WHERE {owner}.id = {table}.{column})"
            ).fetchone()[0]
            assert orphans == 0, f"{orphans} rows of {table} belong to no {owner}"
    machines = {row["id"]: row["active_version"] for row in _rows(store, "state_machine")}
    versions = {(row["state_machine_id"], row["number"]) for row in _rows(store, VERSIONS)}
    assert versions >= set(machines.items()), "an active version is missing"


VERSIONS = "state_machine_version"


def _check_queues(store: Store) -> None:
    """Who has a place or waits for one has not ended; who waits has an operation that does."""
    queued = "SELECT execution_id FROM operation WHERE status = 'Pending' AND awaiting = 'queue'"
    held = {id_ for (id_,) in store.database.execute(queued).fetchall()}
    status = {row["id"]: row["status"] for row in _rows(store, "execution")}
    for entry in _rows(store, "queue_entry"):
        id_ = entry["execution_id"]
        assert status[id_] in RUNNING, f"{id_} has ended, but keeps its place in a queue"
        assert bool(entry["admitted"]) == (id_ not in held), f"{id_}: {entry}"
        held.discard(id_)
    assert not held, f"{held} wait in no queue"


def _check_history(execution: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    next_id = 1
    for row in sorted(rows, key=lambda row: row["first"]):
        assert row["first"] == next_id, f"{execution['id']}: event ids have a gap at {next_id}"
        for type_, previous, _at, _details in jsontext.loads(row["events"]):
            assert 0 <= previous < next_id, f"{type_} {next_id} follows {previous}"
            next_id += 1
    assert execution["events"] == next_id - 1


def _check_execution(execution: dict[str, Any], operations: Sequence[OperationRow]) -> None:
    id_, status = execution["id"], execution["status"]
    numbers = [operation.number for operation in operations]
    assert numbers == list(range(1, execution["operations"] + 1)), f"{id_}: {numbers}"
    live = [operation for operation in operations if operation.status in LIVE]
    if status in RUNNING:
        assert execution["ended_at"] is None
        assert any(operation.parent == 0 for operation in live), f"{id_} runs, but nothing is live"
    else:
        assert status in ENDED
        assert execution["ended_at"] is not None
        assert execution["due_at"] is None
        assert live == [], f"{id_} has ended, but {[row.id for row in live]} are live"


def _check_child(execution: dict[str, Any], operations: Sequence[OperationRow]) -> None:
    """A child of a Map Run goes on as long as an operation of it does."""
    id_ = execution["id"]
    own = [row for row in operations if row.child_execution == id_]
    live = [row for row in own if row.status in LIVE]
    assert own, f"{id_} has no operations"
    assert (execution["ended_at"] is None) == (execution["status"] in RUNNING)
    assert bool(live) == (execution["status"] in RUNNING), f"{id_}: {execution['status']}"


def _check_map_runs(store: Store, operations: Sequence[OperationRow]) -> None:
    """A Map Run goes on as long as its state does, and no longer."""
    for row in operations:
        run = None if row.map_run_id is None else store.map_runs.find(row.map_run_id)
        if run is None:
            assert row.map_run_id is None, f"{row.id} has a Map Run that is not there"
        elif row.awaiting in HAVE_MAP_RUN:
            assert (run.status == "RUNNING") == (row.status in LIVE), f"{row.id}: {run}"
        else:
            assert run.status != "RUNNING", f"{row.id} has left its Map Run behind"


def _check_operation(row: OperationRow) -> None:
    if row.status in ENDED:
        assert row.ended_at is not None, row
        assert row.due_at is None, row
    else:
        assert row.ended_at is None, row
        assert not row.ends, row
    if row.status == Status.EXECUTING:
        assert row.awaiting == Awaiting.RESULT, row
        assert row.due_at is not None, row
    if row.entered_event:
        assert row.previous_event < row.entered_event <= row.last_event, row


def _check_branches(operations: Sequence[OperationRow]) -> None:
    by_number = {row.number: row for row in operations}
    below: dict[int, list[OperationRow]] = defaultdict(list)
    for row in operations:
        if row.parent:
            assert row.parent in by_number, f"{row.id} has a parent that is not there"
            assert row.parent < row.number
            below[row.parent].append(row)
    for row in operations:
        if row.status in LIVE and row.parent:
            assert by_number[row.parent].status == Status.WAITING, f"{row.id} outlives its parent"
        if row.status == Status.WAITING and row.awaiting == Awaiting.BRANCHES:
            _check_waiting(row, [c for c in below[row.number] if c.parent_round == row.round])
        elif row.status == Status.PENDING and row.due_at is None and not _is_queued(row):
            parent = by_number[row.parent]
            next_number = parent.first_child + parent.released
            assert row.number >= next_number, f"{row.id} is held, but was released"


def _is_queued(row: OperationRow) -> bool:
    """Whether it waits for the turn of its run."""
    return row.awaiting == Awaiting.QUEUE


def _check_waiting(parent: OperationRow, children: Sequence[OperationRow]) -> None:
    """A Parallel or Map that waits for branches: each ended one is counted, and one is at work."""
    borne = parent.map_run_id is not None
    succeeded = [row.branch for row in children if row.ends and row.status == Status.SUCCEEDED]
    assert len(set(succeeded)) == len(succeeded), f"{parent.id}: a branch ended twice"
    newest = {row.branch: row for row in children}.values()  # a redriven branch goes on in new rows
    ended = [row for row in newest if row.ends and (borne or row.status == Status.SUCCEEDED)]
    assert parent.pending == parent.opened - len(ended), f"{parent.id}: {parent.pending} pending"
    assert parent.pending > 0, f"{parent.id} was not woken"
    live = [row for row in children if row.status in LIVE]
    assert len({row.branch for row in live}) == len(live), f"{parent.id}: a branch is live twice"
    assert len(live) == parent.pending, f"{parent.id}: a branch was lost"
    held = [row for row in live if row.status == Status.PENDING and row.due_at is None]
    held = [row for row in held if not _is_queued(row)]
    assert len(held) == parent.opened - parent.released, f"{parent.id}: {len(held)} held"
    assert len(held) < len(live), f"{parent.id}: all are held, nobody will release them"


def _rows(store: Store, table: str) -> list[dict[str, Any]]:
    cursor = store.database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _histories(store: Store) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(store, "history"):
        found[row["execution_id"]].append(row)
    return found


def _operations(store: Store) -> dict[str, list[OperationRow]]:
    found: dict[str, list[OperationRow]] = defaultdict(list)
    statement = store.database.sql("SELECT * FROM operation ORDER BY execution_id, number")
    for values in store.database.execute(statement).fetchall():
        row = operation_from(values)
        found[row.execution_id].append(row)
    return found
