"""Activities: work that is polled for by name."""

from __future__ import annotations

from collections.abc import Sequence

from asl.language import jsontext
from asl.store.database import Database
from asl.store.tables import Activity


class Activities:
    """Every verb is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, name: str, tags: dict[str, str], now: int) -> Activity:
        """The activity of this name: the one there is, or a new one."""
        with self._db.writing():
            Activity.insert(
                name=name, tags=jsontext.dumps(tags), created_at=now
            ).on_conflict_ignore().execute()
        found = self.find(name)
        if found is None:  # deleted again in between
            return self.create(name, tags, now)
        return found

    def find(self, name: str) -> Activity | None:
        with self._db.reading():
            found: Activity | None = Activity.get_or_none(Activity.name == name)
        return found

    def delete(self, name: str) -> None:
        with self._db.writing():
            Activity.delete().where(Activity.name == name).execute()

    def page(self, *, per_page: int, after: str | None = None) -> Sequence[Activity]:
        """By name; `after` is the name of the last one of the page before."""
        query = Activity.select()
        if after is not None:
            query = query.where(Activity.name > after)
        with self._db.reading():
            return list(query.order_by(Activity.name).limit(per_page))

    def set_tags(self, name: str, tags: dict[str, str], before: dict[str, str]) -> bool:
        """Other tags than those `before`; False where somebody else was faster."""
        query = Activity.update(tags=jsontext.dumps(tags)).where(
            Activity.name == name, Activity.tags == jsontext.dumps(before)
        )
        with self._db.writing():
            return bool(query.execute())
