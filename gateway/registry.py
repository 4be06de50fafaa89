"""Making, changing and removing apps, functions and triggers, by the rules of Fn's /v2 API."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from gateway import errors, ids
from gateway.errors import Fault, FnError
from gateway.models import App, Fn, Trigger, merged_annotations, merged_config
from gateway.tables import Tables

Patch = Mapping[str, Any]

_RecordT = TypeVar("_RecordT", App, Fn, Trigger)


class Registry:
    """The rules over the tables.

    A *patch* holds the fields a client sent, already of the right JSON types. Refusals are
    FnErrors in Fn's own words (fnproject/fn, api/models and api/datastore).
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def app(self, app_id: str) -> App:
        return _found(self.tables.apps.get(app_id), errors.APP_NOT_FOUND)

    def fn(self, fn_id: str) -> Fn:
        return _found(self.tables.fns.get(fn_id), errors.FN_NOT_FOUND)

    def trigger(self, trigger_id: str) -> Trigger:
        return _found(self.tables.triggers.get(trigger_id), errors.TRIGGER_NOT_FOUND)

    def create_app(self, patch: Patch) -> App:
        _refuse_if(patch.get("id"), errors.APP_ID_GIVEN)
        now = ids.timestamp()
        app = App(
            id=ids.new_id(),
            name=patch.get("name", ""),
            config=merged_config({}, patch.get("config", {})),
            annotations=patch.get("annotations", {}),
            syslog_url=patch.get("syslog_url", ""),
            created_at=now,
            updated_at=now,
        )
        app.check()
        _refuse_if(self.tables.app_named(app.name), errors.APP_EXISTS)
        self.tables.put(app)
        return app

    def update_app(self, app_id: str, patch: Patch) -> App:
        _refuse_if(_differs(patch, "id", app_id), errors.APP_ID_MISMATCH)
        old = self.app(app_id)
        _refuse_if(_differs(patch, "name", old.name), errors.APP_NAME_IMMUTABLE)
        new = replace(
            old,
            config=merged_config(old.config, patch.get("config", {})),
            annotations=merged_annotations(old.annotations, patch.get("annotations", {})),
            syslog_url=patch.get("syslog_url", old.syslog_url),
        )
        new.check()
        return self._changed(old, new)

    def delete_app(self, app_id: str) -> None:
        self.tables.remove(self.app(app_id))

    def create_fn(self, patch: Patch) -> Fn:
        """Zero or missing limits become Fn's defaults: 128 MB, 30 s, 30 s idle."""
        _refuse_if(patch.get("id"), errors.FN_ID_GIVEN)
        _refuse_if(not patch.get("app_id"), errors.FN_APP_ID_MISSING)
        now = ids.timestamp()
        fn = Fn(
            id=ids.new_id(),
            app_id=patch["app_id"],
            name=patch.get("name", ""),
            image=patch.get("image", ""),
            config=merged_config({}, patch.get("config", {})),
            annotations=patch.get("annotations", {}),
            created_at=now,
            updated_at=now,
            **_limits(patch),
        )
        fn.check()
        self.app(fn.app_id)
        _refuse_if(self.tables.fn_named(fn.app_id, fn.name), errors.FN_EXISTS)
        self.tables.put(fn)
        return fn

    def update_fn(self, fn_id: str, patch: Patch) -> Fn:
        """Zero and missing fields keep their values; a name is ignored, as Fn ignores it."""
        _refuse_if(_differs(patch, "id", fn_id), errors.FN_ID_MISMATCH)
        old = self.fn(fn_id)
        new = replace(
            old,
            image=patch.get("image") or old.image,
            config=merged_config(old.config, patch.get("config", {})),
            annotations=merged_annotations(old.annotations, patch.get("annotations", {})),
            **_limits(patch),
        )
        new.check()
        return self._changed(old, new)

    def delete_fn(self, fn_id: str) -> None:
        self.tables.remove(self.fn(fn_id))

    def create_trigger(self, patch: Patch) -> Trigger:
        _refuse_if(patch.get("id"), errors.TRIGGER_ID_GIVEN)
        now = ids.timestamp()
        trigger = Trigger(
            id=ids.new_id(),
            app_id=patch.get("app_id", ""),
            fn_id=patch.get("fn_id", ""),
            name=patch.get("name", ""),
            type=patch.get("type", ""),
            source=patch.get("source", ""),
            annotations=patch.get("annotations", {}),
            created_at=now,
            updated_at=now,
        )
        self._check_trigger(trigger)
        self.tables.put(trigger)
        return trigger

    def update_trigger(self, trigger_id: str, patch: Patch) -> Trigger:
        _refuse_if(_differs(patch, "id", trigger_id), errors.TRIGGER_ID_MISMATCH)
        old = self.trigger(trigger_id)
        new = replace(
            old,
            fn_id=patch.get("fn_id") or old.fn_id,
            name=patch.get("name") or old.name,
            source=patch.get("source") or old.source,
            annotations=merged_annotations(old.annotations, patch.get("annotations", {})),
        )
        self._check_trigger(new)
        return self._changed(old, new)

    def delete_trigger(self, trigger_id: str) -> None:
        self.tables.remove(self.trigger(trigger_id))

    def _check_trigger(self, trigger: Trigger) -> None:
        trigger.check()
        self.app(trigger.app_id)
        _refuse_if(self.fn(trigger.fn_id).app_id != trigger.app_id, errors.TRIGGER_FN_OF_OTHER_APP)
        others = [
            other
            for other in self.tables.triggers.values()
            if other.app_id == trigger.app_id and other.id != trigger.id
        ]
        _refuse_if(
            any(other.source == trigger.source for other in others), errors.TRIGGER_SOURCE_EXISTS
        )
        same_name = (other.name == trigger.name for other in others if other.fn_id == trigger.fn_id)
        _refuse_if(any(same_name), errors.TRIGGER_EXISTS)

    def _changed(self, old: _RecordT, new: _RecordT) -> _RecordT:
        """``updated_at`` moves only when something did; a redeployment is noticed in any case."""
        if new == old:
            self.tables.changed()
            return old
        stamped = replace(new, updated_at=ids.timestamp())
        self.tables.put(stamped)
        return stamped


def _limits(patch: Patch) -> dict[str, Any]:
    return {key: patch[key] for key in ("memory", "timeout", "idle_timeout") if patch.get(key)}


def _differs(patch: Patch, key: str, value: str) -> bool:
    return bool(patch.get(key)) and patch[key] != value


def _found(record: _RecordT | None, missing: Fault) -> _RecordT:
    if record is None:
        raise FnError(missing)
    return record


def _refuse_if(condition: object, fault: Fault) -> None:
    if condition:
        raise FnError(fault)
