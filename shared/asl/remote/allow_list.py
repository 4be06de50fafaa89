"""Which objects may be read and written: those below a prefix that the operator allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from asl.language.errors import AslError


class ObjectFault(AslError):
    """An object that cannot be read or written; says which, and why."""


def file_path(uri: str) -> Path:
    """The path of a file:// URI, without links and dots: what counts is where it leads."""
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise ObjectFault(f"{uri}: a file is named by file:///path")
    try:
        return Path(unquote(parts.path)).resolve()
    except (OSError, ValueError) as fault:
        raise ObjectFault(f"{uri}: {fault}") from fault


def check_allowed(uri: str, allow: Sequence[str]) -> None:
    """ObjectFault for an object that none of the prefixes covers; it names the setting."""
    if not is_allowed(uri, allow):
        raise ObjectFault(
            f"The object {uri} may not be used here: the setting OBJECT_ALLOW names no prefix of it"
        )


def is_allowed(uri: str, allow: Sequence[str]) -> bool:
    """Whether one of the prefixes covers it."""
    return any(_covers(prefix, uri) for prefix in allow)


def _covers(prefix: str, uri: str) -> bool:
    if prefix.startswith("file://"):
        return uri.startswith("file://") and file_path(uri).is_relative_to(file_path(prefix))
    return uri.startswith(prefix) and not _climbs(uri)


def _climbs(uri: str) -> bool:
    """Whether a web address leads out of the folder it seems to be in."""
    if uri.startswith("s3://"):
        return False
    path = unquote(urlsplit(uri).path).replace("\\", "/")
    # What follows a semicolon is left out by some servers (`..;/`, RFC 3986, 3.3).
    return any(segment.partition(";")[0] in (".", "..") for segment in path.split("/"))
