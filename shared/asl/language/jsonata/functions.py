"""The functions that expressions may call: JSONata's own, and those that States adds.

One place to add a function: a decorated Python function whose first parameter is the evaluation.
The library's functions serve where they do what JSONata 2.0.6 does; a function given here takes
the place of the library's. An argument that is not given, or undefined, is None.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.signature import Signature
from jsonata.utils import Utils

from asl.language.jsonata.values import NULL

if TYPE_CHECKING:
    from asl.language.jsonata.evaluation import Evaluation

_PLURALS: Final = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}
_BANNED: Final = frozenset({"eval"})

Body = Callable[..., Any]


class _Signature(Signature):  # type: ignore[misc]
    """The check of arguments, to which null is no missing argument (the library mixes them up)."""

    @classmethod
    def of(cls, signature: Signature) -> _Signature:
        ours = cls.__new__(cls)
        ours.__dict__.update(signature.__dict__)
        return ours

    def get_symbol(self, value: Any) -> str:
        return "l" if value is NULL else str(super().get_symbol(value))

    def validate(self, args: Any, context: Any) -> Any:
        try:
            return super().validate(args, context)
        except JException as fault:
            raise self._worded(fault) from None

    def _worded(self, fault: JException) -> JException:
        if fault.error == "T0411":
            return JException("T0411", -1, fault.expected, self.function_name)
        if fault.error == "T0412":
            kind = _PLURALS.get(str(fault.extra)[:1], fault.extra)
            return JException("T0412", -1, fault.current, fault.expected, kind)
        return fault


class _Function(Jsonata.JFunction):  # type: ignore[misc]
    """A function of our own, called with the evaluation that runs in this thread."""

    def __init__(self, name: str, signature: str, body: Body) -> None:
        super().__init__(None, None)
        self.function_name = name
        self.signature = _Signature(signature, name)
        self.module = body.__module__
        self._body = body
        self._arity = len(inspect.signature(body).parameters) - 1

    def call(self, _input: Any, args: Any) -> Any:
        run: Evaluation = Jsonata.CURRENT.jsonata
        given = [*args, *[None] * (self._arity - len(args))]
        result = self._body(run, *given[: self._arity])
        return Utils.convert_number(result) if Utils.is_numeric(result) else result

    def get_number_of_args(self) -> int:
        return self._arity


_OURS: dict[str, _Function] = {}


def function(name: str, signature: str) -> Callable[[Body], Body]:
    """Register a function under its JSONata name; `signature` is in JSONata's own notation."""

    def register(body: Body) -> Body:
        _OURS[name] = _Function(name, signature, body)
        return body

    return register


def _library_function(native: Any) -> Any:
    ours = copy.copy(native)
    ours.signature = _Signature.of(native.signature)
    return ours


def functions(*modules: ModuleType) -> Mapping[str, Any]:
    """Every function by its name without the `$`, read-only.

    The modules are those that register our own: naming them says that they have been imported.
    """
    library = Jsonata.static_frame.bindings
    table = {name: _library_function(native) for name, native in library.items()}
    for module in modules:
        table |= {name: ours for name, ours in _OURS.items() if ours.module == module.__name__}
    return MappingProxyType({name: table[name] for name in table.keys() - _BANNED})
