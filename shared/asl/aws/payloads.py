"""JSON texts that clients hand in and get back to the letter, in the store's ASCII in between."""

from __future__ import annotations

import json
import re

from asl.language import json_faults, jsontext

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def stored(text: str) -> str:
    """A JSON text in ASCII, its blanks kept; InvalidJson when it is none.

    Characters beyond ASCII stand inside of strings alone, where an escape says the same.
    """
    jsontext.loads(text)
    return text if text.isascii() else _NOT_ASCII.sub(_escape, text)


def shown(text: str) -> str:
    """A stored text with its characters as they are; half a surrogate pair stays escaped."""
    return _ESCAPES.sub(_unescape, text) if "\\u" in text else text


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _unescape(found: re.Match[str]) -> str:
    escaped = found[0]
    if not escaped.startswith("\\u"):
        return escaped
    characters: str = json.loads(f'"{escaped}"')
    return "".join(_keep_escaped(character) for character in characters)


def _keep_escaped(character: str) -> str:
    if character.isascii() or _LONE_SURROGATE.match(character):
        return json.dumps(character)[1:-1]
    return character


def fault_text(text: str, fault: jsontext.InvalidJson) -> str:
    """Why an input is no JSON, in the words of AWS's parser."""
    return json_faults.describe(text, fault).message if text.strip() else "Invalid execution input."
