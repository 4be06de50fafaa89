"""What is deployed: held in memory, kept in one JSON file, so that ids outlive a restart."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError
from gateway.models import App, Fn, Trigger


class Tables:
    """Apps, functions and triggers by id.

    Each change writes the file (replaced as a whole, never half) and then calls ``changed``.
    Raises GatewayError when the file is there and cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = 0
        self._sources: dict[tuple[str, str], str] = {}
        self.changed: Callable[[], None] = lambda: None
        self.apps: dict[str, App] = {}
        self.fns: dict[str, Fn] = {}
        self.triggers: dict[str, Trigger] = {}
        self._load()

    def app_named(self, name: str) -> App | None:
        return next((app for app in self.apps.values() if app.name == name), None)

    def fn_named(self, app_id: str, name: str) -> Fn | None:
        fns = (fn for fn in self.fns.values() if fn.app_id == app_id and fn.name == name)
        return next(fns, None)

    def fn_at(self, app_name: str, source: str) -> str | None:
        """The id of the function behind ``/t/<app_name><source>``: an exact match, or None."""
        return self._sources.get((app_name, source))

    def put(self, record: App | Fn | Trigger) -> None:
        """Adds the record, or replaces the one with its id."""
        match record:
            case App():
                self.apps[record.id] = record
            case Fn():
                self.fns[record.id] = record
            case Trigger():
                self.triggers[record.id] = record
        self._commit()

    def remove(self, record: App | Fn | Trigger) -> None:
        """Takes the record away, and what belongs to it: an app's functions, their triggers."""
        with self.batch():
            match record:
                case App():
                    del self.apps[record.id]
                    self._remove_all([fn for fn in self.fns.values() if fn.app_id == record.id])
                case Fn():
                    del self.fns[record.id]
                    self._remove_all([t for t in self.triggers.values() if t.fn_id == record.id])
                case Trigger():
                    del self.triggers[record.id]

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Many changes, one write, one call of ``changed``; neither if an error ends it."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        self._commit()

    def _remove_all(self, records: Sequence[Fn | Trigger]) -> None:
        for record in records:
            self.remove(record)

    def _commit(self) -> None:
        if self._held:
            return
        self._index()
        self._save()
        self.changed()

    def _index(self) -> None:
        self._sources = {
            (self.apps[trigger.app_id].name, trigger.source): trigger.fn_id
            for trigger in self.triggers.values()
        }

    def _save(self) -> None:
        tables = {
            "apps": [asdict(app) for app in self.apps.values()],
            "fns": [asdict(fn) for fn in self.fns.values()],
            "triggers": [asdict(trigger) for trigger in self.triggers.values()],
        }
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(tables, indent=1, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._path)

    def _load(self) -> None:
        if not self._path.exists():
            return
        try:
            tables: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            self.apps = {row["id"]: App(**_with_tuples(row)) for row in tables["apps"]}
            self.fns = {row["id"]: Fn(**_with_tuples(row)) for row in tables["fns"]}
            self.triggers = {row["id"]: Trigger(**row) for row in tables["triggers"]}
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayError(f"cannot read {self._path}: {error!r}") from error
        self._index()


def _with_tuples(row: dict[str, Any]) -> dict[str, Any]:
    return row | {key: tuple(row[key]) for key in ("deployed_config", "deployed_annotations")}
