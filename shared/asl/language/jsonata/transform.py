"""The transform operator, `$x ~> | pattern | update, delete |`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language.jsonata.values import copy_of, nodes_of

if TYPE_CHECKING:
    from asl.language.jsonata.evaluation import Evaluation


class Transformer(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """Changes a copy of its argument, and never an object outside of that copy."""

    def __init__(self, run: Evaluation, expr: Any, environment: Any) -> None:
        self._run = run
        self._expr = expr
        self._environment = environment

    def call(self, _input: Any, args: Any) -> Any:
        if args[0] is None:
            return None
        self._run.weigh(args[0])
        copied = copy_of(args[0])
        inside = {id(item) for item in nodes_of(copied)}
        matches = self._run.eval(self._expr.pattern, copied, self._environment)
        for match in matches if isinstance(matches, list) else [matches]:
            if isinstance(match, dict) and id(match) in inside:
                self._update(match)
                self._delete(match)
        return copied

    def _update(self, match: dict[str, Any]) -> None:
        update = self._run.eval(self._expr.update, match, self._environment)
        if update is None:
            return
        if not isinstance(update, dict):
            raise JException("T2011", self._expr.update.position, update)
        match.update(update)

    def _delete(self, match: dict[str, Any]) -> None:
        if self._expr.delete is None:
            return
        names = self._run.eval(self._expr.delete, match, self._environment)
        if names is None:
            return
        listed = names if isinstance(names, list) else [names]
        if not Utils.is_array_of_strings(listed):
            raise JException("T2012", self._expr.delete.position, names)
        for name in listed:
            match.pop(name, None)
