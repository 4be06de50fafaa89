"""JSONata expressions, `{% … %}`, as Step Functions evaluates them.

Parsed once, evaluated anywhere and in any number of threads. The library is jsonata-python; the
layer over it (`query/`) closes what separates it from JSONata 2.0.6 and from a safe use:

- its evaluator is bound to a thread and to the system's clock and chance: each evaluation is an
  object of its own, with the moment the state was entered and the scope's random numbers;
- runaway: bounds on steps, depth, length and the time of a regular expression (its own timebox
  counts from parsing, and one count serves all threads);
- null inside arrays and objects was taken for undefined; grouping an empty array, and a transform
  that names a variable, changed the input;
- `%` on fractions, division by zero, ranges from 2.0, `in` and $distinct on true and 1, the order
  of equal items in $sort, numbers within $string, $number of "1_0", " 1" and "nan", limits of
  $replace, group references, zero-length matches, $lowercase, $toMillis, and its error texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, Self

from jsonata.jexception import JException

from asl.language import jsontext
from asl.language.errors import QUERY_EVALUATION_ERROR, Diagnostic, QueryError, StateError
from asl.language.jsonata import builtins, states, strings
from asl.language.jsonata.check import Reading, check
from asl.language.jsonata.evaluation import Evaluation
from asl.language.jsonata.faults import describe_any
from asl.language.jsonata.frames import AN_ARRAY_BETWEEN, UNDEFINED, Outside
from asl.language.jsonata.functions import functions
from asl.language.jsonata.origin import STATES, Shortcut, plain, shortcut
from asl.language.jsonata.parsing import parse
from asl.language.jsonata.values import UnsupportedResultError, emit
from asl.language.scope import Json, Scope

OPENING: Final = "{%"
CLOSING: Final = "%}"
NOTHING: Final[frozenset[str]] = frozenset()
INVALID: Final = "INVALID_JSONATA_EXPRESSION"
NOT_DELIMITED: Final = Diagnostic(
    "SCHEMA_VALIDATION_FAILED", f"JSONata string must start with {OPENING} and end with {CLOSING}"
)

_FUNCTIONS: Final = functions(builtins, states, strings)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_expression(text: str) -> bool:
    """Whether a string is evaluated: it starts with `{%` and ends with `%}`, without any blanks."""
    return len(text) >= 4 and text.startswith(OPENING) and text.endswith(CLOSING)


class Source(Protocol):
    """Whatever has the text that an error names as the expression."""

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `text`: without `{% %}` and outer blanks, as error texts show it."""

    text: str
    reading: Reading
    _tree: Any
    _shortcut: Shortcut | None

    @classmethod
    def parse(cls, text: str, available: frozenset[str] = NOTHING) -> Self:
        """Read `{% … %}`; `available`: which of `result`, `errorOutput` `$states` offers there.

        Raises QueryError for a text that does not parse or uses what is not supported.
        """
        if not is_expression(text):
            raise QueryError([NOT_DELIMITED])
        bare = text[2:-2].strip()
        tree, reading = _parsed(bare, available)
        return cls(bare, reading, tree, shortcut(tree))

    @property
    def variables(self) -> frozenset[str]:
        """The workflow variables it reads."""
        return self.reading.names - _FUNCTIONS.keys()

    def evaluate(self, scope: Scope, field: str) -> Json:
        """Its value in `scope`; nothing in `scope` is changed.

        Raises StateError States.QueryEvaluationError, which names `field`, for example
        `Output/result`, in the words AWS was recorded to use.
        """
        if self._shortcut is not None:
            value = self._shortcut(scope)
            if value is UNDEFINED:
                raise self._failed(field, "returned nothing (undefined).")
            if value is not AN_ARRAY_BETWEEN:
                return value
        return self._evaluated(scope, field)

    def _evaluated(self, scope: Scope, field: str) -> Json:
        run = Evaluation(scope.random, _moment(scope))
        try:
            value = run.run(self._tree, self._roots(scope), _FUNCTIONS)
            run.weigh(value)
            if value is not None:
                return emit(value)
        except UnsupportedResultError:
            raise self._failed(field, "returned an unsupported result type.") from None
        except Exception as fault:
            what = f"threw an error during evaluation. {describe_any(fault)}"
            raise self._failed(field, what) from fault
        raise self._failed(field, "returned nothing (undefined).")

    def _roots(self, scope: Scope) -> dict[str, Outside]:
        roots = {
            name: Outside(scope.variables[name])
            for name in self.reading.names
            if name in scope.variables
        }
        if self.reading.states:
            members = {**scope.states, "context": plain(scope.context)}
            roots[STATES] = Outside(
                {name: members[name] for name in self.reading.states if name in members}
            )
        return roots

    def _failed(self, field: str, what: str) -> StateError:
        return _fault(self.text, field, what)


def expect(value: Json, field: str, source: Source, *types: str) -> Json:
    """The value, if it is of one of `types` (array, number, string, boolean, object, null).

    Otherwise StateError States.QueryEvaluationError in AWS's words, with `source`'s text.
    """
    actual = type_of(value)
    if actual in types:
        return value
    wanted = " or ".join(f"'{name}'" for name in types)
    shown = jsontext.compact(value)
    raise _fault(
        source.text,
        field,
        f"returned an unexpected result type. Expected {wanted}, but was '{actual}' "
        f"for value: {shown}",
    )


def type_of(value: Json) -> str:
    """JSON's name for the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _fault(text: str, field: str, what: str) -> StateError:
    cause = f"The JSONata expression '{text}' specified for the field '{field}' {what}"
    return StateError(QUERY_EVALUATION_ERROR, cause, prefixed=True, location=field)


def _parsed(text: str, available: frozenset[str]) -> tuple[Any, Reading]:
    try:
        tree = parse(text)
        return tree, check(tree, available, _FUNCTIONS)
    except QueryError:
        raise
    except JException as fault:
        message = describe_any(fault).partition(": ")[2]  # AWS leaves the code out
        raise QueryError([Diagnostic(INVALID, message)]) from fault
    except Exception as fault:
        raise QueryError([Diagnostic(INVALID, "The expression cannot be parsed")]) from fault


def _moment(scope: Scope) -> int | None:
    """What $now and $millis say: when the state was entered, ms since epoch.

    So an evaluation that is repeated after a crash says the same again.
    """
    state = scope.context.get("State")
    entered = state.get("EnteredTime") if isinstance(state, dict) else None
    try:
        moment = datetime.fromisoformat(entered or "")
    except (TypeError, ValueError):
        return None  # a context that somebody made up; the functions give undefined
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(milliseconds=1)
