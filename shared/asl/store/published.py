"""Published versions and the aliases that point at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language import jsontext
from asl.store.database import Database
from asl.store.errors import NameTaken
from asl.store.tables import Alias, PublishedVersion, StateMachine

Routing = Sequence[tuple[int, int]]
"""Number of a published version and its weight; the weights' sum is 100."""


class VersionInUse(Exception):
    """A published version that aliases point at; `aliases` are their names."""

    def __init__(self, aliases: Sequence[str]) -> None:
        super().__init__(", ".join(aliases))
        self.aliases = aliases


@dataclass(frozen=True, slots=True)
class AliasRow:
    """One alias of a machine. Times are ms since epoch."""

    name: str
    description: str
    routing: Routing
    created_at: int
    updated_at: int


class Published:
    """Every verb is one transaction of its own; those that write lock the machine's row."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def publish(
        self, state_machine_id: str, version: int, description: str, now: int
    ) -> PublishedVersion:
        """The number under which `version` is published: the one it has, or the next."""
        with self._db.writing():
            self._lock(state_machine_id)
            of_machine = PublishedVersion.state_machine_id == state_machine_id
            known: PublishedVersion | None = PublishedVersion.get_or_none(
                of_machine, PublishedVersion.version == version, PublishedVersion.deleted == 0
            )
            if known is not None:
                return known
            newest = (
                PublishedVersion.select(PublishedVersion.number)
                .where(of_machine)
                .order_by(PublishedVersion.number.desc())
                .first()
            )
            published = PublishedVersion(
                state_machine_id=state_machine_id,
                number=1 if newest is None else newest.number + 1,
                version=version,
                description=description,
                deleted=False,
                created_at=now,
            )
            published.save(force_insert=True)
        return published

    def find(self, state_machine_id: str, number: int) -> PublishedVersion | None:
        with self._db.reading():
            found: PublishedVersion | None = PublishedVersion.get_or_none(
                PublishedVersion.state_machine_id == state_machine_id,
                PublishedVersion.number == number,
                PublishedVersion.deleted == 0,
            )
        return found

    def page(
        self, state_machine_id: str, *, per_page: int, before: int | None = None
    ) -> Sequence[PublishedVersion]:
        """Newest first; `before` is the number of the last one of the page before."""
        query = PublishedVersion.select().where(
            PublishedVersion.state_machine_id == state_machine_id, PublishedVersion.deleted == 0
        )
        if before is not None:
            query = query.where(PublishedVersion.number < before)
        with self._db.reading():
            return list(query.order_by(PublishedVersion.number.desc()).limit(per_page))

    def delete(self, state_machine_id: str, number: int) -> None:
        """Forget a published version; VersionInUse while an alias points at it."""
        with self._db.writing():
            self._lock(state_machine_id)
            using = [row.name for row in self._aliases(state_machine_id) if _points(row, number)]
            if using:
                raise VersionInUse(using)
            PublishedVersion.update(deleted=True).where(
                PublishedVersion.state_machine_id == state_machine_id,
                PublishedVersion.number == number,
            ).execute()

    def create_alias(self, state_machine_id: str, row: AliasRow) -> None:
        """NameTaken when the machine has an alias of this name."""
        with self._db.writing():
            self._lock(state_machine_id)
            if self._alias(state_machine_id, row.name) is not None:
                raise NameTaken(row.name)
            Alias.insert(
                state_machine_id=state_machine_id,
                name=row.name,
                description=row.description,
                routing=jsontext.dumps([list(route) for route in row.routing]),
                created_at=row.created_at,
                updated_at=row.updated_at,
            ).execute()

    def update_alias(
        self,
        state_machine_id: str,
        name: str,
        now: int,
        *,
        description: str | None = None,
        routing: Routing | None = None,
    ) -> bool:
        """Change what is given; False when there is no such alias."""
        changes: dict[str, object] = {"updated_at": now}
        if description is not None:
            changes["description"] = description
        if routing is not None:
            changes["routing"] = jsontext.dumps([list(route) for route in routing])
        with self._db.writing():
            self._lock(state_machine_id)
            query = Alias.update(changes).where(
                Alias.state_machine_id == state_machine_id, Alias.name == name
            )
            return bool(query.execute())

    def alias(self, state_machine_id: str, name: str) -> AliasRow | None:
        with self._db.reading():
            return self._alias(state_machine_id, name)

    def aliases(
        self,
        state_machine_id: str,
        *,
        per_page: int,
        after: str | None = None,
        number: int | None = None,
    ) -> Sequence[AliasRow]:
        """By name; with `number`, those that point at that published version."""
        with self._db.reading():
            rows = self._aliases(state_machine_id)
        rows = [row for row in rows if after is None or row.name > after]
        return [row for row in rows if number is None or _points(row, number)][:per_page]

    def delete_alias(self, state_machine_id: str, name: str) -> None:
        with self._db.writing():
            Alias.delete().where(
                Alias.state_machine_id == state_machine_id, Alias.name == name
            ).execute()

    def _alias(self, state_machine_id: str, name: str) -> AliasRow | None:
        found = Alias.get_or_none(Alias.state_machine_id == state_machine_id, Alias.name == name)
        return None if found is None else _row(found)

    def _aliases(self, state_machine_id: str) -> list[AliasRow]:
        """All of a machine, at most 100; sorted here, the same on every database."""
        rows = [_row(row) for row in Alias.select().where(_of(state_machine_id))]
        return sorted(rows, key=lambda row: row.name)

    def _lock(self, state_machine_id: str) -> None:
        if self._db.locks_rows:
            StateMachine.select().where(StateMachine.id == state_machine_id).for_update().first()


def _of(state_machine_id: str) -> object:
    return Alias.state_machine_id == state_machine_id


def _row(found: Alias) -> AliasRow:
    routing = [(int(number), int(weight)) for number, weight in jsontext.loads(found.routing)]
    return AliasRow(found.name, found.description, routing, found.created_at, found.updated_at)


def _points(row: AliasRow, number: int) -> bool:
    return any(number == routed for routed, _weight in row.routing)
