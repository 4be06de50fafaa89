"""The operators that the library computes otherwise than JSONata 2.0.6, or without a bound."""

from __future__ import annotations

import math
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language.jsonata.values import MAX_LENGTH


class Operators(Jsonata):  # type: ignore[misc]
    """The part of an evaluation that combines two values."""

    def spend(self, steps: int) -> None:
        """Pay for work about to be done."""
        raise NotImplementedError

    def weigh(self, value: Any) -> None:
        """Pay for every node of a value about to be walked."""
        raise NotImplementedError

    def text(self, value: Any, *, pretty: bool = False) -> str:
        """$string's text of a value."""
        raise NotImplementedError

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        """Arithmetic on doubles; the library truncates `%` and raises on division by zero."""
        if lhs is not None and not Utils.is_numeric(lhs):
            raise JException("T2001", -1, op, lhs)
        if rhs is not None and not Utils.is_numeric(rhs):
            raise JException("T2002", -1, op, rhs)
        if lhs is None or rhs is None:
            return None
        if op not in "/%":
            return super().evaluate_numeric_expression(lhs, rhs, op)
        if float(rhs) == 0:
            raise JException("D1001", -1, "Infinity" if op == "/" and lhs else "NaN")
        return Utils.convert_number(lhs / rhs if op == "/" else math.fmod(lhs, rhs))

    def evaluate_equality_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        if isinstance(lhs, (list, dict)) and isinstance(rhs, (list, dict)):
            self.weigh(lhs)
            self.weigh(rhs)
        return super().evaluate_equality_expression(lhs, rhs, op)

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        """`in`, by strict equality: `true` is not `1`."""
        if lhs is None or rhs is None:
            return False
        members = rhs if isinstance(rhs, list) else [rhs]
        if isinstance(lhs, (list, dict)):
            return any(item is lhs for item in members)
        truth = isinstance(lhs, bool)
        return any(isinstance(item, bool) is truth and item == lhs for item in members)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return self.text(lhs) + self.text(rhs)

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        """`[a..b]`: a whole number may have come as 2.0; at most a million items."""
        for code, side in (("T2003", lhs), ("T2004", rhs)):
            if side is not None and not (Utils.is_numeric(side) and float(side).is_integer()):
                raise JException(code, -1, side)
        if lhs is None or rhs is None or lhs > rhs:
            return None
        size = int(rhs) - int(lhs) + 1
        if size > MAX_LENGTH:
            raise JException("D2014", -1, size)
        self.spend(size >> 6)
        return Utils.create_sequence_from_iter(range(int(lhs), int(rhs) + 1))

    def evaluate_group_expression(self, expr: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        if isinstance(input, list) and not input:
            input = Utils.create_sequence()  # noqa: A001 - the library appends to what it is given
        return super().evaluate_group_expression(expr, input, environment)
