"""When functions are due: schedules, and an agenda that a clock is passed to. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from croniter import croniter

ANNOTATION = "states/schedule"
_EVERY = re.compile(r"every\s+([1-9]\d{0,8})\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ScheduleError(ValueError):
    """A text that is no schedule."""


class Schedule(Protocol):
    def after(self, moment: datetime) -> datetime:
        """The next due time strictly after the moment."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Due again a fixed time after each start."""

    period: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.period


@dataclass(frozen=True, slots=True)
class Cron:
    """Due when the clock (in the time zone of the moments passed: UTC) matches the expression."""

    expression: str

    def after(self, moment: datetime) -> datetime:
        following: datetime = croniter(self.expression, moment).get_next(datetime)
        return following


def parse_schedule(text: object) -> Schedule:
    """``every 60s`` (s, m, h, d) or a cron expression; raises ScheduleError for anything else."""
    if not isinstance(text, str):
        raise ScheduleError(f"a schedule must be text, not {text!r}")
    every = _EVERY.fullmatch(text.strip())
    if every:
        return Every(timedelta(seconds=int(every[1]) * _UNITS[every[2]]))
    if not croniter.is_valid(text):
        raise ScheduleError(f"{text!r} is neither 'every 60s' nor a cron expression")
    return Cron(text)


@dataclass(slots=True)
class _Entry:
    text: object
    schedule: Schedule | None
    due: datetime
    running: bool = False


class Agenda:
    """Which functions are due. A new one is due at once; one that still runs is passed over."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def update(self, schedules: Mapping[str, object], now: datetime) -> list[str]:
        """Takes the schedules of all functions by key; returns what is wrong with new ones."""
        problems = []
        for key in self._entries.keys() - schedules.keys():
            del self._entries[key]
        for key, text in schedules.items():
            old = self._entries.get(key)
            if old and old.text == text:
                continue
            try:
                schedule = parse_schedule(text)
            except ScheduleError as error:
                problems.append(f"{key}: {error}")
                self._entries[key] = _Entry(text, None, now)
                continue
            self._entries[key] = _Entry(
                text, schedule, schedule.after(now) if old else now, bool(old and old.running)
            )
        return problems

    def due(self, now: datetime) -> list[str]:
        """The functions to start now. A time that was missed is not made up for."""
        started = []
        for key, entry in self._entries.items():
            if entry.schedule is None or entry.due > now:
                continue
            entry.due = entry.schedule.after(now)
            if not entry.running:
                entry.running = True
                started.append(key)
        return started

    def finished(self, key: str) -> None:
        """The function may be started again."""
        if key in self._entries:
            self._entries[key].running = False

    def failed(self, key: str, again: datetime) -> None:
        """The function is to be started again at that moment, unless it is due before."""
        self.finished(key)
        if key in self._entries:
            self._entries[key].due = min(self._entries[key].due, again)

    def next_due(self) -> datetime | None:
        return min((e.due for e in self._entries.values() if e.schedule), default=None)
