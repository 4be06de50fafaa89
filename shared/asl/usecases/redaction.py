"""Secrets: the values of fields that the operator names are hidden from whoever looks on.

What people look at is redacted: steps, executions, history, logs, what is shipped. What a run works
with is not: its data, the input of its Tasks, and its result to the caller who waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from asl.language import jsontext
from asl.language.scope import Json
from asl.store.rows import Row, replace

REDACTED = "[redacted]"
EVENT_DATA = frozenset(("input", "output", "parameters", "assignedVariables", "cause"))
_JSON_BEGINS = ("{", "[", '"')
_QUOTED = r'"(?:{names})(?P<slashes>\\*)"\s*:\s*'
_QUOTE = re.compile(r'(?<!\\)\\*"')  # with all the backslashes before it


class Redactor:
    """fields: names such as `password`, or paths of names such as `card.number`.

    A name is found at any depth, whatever its case; a path where its names follow each other, with
    arrays in between or not. JSON within a text, such as a cause, is looked through as well.
    """

    def __init__(self, fields: Iterable[str]) -> None:
        paths = [tuple(field.casefold().split(".")) for field in fields]
        self._by_name: dict[str, list[tuple[str, ...]]] = {}
        for path in paths:
            self._by_name.setdefault(path[-1], []).append(path[:-1])
        names = sorted({re.escape(path[-1]) for path in paths})
        self._quoted = re.compile(_QUOTED.format(names="|".join(names)), re.IGNORECASE)

    def value(self, value: Json) -> Json:
        """A JSON value without the secrets; itself where there are none to look for."""
        return self._value(value, ()) if self._by_name else value

    def text(self, text: str) -> str:
        """A JSON text without the secrets; the very text where it has none."""
        if not self._by_name:
            return text
        value = jsontext.loads(text)
        redacted = self._value(value, ())
        return text if self._is_clean(text, value, redacted) else jsontext.dumps(redacted)

    def text_or_none(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def row(self, row: Row) -> Row:
        """A run or an operation as people may see it."""
        if not self._by_name:
            return row
        return replace(
            row,
            input=self.text(row.input),
            output=self.text_or_none(row.output),
            cause=self.text_or_none(row.cause),
        )

    def message(self, text: str | None) -> str | None:
        """A text for people, such as a cause, that may have JSON in it."""
        return text if text is None or not self._by_name else self._message(text)

    def details(self, details: Json) -> Json:
        """What was written down with an event: its data, not its own members such as `name`."""
        if not self._by_name or not isinstance(details, dict):
            return details
        return {
            name: self.value(value) if name in EVENT_DATA else value
            for name, value in details.items()
        }

    def _value(self, value: Json, above: tuple[str, ...]) -> Json:
        if isinstance(value, dict):
            return {
                name: REDACTED
                if self._is_secret(name.casefold(), above)
                else self._value(inner, (*above, name.casefold()))
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner, above) for inner in value]
        return self._message(value) if isinstance(value, str) else value

    def _is_secret(self, name: str, above: tuple[str, ...]) -> bool:
        paths = self._by_name.get(name, ())
        return any(above[len(above) - len(path) :] == path for path in paths)

    def _message(self, text: str) -> str:
        if text.lstrip().startswith(_JSON_BEGINS):
            try:
                value = jsontext.loads(text)
                redacted = self._value(value, ())
                return text if self._is_clean(text, value, redacted) else jsontext.compact(redacted)
            except (jsontext.InvalidJson, RecursionError):  # texts may nest in texts, without end
                return self._scrub(text)
        return self._scrub(text)

    def _is_clean(self, text: str, value: Json, redacted: Json) -> bool:
        """Whether a text may stay; of repeated keys `value` has only the last."""
        return redacted == value and not self._quoted.search(text)

    def _scrub(self, text: str) -> str:
        """A text with pieces of JSON in it: what follows a secret's name is hidden.

        Here the last name of a path hides a value, wherever it stands.
        """
        return "".join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[str]:
        place = 0
        while found := self._quoted.search(text, place):
            quote = found["slashes"] + '"'
            yield text[place : found.end()] + quote + REDACTED + quote
            place = _end_of_value(text, found.end(), found["slashes"])
        yield text[place:]


def _end_of_value(text: str, start: int, slashes: str) -> int:
    """Where a JSON value ends whose quotes have these backslashes; the text's end if unclear."""
    if text.startswith(('"', "{", "["), start):
        try:
            return jsontext.scan(text, start)[1]
        except jsontext.InvalidJson:
            return len(text)
    quote = slashes + '"'
    if text.startswith(quote, start):
        return _end_of_string(text, start + len(quote), len(slashes))
    found = re.compile(r"[\s,}\]]").search(text, start)
    return found.start() if found else len(text)


def _end_of_string(text: str, start: int, slashes: int) -> int:
    """After the quote that is not escaped: each backslash of the string is a pair, escaped too."""
    for found in _QUOTE.finditer(text, start):
        if (len(found[0]) - 1) % (2 * (slashes + 1)) == slashes:
            return found.end()
    return len(text)
