"""Deploying what the func.yaml files say: like ``fn deploy --all``, without building images.

Apps, functions and triggers are matched by name, so ids stay the same over restarts. Unlike Fn's
merge, what has gone from the files (a function, a trigger, a key of config or annotations) goes
here too; whatever was added through /v2 stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gateway.errors import FnError, GatewayError
from gateway.funcfile import Bundle, FuncFile
from gateway.models import App, Fn
from gateway.registry import Registry

_DEFAULT_LIMITS: dict[str, Any] = {"memory": 128, "timeout": 30, "idle_timeout": 30}


def deploy(registry: Registry, bundles: Iterable[Bundle]) -> None:
    """Makes each app hold exactly the file-deployed functions of the bundles that name it.

    Raises GatewayError for what Fn would refuse, naming the folder.
    """
    with registry.tables.batch():
        wanted = {
            _deploy_app(registry, bundle).id: _by_name(bundle.functions)
            for bundle in _merged(bundles)
        }
        for app_id, functions in wanted.items():
            _remove_vanished(registry, app_id, functions)
        for app_id, functions in wanted.items():
            for function in functions.values():
                _deploy_function(registry, app_id, function)


def _merged(bundles: Iterable[Bundle]) -> Iterable[Bundle]:
    """Two folders may be deployed into one app; of a key in both, the later one counts."""
    merged: dict[str, Bundle] = {}
    for bundle in bundles:
        first = merged.setdefault(bundle.app, bundle)
        if first is not bundle:
            settings = {
                key: first.fields[key] | bundle.fields[key] for key in ("config", "annotations")
            }
            fields = first.fields | settings
            merged[bundle.app] = Bundle(bundle.app, fields, first.functions + bundle.functions)
    return merged.values()


def _by_name(functions: Iterable[FuncFile]) -> dict[str, FuncFile]:
    named: dict[str, FuncFile] = {}
    for function in functions:
        if function.name in named:
            raise GatewayError(f"{function.folder}: another function is named {function.name!r}")
        named[function.name] = function
    return named


def _deploy_app(registry: Registry, bundle: Bundle) -> App:
    try:
        old = registry.tables.app_named(bundle.app) or registry.create_app({"name": bundle.app})
        app = registry.update_app(old.id, bundle.fields | _changes(old, bundle.fields))
    except FnError as error:
        raise GatewayError(f"app {bundle.app!r}: {error}") from error
    app = replace(app, **_marks(bundle.fields))
    registry.tables.put(app)
    return app


def _deploy_function(registry: Registry, app_id: str, function: FuncFile) -> None:
    fields = _DEFAULT_LIMITS | function.fields | {"image": f"{function.folder}:{function.version}"}
    try:
        old = registry.tables.fn_named(app_id, function.name)
        if old is None:
            fn = registry.create_fn(fields | {"app_id": app_id, "name": function.name})
        else:
            fn = registry.update_fn(old.id, fields | _changes(old, fields))
        registry.tables.put(replace(fn, deployed=True, **_marks(fields)))
        _deploy_triggers(registry, fn, function)
    except FnError as error:
        raise GatewayError(f"{function.folder}/func.yaml: {error}") from error


def _deploy_triggers(registry: Registry, fn: Fn, function: FuncFile) -> None:
    old = {t.name: t for t in registry.tables.triggers.values() if t.fn_id == fn.id}
    for patch in function.triggers:
        if patch["name"] in old:
            trigger = registry.update_trigger(old[patch["name"]].id, patch)
        else:
            trigger = registry.create_trigger(patch | {"app_id": fn.app_id, "fn_id": fn.id})
        registry.tables.put(replace(trigger, deployed=True))


def _remove_vanished(registry: Registry, app_id: str, functions: Mapping[str, FuncFile]) -> None:
    """Before anything is added, so that a source can move from one function to another."""
    for fn in [fn for fn in registry.tables.fns.values() if fn.app_id == app_id]:
        if fn.deployed and fn.name not in functions:
            registry.delete_fn(fn.id)
        elif fn.name in functions:
            _remove_vanished_triggers(registry, fn, functions[fn.name])


def _remove_vanished_triggers(registry: Registry, fn: Fn, function: FuncFile) -> None:
    kept = {(trigger["name"], trigger["source"]) for trigger in function.triggers}
    for trigger in [t for t in registry.tables.triggers.values() if t.fn_id == fn.id]:
        if trigger.deployed and (trigger.name, trigger.source) not in kept:
            registry.delete_trigger(trigger.id)


def _changes(old: App | Fn, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The new keys, and an empty value (which removes) for each key the files no longer hold."""
    return {
        "config": dict.fromkeys(old.deployed_config, "") | fields["config"],
        "annotations": dict.fromkeys(old.deployed_annotations, "") | fields["annotations"],
    }


def _marks(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "deployed_config": tuple(fields["config"]),
        "deployed_annotations": tuple(fields["annotations"]),
    }
