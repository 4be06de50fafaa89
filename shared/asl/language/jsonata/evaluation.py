"""One evaluation of a parsed expression, over the library's evaluator.

Each evaluation is an object of its own: frames, budget, moment and chance are never shared, so
that a parsed expression may be evaluated in any number of threads. What the library does
otherwise than JSONata 2.0.6, and what could run away, is overridden here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from asl.language.jsonata.faults import TOO_MUCH
from asl.language.jsonata.frames import Frame, Outside
from asl.language.jsonata.operators import Operators
from asl.language.jsonata.origin import BUILTIN, ORIGIN, OUTSIDE
from asl.language.jsonata.parsing import FreshParser
from asl.language.jsonata.regex import Pattern
from asl.language.jsonata.text import string_of
from asl.language.jsonata.transform import Transformer
from asl.language.jsonata.values import MAX_LENGTH, MAX_NESTING, NULL, admit, items_of

BUDGET: Final = 1_000_000
"""Steps an evaluation may take: one for each node evaluated, more for long values."""
MAX_DEPTH: Final = 500
"""How deep evaluations may nest (a function that calls itself nests some five per call)."""


class Evaluation(Operators):
    """The run of one expression. `moment`: ms since epoch, what $now and $millis say."""

    def __init__(self, random: Random, moment: int | None) -> None:
        # the base class's constructor would parse a text; the tree is given to `run` instead
        self.random = random
        self.moment = moment
        self.parser = FreshParser()
        self.budget = BUDGET
        self.depth = 0
        self.input = None
        self.environment = None
        self._functions: Mapping[str, Any] = {}
        self._origins: dict[tuple[str, ...], Any] = {}

    def run(self, tree: Any, roots: Mapping[str, Outside], functions: Mapping[str, Any]) -> Any:
        """The raw value of `tree`; None is undefined. Raises whatever the library raises.

        roots: the workflow variables and `states`.
        """
        self._functions = functions
        Jsonata.CURRENT.jsonata = self  # where the library's higher-order functions look
        outermost = Frame(Frame(None, functions), roots)
        return self.eval(tree, None, Frame(outermost))

    def create_frame(self, enclosing_environment: Frame | None = None) -> Frame:
        return Frame(enclosing_environment)

    def spend(self, steps: int) -> None:
        self.budget -= steps
        if self.budget < 0:
            raise JException(TOO_MUCH, -1)

    def charge(self, value: Any) -> None:
        """Pay for a value by its length; one that is too long ends the evaluation."""
        if isinstance(value, (str, list)):
            length = len(value)
            if length > MAX_LENGTH:
                raise JException(TOO_MUCH, -1)
            self.spend(1 + (length >> (6 if isinstance(value, str) else 3)))
        else:
            self.spend(1)

    def weigh(self, value: Any) -> None:
        """Pay for every node of a value that is about to be walked; nested too deep is D1011."""
        level = [value]
        depth = 0
        while level:
            self.spend(len(level))
            depth += 1
            if depth > MAX_NESTING:
                raise JException("D1011", -1)
            level = [item for holder in level for item in items_of(holder)]

    def eval(self, expr: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise JException("D1011", -1)
        before = self.input, self.environment
        self.input, self.environment = input, environment
        try:
            result = self._evaluated(expr, input, environment)
        finally:
            self.depth -= 1
            self.input, self.environment = before
        self.charge(result)
        if isinstance(result, Utils.JList) and result.sequence and not result.tuple_stream:
            return _collapsed(expr, result)
        return result

    def _evaluated(self, expr: Any, focus: Any, environment: Any) -> Any:
        kind = expr.type
        evaluate = _EVALUATE.get(kind)
        result = None if evaluate is None else evaluate(self, expr, focus, environment)
        for predicate in expr.predicate or ():
            result = self.evaluate_filter(predicate.expr, result, environment)
        if expr.group is not None and kind != "path":
            result = self.evaluate_group_expression(expr.group, result, environment)
        return result

    def text(self, value: Any, *, pretty: bool = False) -> str:
        """$string's text of a value, and the empty text of undefined."""
        if value is None:
            return ""
        if isinstance(value, (list, dict)):
            self.weigh(value)
        return string_of(value, pretty=pretty)

    def literal(self, expr: Any, _focus: Any, _frame: Frame) -> Any:
        return NULL if expr.value is None else expr.value

    def variable(self, expr: Any, focus: Any, frame: Frame) -> Any:
        if expr.value == "":
            return self.evaluate_variable(expr, focus, frame)
        value = frame.lookup(expr.value)
        return value.admitted if isinstance(value, Outside) else value

    def builtin(self, expr: Any, _focus: Any, _frame: Frame) -> Any:
        return self._functions[expr.value]

    def outside(self, expr: Any, focus: Any, frame: Frame) -> Any:
        """A path whose start was shortened: the names first, then what is left of it."""
        names = expr.value
        root = frame.lookup(names[0])
        if root is None:
            return None
        value, used = root.reach(names[1:])
        if used < len(names) - 1 and not isinstance(value, list):
            return None
        rest = expr.steps[used]
        return admit(value) if rest is None else self.evaluate_path(rest, focus, frame)

    def origin(self, expr: Any, _focus: Any, frame: Frame) -> Any:
        names = expr.value
        if names not in self._origins:
            value, _ = frame.lookup(names[0]).reach(names[1:])
            self._origins[names] = admit(value)
        return self._origins[names]

    def wildcard(self, expr: Any, focus: Any, _frame: Frame) -> Any:
        return self.evaluate_wildcard(expr, focus)

    def descendants(self, expr: Any, focus: Any, _frame: Frame) -> Any:
        return self.evaluate_descendants(expr, focus)

    def parent(self, expr: Any, _focus: Any, frame: Frame) -> Any:
        return frame.lookup(expr.slot.label)

    def regex(self, expr: Any, _focus: Any, _frame: Frame) -> Any:
        return expr.value

    def call(self, expr: Any, focus: Any, frame: Frame) -> Any:
        return self.evaluate_function(expr, focus, frame, Utils.NONE)

    def evaluate_transform_expression(self, expr: Any, _input: Any, environment: Any) -> Any:
        transform = Jsonata.JFunction(Transformer(self, expr, environment), "<(oa):o>")
        transform.signature.set_function_name("transform")
        return transform

    def recurse_descendants(self, input: Any, results: Any) -> None:  # noqa: A002
        if not results:
            self.weigh(input)
        super().recurse_descendants(input, results)

    def flatten(self, arg: Any, flattened: Any) -> Any:
        if flattened is None:
            self.weigh(arg)
        return super().flatten(arg, flattened)

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        if isinstance(proc, Pattern):
            return _next_match(proc.finditer(args[0])) if isinstance(args[0], str) else None
        if not self.is_function_like(proc):
            raise JException("T1006", -1)
        return super().apply_inner(proc, args, input, environment)


