"""Names and their values during an evaluation, and the data that comes from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asl.language.jsonata.values import admit
from asl.language.scope import Json

UNDEFINED: Final = object()
AN_ARRAY_BETWEEN: Final = object()


class Outside:
    """A value of the scope, made fit for the evaluator when it is first looked at."""

    __slots__ = ("_admitted", "_value")

    def __init__(self, value: Json) -> None:
        self._value = value
        self._admitted: Any = UNDEFINED

    @property
    def admitted(self) -> Any:
        if self._admitted is UNDEFINED:
            self._admitted = admit(self._value)
        return self._admitted

    def reach(self, names: tuple[str, ...]) -> tuple[Any, int]:
        """How far the names lead through objects: the value there, and how many were used."""
        value = self._value
        for used, name in enumerate(names):
            if not isinstance(value, dict) or name not in value:
                return value, used
            value = value[name]
        return value, len(names)


class Frame:
    """Names and their values, laid over an outer frame."""

    __slots__ = ("bindings", "is_parallel_call", "parent")

    def __init__(self, parent: Frame | None, bindings: Mapping[str, Any] | None = None) -> None:
        self.bindings: Any = {} if bindings is None else bindings
        self.parent = parent
        self.is_parallel_call = False  # the library sets it, nothing reads it

    def bind(self, name: str, value: Any) -> None:
        self.bindings[name] = value

    def lookup(self, name: str) -> Any:
        frame: Frame | None = self
        while frame is not None:
            if name in frame.bindings:
                return frame.bindings[name]
            frame = frame.parent
        return None


def walk(value: Json, names: tuple[str, ...]) -> Any:
    """The value below `names`, UNDEFINED, or AN_ARRAY_BETWEEN: JSONata maps a path over arrays."""
    for name in names:
        if isinstance(value, dict):
            value = value.get(name, UNDEFINED)
        elif isinstance(value, list):
            return AN_ARRAY_BETWEEN
        else:
            return UNDEFINED
    return value
