"""The /v2 API of a Fn server, as far as the Fn CLI uses it (fnproject/fn, api/server)."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway import errors
from gateway.annotations import FN_ENDPOINT, TRIGGER_ENDPOINT
from gateway.errors import FnError
from gateway.models import App, Fn, Trigger
from gateway.registry import Registry

MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 30

Query = Mapping[str, str]
_NamedT = TypeVar("_NamedT", App, Fn, Trigger)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request to /v2: ``collection`` is apps, fns or triggers; ``id`` is empty for the whole.

    ``base_url`` is the address the client used, from its Host header.
    """

    method: str
    collection: str
    id: str
    query: Query
    body: bytes
    base_url: str

    @property
    def path(self) -> str:
        return f"/v2/{self.collection}" + (f"/{self.id}" if self.id else "")


class Api:
    """Answers requests with the JSON value of a 200, or None for a 204; raises FnError."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._tables = registry.tables
        self._routes: dict[tuple[str, str, bool], Callable[[ApiRequest], Any]] = {
            ("GET", "apps", False): self._list_apps,
            ("POST", "apps", False): self._create_app,
            ("GET", "apps", True): lambda request: registry.app(request.id).shown(),
            ("PUT", "apps", True): self._update_app,
            ("DELETE", "apps", True): lambda request: registry.delete_app(request.id),
            ("GET", "fns", False): self._list_fns,
            ("POST", "fns", False): self._create_fn,
            ("GET", "fns", True): self._get_fn,
            ("PUT", "fns", True): self._update_fn,
            ("DELETE", "fns", True): lambda request: registry.delete_fn(request.id),
            ("GET", "triggers", False): self._list_triggers,
            ("POST", "triggers", False): self._create_trigger,
            ("GET", "triggers", True): self._get_trigger,
            ("PUT", "triggers", True): self._update_trigger,
            ("DELETE", "triggers", True): lambda request: registry.delete_trigger(request.id),
        }

    def answer(self, request: ApiRequest) -> Any:
        route = self._routes.get((request.method, request.collection, bool(request.id)))
        if route:
            return route(request)
        if request.collection in ("apps", "fns", "triggers"):
            raise FnError(errors.method_not_allowed(request.method, request.path))
        raise FnError(errors.path_not_found(request.method, request.path))

    def _list_apps(self, request: ApiRequest) -> Any:
        apps = _filtered(self._tables.apps.values(), request.query, "name")
        return _page(apps, request.query, App.shown)

    def _create_app(self, request: ApiRequest) -> Any:
        return self._registry.create_app(_patch(request.body)).shown()

    def _update_app(self, request: ApiRequest) -> Any:
        return self._registry.update_app(request.id, _patch(request.body)).shown()

    def _list_fns(self, request: ApiRequest) -> Any:
        _require(request.query.get("app_id"), errors.FN_APP_ID_MISSING)
        fns = _filtered(self._tables.fns.values(), request.query, "app_id", "name")
        return _page(fns, request.query, lambda fn: _fn_with_endpoint(fn, request.base_url))

    def _create_fn(self, request: ApiRequest) -> Any:
        fn = self._registry.create_fn(_without_endpoint(_patch(request.body)))
        return _fn_with_endpoint(fn, request.base_url) | {"config": fn.config}

    def _get_fn(self, request: ApiRequest) -> Any:
        return _fn_with_endpoint(self._registry.fn(request.id), request.base_url)

    def _update_fn(self, request: ApiRequest) -> Any:
        patch = _patch(request.body)
        fn = self._registry.update_fn(request.id, _without_endpoint(patch))
        return fn.shown(_with_echoed_endpoint(fn.annotations, patch, FN_ENDPOINT))

    def _list_triggers(self, request: ApiRequest) -> Any:
        _require(request.query.get("app_id"), errors.TRIGGER_APP_ID_MISSING)
        found = _filtered(self._tables.triggers.values(), request.query, "app_id", "fn_id", "name")
        return _page(found, request.query, lambda t: self._trigger(t, request.base_url))

    def _create_trigger(self, request: ApiRequest) -> Any:
        trigger = self._registry.create_trigger(_without_endpoint(_patch(request.body)))
        return self._trigger(trigger, request.base_url)

    def _get_trigger(self, request: ApiRequest) -> Any:
        return self._trigger(self._registry.trigger(request.id), request.base_url)

    def _update_trigger(self, request: ApiRequest) -> Any:
        patch = _patch(request.body)
        trigger = self._registry.update_trigger(request.id, _without_endpoint(patch))
        return trigger.shown(_with_echoed_endpoint(trigger.annotations, patch, TRIGGER_ENDPOINT))

    def _trigger(self, trigger: Trigger, base_url: str) -> dict[str, Any]:
        app = self._registry.app(trigger.app_id)
        endpoint = f"{base_url}/t/{app.name}/{trigger.source.removeprefix('/')}"
        return trigger.shown(trigger.annotations | {TRIGGER_ENDPOINT: endpoint})


def _fn_with_endpoint(fn: Fn, base_url: str) -> dict[str, Any]:
    return fn.shown(fn.annotations | {FN_ENDPOINT: f"{base_url}/invoke/{fn.id}"})


def _without_endpoint(patch: dict[str, Any]) -> dict[str, Any]:
    """The CLI sends endpoints back; they are computed on each read and never stored."""
    sent = patch.get("annotations", {})
    kept = {key: sent[key] for key in sent if key not in (FN_ENDPOINT, TRIGGER_ENDPOINT)}
    return patch | {"annotations": kept}


def _with_echoed_endpoint(
    annotations: dict[str, Any], patch: dict[str, Any], key: str
) -> dict[str, Any]:
    """Fn's PUT shows an endpoint only to a client that sent one along."""
    sent = patch.get("annotations", {})
    return annotations | ({key: sent[key]} if key in sent else {})