def _collapsed(expr: Any, sequence: Any) -> Any:
    """JSONata's rule for sequences: of one item that item, of none undefined."""
    if expr.keep_array:
        sequence.keep_singleton = True
    if not sequence:
        return None
    return sequence[0] if len(sequence) == 1 and not sequence.keep_singleton else sequence


def _next_match(matches: Iterator[Any]) -> dict[str, Any] | None:
    """What a regular expression answers when it is called as a function."""
    match = next(matches, None)
    if match is None:
        return None
    return {
        "match": match.group(),
        "start": match.start(),
        "end": match.end(),
        "groups": list(match.groups()),
        "next": Jsonata.JLambda(lambda: _next_match(matches)),
    }


_EVALUATE: Final[Mapping[str, Callable[[Evaluation, Any, Any, Any], Any]]] = {
    "path": Evaluation.evaluate_path,
    "binary": Evaluation.evaluate_binary,
    "unary": Evaluation.evaluate_unary,
    "name": Evaluation.evaluate_name,
    "string": Evaluation.literal,
    "number": Evaluation.literal,
    "value": Evaluation.literal,
    "wildcard": Evaluation.wildcard,
    "descendant": Evaluation.descendants,
    "parent": Evaluation.parent,
    "condition": Evaluation.evaluate_condition,
    "block": Evaluation.evaluate_block,
    "bind": Evaluation.evaluate_bind_expression,
    "regex": Evaluation.regex,
    "function": Evaluation.call,
    "variable": Evaluation.variable,
    BUILTIN: Evaluation.builtin,
    OUTSIDE: Evaluation.outside,
    ORIGIN: Evaluation.origin,
    "lambda": Evaluation.evaluate_lambda,
    "partial": Evaluation.evaluate_partial_application,
    "apply": Evaluation.evaluate_apply_expression,
    "transform": Evaluation.evaluate_transform_expression,
}
