"""Real processes that do the same thing at the same moment, on one database."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any

from asl.language.document import Document
from asl.language.events import Raised, Returned
from asl.settings import Settings
from asl.store.errors import AslError, NameTaken
from asl.store.rows import ExecutionRow, OperationRow
from asl.store.store import open_store
from asl.usecases.services import Services
from asl.usecases.transitions import again

from tests.store.engine import NOW, Engine

PROCESSES = 4
PATIENCE = 20  # seconds until a race that does not come together is given up

_barriers: dict[int, Barrier] = {}
_open: dict[str, Services] = {}


class Racers:
    """Processes that are started once and race many times."""

    def __enter__(self) -> Racers:
        context = multiprocessing.get_context("spawn")
        barriers = {parties: context.Barrier(parties) for parties in (2, 3, PROCESSES)}
        self._pool = ProcessPoolExecutor(PROCESSES, context, _remember, (barriers,))
        return self

    def __exit__(self, *_fault: object) -> None:
        self._pool.shutdown()

    def race(self, *runs: tuple[Callable[..., Any], Sequence[Any]]) -> list[Any]:
        """Run the functions, each in a process of its own that was told how many there are."""
        futures = [self._pool.submit(run, len(runs), *arguments) for run, arguments in runs]
        return [future.result(PATIENCE * 2) for future in futures]


def _remember(barriers: dict[int, Barrier]) -> None:
    _barriers.update(barriers)


def _together(parties: int) -> None:
    _barriers[parties].wait(PATIENCE)


def _services(url: str) -> Services:
    if url not in _open:
        for services in _open.values():
            services.store.database.close()
        _open.clear()
        _open[url] = Services(Settings(database_url=url), "app")
    return _open[url]


def _engine(url: str) -> Engine:
    return Engine(_services(url))


def accept_all(parties: int, url: str, rows: Sequence[ExecutionRow]) -> list[str]:
    """Accept each run at the same moment as the others: its first operation, or ''."""
    engine, won = _engine(url), []
    for row in rows:
        _together(parties)
        try:
            won.append(engine.accept(row))
        except NameTaken:
            won.append("")
    return won


def create_all(parties: int, url: str, names: Sequence[str]) -> list[str]:
    engine, won = _engine(url), []
    for name in names:
        _together(parties)
        try:
            won.append(engine.create(name=name))
        except NameTaken:
            won.append("")
    return won


def update_all(parties: int, url: str, machine_id: str, times: int) -> list[int]:
    machines = _services(url).store.machines
    versions = []
    for _ in range(times):
        _together(parties)
        updated = machines.update(machine_id, "{}", NOW)
        versions.append(0 if updated is None else updated.active_version)
    return versions


def advance_all(
    parties: int, url: str, operations: Sequence[str], now: int = NOW
) -> list[list[str] | None]:
    """What became ready by each transition, None where there was nothing to claim."""
    engine, became = _engine(url), []
    for operation in operations:
        _together(parties)
        advanced = engine.advance(operation, now)
        became.append(None if advanced is None else advanced[1])
    return became


def answer_all(
    parties: int, url: str, rows: Sequence[OperationRow], error: str | None = None
) -> list[list[str] | None]:
    """The same for calls that come back."""
    engine, became = _engine(url), []
    event = Returned(Document({})) if error is None else Raised(error, "c")
    for row in rows:
        _together(parties)
        advanced = engine.answer(row, event)
        became.append(None if advanced is None else advanced[1])
    return became


def end_all(parties: int, url: str, executions: Sequence[str]) -> list[str]:
    engine, statuses = _engine(url), []
    for execution in executions:
        _together(parties)
        ended = engine.end(execution)
        statuses.append("" if ended is None else ended.status)
    return statuses


def take_lease(parties: int, url: str, names: Sequence[str], holder: str) -> list[bool]:
    due, taken = _services(url).store.due, []
    for name in names:
        _together(parties)
        taken.append(due.take_lease(name, holder, NOW, NOW + 1000))
    return taken


def migrate(parties: int, url: str) -> None:
    _together(parties)
    open_store(url).database.close()


def evict_runs(parties: int, url: str, batches: Sequence[Sequence[str]]) -> int:
    """Close and remove the same runs, batch by batch; how many were removed here."""
    store = _services(url).store
    gone = 0
    for batch in batches:
        _together(parties)
        again(partial(store.shipping.close, store.shipping.ended(batch), NOW))
        gone += again(partial(store.eviction.evict, batch))
    return gone


def evict_all(parties: int, url: str, machine_ids: Sequence[str]) -> list[int]:
    """Delete each machine and evict at once, while others start runs of it."""
    store, gone = _services(url).store, []
    for id_ in machine_ids:
        _together(parties)
        store.machines.delete(id_, NOW)
        gone.append(store.eviction.evict_machines())
    return gone


def start_all(parties: int, url: str, machine_ids: Sequence[str]) -> list[str]:
    """Start a run of each machine, whose definition is known already: its status after that."""
    engine, became = _engine(url), []
    for id_ in machine_ids:
        row = engine.row(id_)
        _services(url).definitions.machine(id_, 1)
        _together(parties)
        try:
            engine.accept(row)
            became.append("accepted")
        except AslError as refusal:
            became.append(type(refusal).__name__)
    return became


def drain_all(parties: int, url: str, seed: int, ends: Sequence[str]) -> dict[str, int]:
    """Take whatever is due until nothing is, as many runners do; end some runs on the way."""
    engine, store = _engine(url), _services(url).store
    made, conflicts, to_end = 0, 0, list(ends)
    _together(parties)
    while due := store.due.operations(NOW, 16):
        shift = seed * len(due) // parties
        for operation in due[shift:] + due[:shift]:
            advanced = engine.advance(operation)
            if advanced is not None:
                made += 1
        if to_end:
            engine.end(to_end.pop())
    return {"made": made, "conflicts": conflicts}


def write_all(parties: int, url: str, machine_id: str, times: int) -> int:
    """Start and finish runs as fast as it goes; how many transitions were made."""
    engine = _engine(url)
    _together(parties)
    return sum(engine.drain(engine.start(machine_id)[1]) for _ in range(times))


class Held:
    """A transition made in a thread of its own and not committed until `let_go`."""

    def __init__(self, engine: Engine, operation: str) -> None:
        self._entered, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(engine, operation))

    def __enter__(self) -> Held:
        self._thread.start()
        assert self._entered.wait(PATIENCE)
        return self

    def let_go(self) -> None:
        self._leave.set()
        self._thread.join(PATIENCE)

    def __exit__(self, *_fault: object) -> None:
        self.let_go()

    def _hold(self, engine: Engine, operation: str) -> None:
        with engine.store.database.transaction():
            claim = engine.store.claims.claim(operation, NOW)
            assert claim is not None
            assert claim.event is not None
            engine.commit(claim, claim.event)
            self._entered.set()
            assert self._leave.wait(PATIENCE)
        engine.store.database.close()


def reserve_all(parties: int, url: str, operations: Sequence[str], limit: int) -> list[bool]:
    """Take a slot for a runner of each operation, at the same moment as the others."""
    runners, taken = _services(url).store.runners, []
    for operation in operations:
        _together(parties)
        taken.append(runners.reserve(operation, NOW, NOW + 1000, limit))
    return taken
