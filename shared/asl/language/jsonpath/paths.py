"""JSONPath: naming places in state data (`$`), the context object (`$$`) and variables (`$name`).

A path is parsed once and read many times. One that names a single place by names and indexes, as
nearly all do, is walked directly; the others go through their segments (path_segments).
Values are never changed: `insert` copies what lies along the path and shares the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asl.language.errors import AslError, StateError
from asl.language.jsonpath.parser import read_root, read_segments
from asl.language.jsonpath.reader import TextReader
from asl.language.jsonpath.segments import Index, Length, Name, Names, Segment, Walk
from asl.language.jsontext import compact
from asl.language.scope import Json, Scope
from asl.language.values import kind_of

REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"


class PathNotFound(AslError):
    """A definite path that names nothing; `reason` is worded as Jayway JsonPath words it.

    path: the path's text, as it stands in the definition.
    """

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed JSONPath.

    root: `$`, `$$`, or the variable's name. definite: it names one place, so that `read` answers
    that node and not a list. is_reference: it has names and indexes from 0 on, and nothing else.
    keys: the names and indexes of a path that has nothing else, else None.
    """

    text: str
    root: str
    segments: tuple[Segment, ...]
    definite: bool
    is_reference: bool
    keys: tuple[str | int, ...] | None
    indexed: bool

    @classmethod
    def parse(cls, text: str) -> Path:
        """The path that the whole of `text` is; ExpressionError when it is none."""
        reader = TextReader(text)
        path = cls.read_from(reader)
        if not reader.at_end():
            raise reader.fault("Expected the end of the path")
        return path

    @classmethod
    def read_from(cls, reader: TextReader) -> Path:
        """The path that begins where `reader` stands, as an argument of an intrinsic does."""
        start = reader.position
        root = read_root(reader)
        segments = read_segments(reader)
        keys = _keys(segments)
        return cls(
            text=reader.text[start : reader.position],
            root=root,
            segments=segments,
            definite=all(segment.definite for segment in segments),
            is_reference=keys is not None and not any(_is_negative(key) for key in keys),
            keys=keys,
            indexed=keys is not None and any(isinstance(key, int) for key in keys),
        )

    def names_variables(self) -> frozenset[str]:
        """The variable it reads, if any; a filter cannot read one."""
        return frozenset() if self.root in ("$", "$$") else frozenset((self.root,))

    def read(self, scope: Scope) -> Json:
        """The node of a definite path; the list, maybe empty, of the nodes of any other.

        PathNotFound when a definite path, or the variable, names nothing. Where a definite part
        of an indefinite path names nothing the list is empty (recorded on AWS).
        """
        document = self._document(scope)
        if self.keys is None:
            return self._select(document)
        node = document
        try:
            if self.indexed:
                for key in self.keys:
                    node = _item(node, key)
            else:
                for key in self.keys:
                    node = node[key]
        except (KeyError, IndexError, TypeError):
            raise PathNotFound(self._why_not(document), self.text) from None
        return node

    def _document(self, scope: Scope) -> Json:
        if self.root == "$":
            return scope.data
        if self.root == "$$":
            return scope.context
        try:
            return scope.variables[self.root]
        except KeyError:
            raise PathNotFound(f"Undefined variable: ${self.root}", self.text) from None

    def _select(self, document: Json) -> Json:
        nodes = Walk(document).through(self.segments, document)
        if not self.definite:
            return nodes
        if nodes:
            return nodes[0]
        raise PathNotFound(self._why_not(document), self.text)

    def _why_not(self, document: Json) -> str:
        """Jayway's words for a definite path without a node [JsonPath PathToken and its kin]."""
        shown = "$" if self.root == "$$" else f"${self.root.lstrip('$')}"
        whole = shown + "".join(map(str, self.segments))
        node = document
        for place, segment in enumerate(self.segments):
            found = segment.select(node, Walk(document))
            if not found:
                rest = "".join(map(str, self.segments[place:]))
                last = place + 1 == len(self.segments)
                return _refusal(segment, node, shown, rest) or _absence(segment, shown, whole, last)
            node = found[0]
            shown += str(segment)
        return f"No results for path: {whole}"

    def insert(self, document: Json, value: Json) -> Json:
        """`document` with `value` at this reference path, as ResultPath puts it.

        Missing objects are made; an index must be one that the array has. What stands there is
        replaced. StateError States.ReferencePathConflict, the name AWS was seen to give (the
        specification says States.ResultPathMatchFailure), when the way leads through anything
        that is no object, or no array, such as a whole input that is a string.
        """
        if self.root != "$" or not self.is_reference or self.keys is None:
            raise TypeError(f"{self.text} is no reference path into state data")
        try:
            return _inserted(document, self.keys, value)
        except (TypeError, IndexError):
            raise StateError(
                REFERENCE_PATH_CONFLICT,
                f"Unable to apply ReferencePath {self.text} to input {compact(document)}",
            ) from None


def _keys(segments: tuple[Segment, ...]) -> tuple[str | int, ...] | None:
    keys: list[str | int] = []
    for segment in segments:
        if isinstance(segment, Name):
            keys.append(segment.name)
        elif isinstance(segment, Index):
            keys.append(segment.index)
        else:
            return None
    return tuple(keys)


def _is_negative(key: str | int) -> bool:
    return isinstance(key, int) and key < 0


def _item(node: Json, key: str | int) -> Json:
    if isinstance(key, int) and not isinstance(node, list):
        raise TypeError
    return node[key]


def _refusal(segment: Segment, node: Json, shown: str, rest: str) -> str | None:
    """Why `segment` does not apply to `node` at all, or None if it might have."""
    if isinstance(segment, (Name, Names)) and not isinstance(node, Mapping):
        return (
            f"Expected to find an object with property {segment} in path {shown} "
            f"but found '{kind_of(node)}'"
        )
    if isinstance(segment, Index) and node is None:
        return f"The path {shown} is null"
    if isinstance(segment, Index) and not isinstance(node, list):
        return f"Filter: {rest} can only be applied to arrays. Current context is: {compact(node)}"
    return None


def _absence(segment: Segment, shown: str, whole: str, last: bool) -> str:
    if last or isinstance(segment, (Index, Length)):
        return f"No results for path: {whole}"
    return f"Missing property in path {shown}{segment}"


def _inserted(node: Json, keys: tuple[str | int, ...], value: Json) -> Json:
    """A copy of `node` along `keys`; TypeError or IndexError where they do not apply."""
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        if not isinstance(node, list):
            raise TypeError
        return [*node[:key], _inserted(node[key], rest, value), *node[key + 1 :]]
    if not isinstance(node, dict):
        raise TypeError
    return {**node, key: _inserted(node.get(key, {}) if rest else None, rest, value)}