def _filtered(records: Any, query: Query, *keys: str) -> list[Any]:
    wanted = {key: query[key] for key in keys if query.get(key)}
    return [
        record
        for record in records
        if all(getattr(record, key) == value for key, value in wanted.items())
    ]


def _page(
    records: list[_NamedT], query: Query, show: Callable[[_NamedT], dict[str, Any]]
) -> dict[str, Any]:
    """One page sorted by name; a full page has a cursor even when nothing follows it."""
    per_page = _per_page(query.get("per_page", ""))
    after = _decoded_cursor(query.get("cursor", ""))
    page = sorted((r for r in records if r.name > after), key=lambda r: r.name)[:per_page]
    items = {"items": [show(record) for record in page]}
    if len(page) < per_page:
        return items
    cursor = base64.urlsafe_b64encode(page[-1].name.encode()).decode().rstrip("=")
    return {"next_cursor": cursor} | items


def _per_page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    return min(number, MAX_PER_PAGE) or DEFAULT_PER_PAGE


def _decoded_cursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError):
        return ""


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FIELDS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(
        ("id", "name", "app_id", "fn_id", "image", "type", "source", "syslog_url"),
        lambda value: isinstance(value, str),
    ),
    **dict.fromkeys(("memory", "timeout", "idle_timeout"), _is_count),
    "config": _is_texts,
    "annotations": lambda value: isinstance(value, dict),
}


def _patch(body: bytes) -> dict[str, Any]:
    """The known fields of a JSON body; null counts as missing, unknown ones are passed over."""
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise FnError(errors.INVALID_JSON) from error
    _require(isinstance(sent, dict), errors.INVALID_JSON)
    patch = {key: sent[key] for key in _FIELDS if sent.get(key) is not None}
    _require(all(_FIELDS[key](value) for key, value in patch.items()), errors.INVALID_JSON)
    return patch


def _require(condition: object, fault: errors.Fault) -> None:
    if not condition:
        raise FnError(fault)
