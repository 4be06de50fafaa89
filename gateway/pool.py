"""The hot processes of one function, and the room that all functions share."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Coroutine
from itertools import islice
from typing import Any

from gateway import errors
from gateway.errors import FnError
from gateway.process import FunctionProcess, Launcher, Runtime

# A call that has waited this long (s) makes its function one process more.
GROW_AFTER = 0.005
# More processes that start at the same time only make each other late.
MOST_STARTING = max(2, os.cpu_count() or 2)


class Pool:
    """Hands out processes, the most recently used first; calls wait in line without limit."""

    def __init__(self, runtime: Runtime, room: "Room") -> None:
        self.runtime = runtime
        self.idle: list[FunctionProcess] = []
        self.busy: set[FunctionProcess] = set()
        self.starting = 0
        self._waiters: deque[asyncio.Future[FunctionProcess]] = deque()
        self._retired = False
        self._room = room
        self._loop = asyncio.get_running_loop()

    @property
    def size(self) -> int:
        return len(self.idle) + len(self.busy) + self.starting

    @property
    def waiting(self) -> int:
        """How many calls wait for a process."""
        return sum(not waiter.done() for waiter in self._waiters)

    async def acquire(self) -> FunctionProcess:
        """A process for one call; give it back with ``release``.

        Raises FnError when none could be started, the function was removed meanwhile, or (in
        the mode that does not wait) there is no room.
        """
        if self.idle:
            process = self.idle.pop()
            process.wake()
            self.busy.add(process)
            return process
        self._room.refuse_if_full(self)
        waiter: asyncio.Future[FunctionProcess] = self._loop.create_future()
        self._waiters.append(waiter)
        grow_later = self._loop.call_later(GROW_AFTER if self.size else 0, self.grow)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self.release(waiter.result(), usable=True)
            raise
        finally:
            grow_later.cancel()

    def release(self, process: FunctionProcess, *, usable: bool) -> None:
        """Takes a process back. One that is of no use any more, or out of date, ends here."""
        self.busy.discard(process)
        fit = usable and not process.dead and process.runtime == self.runtime and not self._retired
        if fit and not self._room.should_yield(self):
            self._offer(process)
            return
        process.end()
        self._room.changed()
        self.grow()

    def grow(self) -> None:
        """Starts a process for the calls that wait, if more wait than processes are starting."""
        waiting = (True for waiter in self._waiters if not waiter.done())
        if sum(islice(waiting, self.starting + 1)) > self.starting and self._room.admits(self):
            self.starting += 1
            self._room.run(self._start())

    def end_idle(self, process: FunctionProcess) -> None:
        if process in self.idle:
            self.idle.remove(process)
            process.end()

    def renew(self, runtime: Runtime) -> None:
        """From now on only processes of this runtime serve; running calls finish on the old."""
        if runtime != self.runtime:
            self.runtime = runtime
            self._end_all_idle()
            self.grow()

    def retire(self) -> None:
        """The function is gone: running calls finish, waiting ones are refused."""
        self._retired = True
        self._end_all_idle()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(FnError(errors.FN_NOT_FOUND))
        self._waiters.clear()

    async def _start(self) -> None:
        runtime = self.runtime
        try:
            process = await self._room.launch(runtime, self._forget_dead)
        except FnError as error:
            self.starting -= 1
            self._refuse_one(error)
            self._room.changed()
            self.grow()
            return
        self.starting -= 1
        self.release(process, usable=True)
        self._room.changed()

    def _offer(self, process: FunctionProcess) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.busy.add(process)
                waiter.set_result(process)
                return
        self.idle.append(process)
        process.rest(lambda: self._end_idle_for_good(process))
        self._room.changed()

    def _refuse_one(self, error: FnError) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)
                return

    def _end_idle_for_good(self, process: FunctionProcess) -> None:
        self.end_idle(process)
        self._room.changed()

    def _end_all_idle(self) -> None:
        for process in list(self.idle):
            self.end_idle(process)
        self._room.changed()

    def _forget_dead(self) -> None:
        for process in [process for process in self.idle if process.dead]:
            self.end_idle(process)
        self._room.changed()


class Room:
    """How many processes there may be, in all and of one function, and who goes when it is full."""

    def __init__(self, launcher: Launcher, *, most: int, most_of_one: int, waits: bool) -> None:
        self._launcher = launcher
        self._most = most
        self._most_of_one = most_of_one
        self._waits = waits
        self._starved: dict[Pool, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.pools: dict[str, Pool] = {}
        self.closed = False

    def pool(self, fn_id: str, runtime_of: Callable[[str], Runtime]) -> Pool:
        """The pool of a function; ``runtime_of`` says what it runs when there is none yet."""
        pool = self.pools.get(fn_id)
        if pool is None:
            pool = self.pools[fn_id] = Pool(runtime_of(fn_id), self)
        return pool

    def refuse_if_full(self, pool: Pool) -> None:
        """In the mode that does not wait, raises FnError 503 as a non-blocking Fn server does."""
        if self._waits or self._has_room() or self._idle_of_others(pool):
            return
        raise FnError(errors.SERVER_TOO_BUSY)

    def admits(self, pool: Pool) -> bool:
        """Whether the pool may start a process; an idle one of another function makes room."""
        if self.closed or (self._most_of_one and pool.size >= self._most_of_one):
            return False
        if sum(other.starting for other in self.pools.values()) >= MOST_STARTING:
            self._starved[pool] = None
            return False
        if self._has_room():
            return True
        idle = self._idle_of_others(pool)
        if not idle:
            self._starved[pool] = None
            return False
        owner, victim = min(idle, key=lambda item: item[1].idle_since)
        owner.end_idle(victim)
        return True

    def should_yield(self, pool: Pool) -> bool:
        """Whether a function that has nothing at all waits while this one has several."""
        return pool.size >= 1 and any(
            other is not pool and other.size == 0 and other.waiting for other in self._starved
        )

    def changed(self) -> None:
        """A process has ended or become idle: those who found no room may try again."""
        starved, self._starved = self._starved, {}
        for pool in sorted(starved, key=lambda pool: pool.size > 0):
            pool.grow()

    async def launch(self, runtime: Runtime, on_exit: Callable[[], None]) -> FunctionProcess:
        return await self._launcher.launch(runtime, on_exit)

    def run(self, start: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(start)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """No process is started any more."""
        self.closed = True
        for task in self._tasks:
            task.cancel()

    def _has_room(self) -> bool:
        return sum(pool.size for pool in self.pools.values()) < self._most

    def _idle_of_others(self, pool: Pool) -> list[tuple[Pool, FunctionProcess]]:
        others = (other for other in self.pools.values() if other is not pool)
        return [(other, process) for other in others for process in other.idle]
