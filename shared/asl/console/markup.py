"""HTML that is escaped by its making: a text is data unless it is Html."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

VOID = frozenset(("rect", "meta", "br"))


class Html(str):
    """Markup; only `element` and `join` make it."""

    __slots__ = ()


Content = Html | str
NOTHING = Html("")


def element(tag: str, *content: Content, **attributes: str | int | float | None) -> Html:
    """An element; attributes without a value are left out, and `class_` stands for `class`."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Html(f"<{tag}{given}/>")
    return Html(f"<{tag}{given}>{join(*content)}</{tag}>")


def join(*content: Content) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in content))


def link(text: Content, **query: str | None) -> Html:
    """A link to another page of the console: only the query tells them apart."""
    return element("a", text, href=address(**query))


def address(**query: str | None) -> str:
    return "?" + urlencode({name: value for name, value in query.items() if value is not None})
