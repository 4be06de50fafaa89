"""Regular expressions in JSONPath filters, kept from running away."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from asl.language.errors import ExpressionError
from asl.language.jsonpath.segments import Walk

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "u": re.UNICODE, "U": re.UNICODE}
_LONGEST = 256
_WORK_A_STEP = 1000  # what the regex engine does in the time of one step of a walk
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[0-9]*,?[0-9]*\}|\(\?|.", re.DOTALL)
_UNCOUNTABLE = re.compile(r"\(\?(?:#|[a-zA-Z-]*x)")  # comments, which may hold anything


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern whose worst work is known beforehand and charged to the walk it is part of.

    repetitions: how many parts of it match a varying number of characters; ways: how many
    combinations of alternatives and optional parts it has.
    """

    source: str
    expression: re.Pattern[str]
    repetitions: int
    ways: int

    @classmethod
    def parse(cls, source: str, flags: str) -> Pattern:
        """ExpressionError for a bad pattern, or one that repeats what can match in several ways.

        Such a repetition, like `(a+)+`, can take exponential time. As in Java, the classes of
        letters and digits are ASCII without the flag `u` or `U`.
        """
        if len(source) > _LONGEST or _UNCOUNTABLE.search(source):
            raise ExpressionError(f"The pattern has a comment or over {_LONGEST} characters")
        options = re.NOFLAG if {"u", "U"} & set(flags) else re.ASCII
        for flag in flags:
            options |= _FLAGS[flag]
        repetitions, ways = _measure(source)
        try:
            expression = re.compile(source, options)
        except (re.error, OverflowError, RecursionError, ValueError) as fault:
            raise ExpressionError(f"The pattern is not a regular expression: {fault}") from fault
        return cls(source, expression, repetitions, ways)

    def matches(self, text: str, walk: Walk) -> bool:
        """Whether the whole of `text` matches; StateError when that could take too long."""
        work = math.comb(len(text) + self.repetitions, self.repetitions) * self.ways
        walk.spend(1 + work // _WORK_A_STEP)
        return self.expression.fullmatch(text) is not None


def _measure(source: str) -> tuple[int, int]:
    """The repetitions and the ways of a pattern; ExpressionError where a repetition branches."""
    repetitions, ways = 0, 1
    alternatives = [1]  # of each open group, the outermost first
    branches = [False]  # whether what that group holds can match in several ways
    after_branching_group = False
    for token in _TOKEN.findall(source):
        varies = token in ("*", "+") or (token[0] == "{" and "," in token)
        if after_branching_group and (varies or token[:1] == "{" != token):
            raise ExpressionError("The pattern repeats a repetition or an alternative")
        after_branching_group = False
        if token in ("(", "(?"):
            alternatives.append(1)
            branches.append(False)
        elif token == ")" and len(alternatives) > 1:
            ways *= alternatives.pop()
            after_branching_group = branches.pop()
            branches[-1] |= after_branching_group
        elif token in ("|", "?"):
            alternatives[-1] += token == "|"
            ways *= 2 if token == "?" else 1
            branches[-1] = True
        elif varies:
            repetitions += 1
            branches[-1] = True
    return repetitions, ways * alternatives[0]
