"""State machines and their versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from peewee import fn

from asl.language import jsontext
from asl.store.database import Database
from asl.store.errors import NameTaken, UniqueViolation
from asl.store.tables import Alias, PublishedVersion, StateMachine, StateMachineVersion

ACTIVE, DELETING = "ACTIVE", "DELETING"
MOST_DELETED = 20  # former machines of one name that are looked through


class Machines:
    """Every verb is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self,
        *,
        id_: str,
        name: str,
        type_: str,
        definition: str,
        now: int,
        retention_days: int | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
        configuration: str | None = None,
    ) -> StateMachine:
        """Store a machine with version 1; NameTaken when a living one has the name."""
        try:
            with self._db.writing():
                machine = StateMachine.create(
                    id=id_,
                    name=name,
                    claimed_name=name,
                    type=type_,
                    status=ACTIVE,
                    active_version=1,
                    retention_days=retention_days,
                    tags=jsontext.dumps(tags or {}),
                    created_at=now,
                    updated_at=now,
                )
                StateMachineVersion.insert(
                    state_machine_id=id_,
                    number=1,
                    definition=definition,
                    created_at=now,
                    role_arn=role_arn,
                    configuration=configuration,
                ).execute()
        except UniqueViolation as taken:
            raise NameTaken(name) from taken
        return machine

    def update(
        self,
        id_: str,
        definition: str,
        now: int,
        retention_days: int | None = None,
        *,
        role_arn: str | None = None,
        configuration: str | None = None,
        replacing: int | None = None,
    ) -> StateMachine | None:
        """Add a version and make it the active one; runs in flight keep theirs.

        What is not given stays as it was in the version before. None: the machine is gone, or its
        active version is not the one that was to be replaced.
        """
        with self._db.writing():
            machine = self._locked(id_)
            if machine is None or machine.status != ACTIVE:
                return None
            if replacing not in (None, machine.active_version):
                return None
            newest = self._newest(id_)
            machine.active_version = newest.number + 1
            machine.updated_at = now
            if retention_days is not None:
                machine.retention_days = retention_days
            machine.save()
            StateMachineVersion.insert(
                state_machine_id=id_,
                number=machine.active_version,
                definition=definition,
                created_at=now,
                role_arn=newest.role_arn if role_arn is None else role_arn,
                configuration=newest.configuration if configuration is None else configuration,
            ).execute()
        return machine

    def _newest(self, id_: str) -> StateMachineVersion:
        of_machine = StateMachineVersion.select().where(StateMachineVersion.state_machine_id == id_)
        found: StateMachineVersion = of_machine.order_by(StateMachineVersion.number.desc()).first()
        return found

    def delete(self, id_: str, now: int) -> StateMachine | None:
        """Free the name and start nothing more; the rows go when the last run has been evicted."""
        with self._db.writing():
            machine = self._locked(id_)
            if machine is None:
                return None
            machine.status = DELETING
            machine.claimed_name = None
            machine.updated_at = now
            machine.save()
            for table in (Alias, PublishedVersion):
                table.delete().where(table.state_machine_id == id_).execute()
        return machine

    def _locked(self, id_: str) -> StateMachine | None:
        query = StateMachine.select().where(StateMachine.id == id_)
        found: StateMachine | None = (query.for_update() if self._db.locks_rows else query).first()
        return found

    def find(self, name_or_id: str) -> StateMachine | None:
        """A machine by id or by the name it has now."""
        with self._db.reading():
            found: StateMachine | None = StateMachine.get_or_none(
                (StateMachine.claimed_name == name_or_id) | (StateMachine.id == name_or_id)
            )
        return found

    def definition(self, id_: str, number: int) -> str | None:
        """The definition text of a version."""
        found = self.version(id_, number)
        return None if found is None else str(found.definition)

    def version(self, id_: str, number: int) -> StateMachineVersion | None:
        """A version whole."""
        with self._db.reading():
            found: StateMachineVersion | None = StateMachineVersion.get_or_none(
                StateMachineVersion.state_machine_id == id_, StateMachineVersion.number == number
            )
        return found

    def deleted(self, name: str) -> Sequence[StateMachine]:
        """Machines that had the name and are not evicted yet, the newest first."""
        query = StateMachine.select().where(
            StateMachine.name == name, StateMachine.claimed_name.is_null()
        )
        with self._db.reading():
            return list(query.order_by(StateMachine.id.desc()).limit(MOST_DELETED))

    def set_tags(self, id_: str, tags: dict[str, str], before: dict[str, str]) -> bool:
        """Other tags than those `before`; False where somebody else was faster."""
        query = StateMachine.update(tags=jsontext.dumps(tags)).where(
            StateMachine.id == id_, StateMachine.tags == jsontext.dumps(before)
        )
        with self._db.writing():
            return bool(query.execute())

    def page(
        self, *, per_page: int, after: str | None = None, prefix: str | None = None
    ) -> Sequence[StateMachine]:
        """Living machines by name; `after` is the name of the last one of the page before."""
        query = StateMachine.select().where(StateMachine.status == ACTIVE)
        if prefix:
            name = StateMachine.claimed_name  # LIKE would ignore case on some databases
            query = query.where(name >= prefix, fn.SUBSTR(name, 1, len(prefix)) == prefix)
        if after is not None:
            query = query.where(StateMachine.claimed_name > after)
        with self._db.reading():
            return list(query.order_by(StateMachine.claimed_name).limit(per_page))

    def names(self, ids: Collection[str]) -> dict[str, str]:
        """Names by id, of deleted machines too."""
        query = StateMachine.select(StateMachine.id, StateMachine.name).where(
            StateMachine.id.in_(list(ids))
        )
        with self._db.reading():
            return {row.id: row.name for row in query}

    def name(self, id_: str) -> str | None:
        return self.names([id_]).get(id_)
