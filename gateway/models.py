"""What is deployed: apps, functions and triggers, with Fn's rules for their fields."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway import errors
from gateway.errors import Fault, FnError

Annotations = dict[str, Any]
Config = dict[str, str]

_ANNOTATION_KEY = re.compile(r"[!-~]+")
# What Go's url.PathEscape leaves as it is in a path segment, besides letters, digits and "-_.~".
_PATH_SAFE = "$&+=:@"


@dataclass(frozen=True, slots=True)
class App:
    """A namespace of functions. ``deployed_…`` name the keys that came from app.yaml."""

    id: str
    name: str
    created_at: str
    updated_at: str
    config: Config = field(default_factory=dict)
    annotations: Annotations = field(default_factory=dict)
    syslog_url: str = ""
    deployed_config: tuple[str, ...] = ()
    deployed_annotations: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises FnError as Fn's App.Validate does."""
        _check_name(
            self.name,
            missing=errors.APP_NAME_MISSING,
            too_long=errors.APP_NAME_TOO_LONG,
            invalid=errors.APP_NAME_INVALID,
        )
        _check_annotations(self.annotations)

    def shown(self) -> dict[str, Any]:
        """The app as /v2 answers it: empty fields are left out."""
        rest = {
            "config": self.config,
            "annotations": self.annotations,
            "syslog_url": self.syslog_url,
        }
        return (
            {"id": self.id, "name": self.name}
            | {key: value for key, value in rest.items() if value}
            | {"created_at": self.created_at, "updated_at": self.updated_at}
        )


@dataclass(frozen=True, slots=True)
class Fn:
    """A function. ``image`` is the absolute path of its folder, with a tag or without one (the Fn
    CLI wants one); memory is in MB, times in seconds.

    ``deployed`` tells a function that came with a func.yaml from one added through /v2.
    """

    id: str
    app_id: str
    name: str
    image: str
    created_at: str
    updated_at: str
    memory: int = 128
    timeout: int = 30
    idle_timeout: int = 30
    config: Config = field(default_factory=dict)
    annotations: Annotations = field(default_factory=dict)
    deployed: bool = False
    deployed_config: tuple[str, ...] = ()
    deployed_annotations: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its code is."""
        path, colon, tag = self.image.rpartition(":")
        is_tagged = colon and "/" not in tag and path.startswith("/")
        return Path(path if is_tagged else self.image)

    def check(self) -> None:
        """Raises FnError as Fn's Fn.Validate does."""
        rules = (
            (bool(self.name), errors.FN_NAME_MISSING),
            (len(self.name) <= errors.MAX_NAME_LENGTH, errors.FN_NAME_TOO_LONG),
            (quote(self.name, safe=_PATH_SAFE) == self.name, errors.FN_NAME_INVALID),
            (bool(self.image), errors.FN_IMAGE_MISSING),
            (0 < self.timeout <= errors.MAX_TIMEOUT, errors.FN_TIMEOUT_INVALID),
            (0 < self.idle_timeout <= errors.MAX_IDLE_TIMEOUT, errors.FN_IDLE_TIMEOUT_INVALID),
            (0 < self.memory <= errors.MAX_MEMORY, errors.FN_MEMORY_INVALID),
        )
        _check(rules)
        _check_annotations(self.annotations)

    def shown(self, annotations: Annotations) -> dict[str, Any]:
        """The function as /v2 answers it; Fn shows an empty config as null."""
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "app_id": self.app_id,
            "image": self.image,
            "memory": self.memory,
            "timeout": self.timeout,
            "idle_timeout": self.idle_timeout,
            "config": self.config or None,
        }
        if annotations:
            shown["annotations"] = annotations
        return shown | {"created_at": self.created_at, "updated_at": self.updated_at}


@dataclass(frozen=True, slots=True)
class Trigger:
    """An HTTP address of a function: ``/t/<app><source>``."""

    id: str
    app_id: str
    fn_id: str
    name: str
    type: str
    source: str
    created_at: str
    updated_at: str
    annotations: Annotations = field(default_factory=dict)
    deployed: bool = False

    def check(self) -> None:
        """Raises FnError as Fn's Trigger.Validate does."""
        _check(((bool(self.app_id), errors.TRIGGER_APP_ID_MISSING),))
        _check_name(
            self.name,
            missing=errors.TRIGGER_NAME_MISSING,
            too_long=errors.TRIGGER_NAME_TOO_LONG,
            invalid=errors.TRIGGER_NAME_INVALID,
        )
        rules = (
            (bool(self.fn_id), errors.TRIGGER_FN_ID_MISSING),
            (self.type == "http", errors.TRIGGER_TYPE_UNKNOWN),
            (bool(self.source), errors.TRIGGER_SOURCE_MISSING),
            (self.source.startswith("/"), errors.TRIGGER_SOURCE_PREFIX),
        )
        _check(rules)
        _check_annotations(self.annotations)

    def shown(self, annotations: Annotations) -> dict[str, Any]:
        """The trigger as /v2 answers it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "app_id": self.app_id,
            "fn_id": self.fn_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "type": self.type,
            "source": self.source,
        }
        return shown | ({"annotations": annotations} if annotations else {})


def merged_config(old: Config, change: Mapping[str, str]) -> Config:
    """Fn's merge: keys are added or replaced, an empty value removes its key."""
    return {key: value for key, value in {**old, **change}.items() if value != ""}


def merged_annotations(old: Annotations, change: Mapping[str, Any]) -> Annotations:
    """Fn's merge: an empty or null value removes its key."""
    return {key: value for key, value in {**old, **change}.items() if value not in ("", None)}


def _check(rules: tuple[tuple[bool, Fault], ...]) -> None:
    for holds, fault in rules:
        if not holds:
            raise FnError(fault)


def _check_name(name: str, *, missing: Fault, too_long: Fault, invalid: Fault) -> None:
    well_formed = all(char.isalpha() or char.isnumeric() or char in "_-" for char in name)
    _check(
        (
            (bool(name), missing),
            (len(name) <= errors.MAX_NAME_LENGTH, too_long),
            (well_formed, invalid),
        )
    )


def _check_annotations(annotations: Annotations) -> None:
    for key, value in annotations.items():
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        rules = (
            (bool(_ANNOTATION_KEY.fullmatch(key)), errors.ANNOTATION_KEY_INVALID),
            (value not in ("", None), errors.ANNOTATION_VALUE_INVALID),
            (len(text.encode()) <= 512, errors.ANNOTATION_VALUE_TOO_LONG),
        )
        _check(rules)
