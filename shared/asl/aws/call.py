"""One request to the API, checked, with what is needed to answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asl.aws import errors, page_tokens
from asl.store.store import Store
from asl.usecases.arns import Arns
from asl.usecases.services import Services

DEFAULT_PAGE = 100  # what maxResults 0 and none mean


@dataclass(frozen=True, slots=True)
class Call:
    """members: of the operation's input, checked by the service model. deadline: ms since epoch.

    trace: the traceparent that the request came with, or none.
    """

    operation: str
    members: dict[str, Any]
    services: Services
    deadline: int
    trace: str = ""

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def arns(self) -> Arns:
        return self.services.arns

    @property
    def page_size(self) -> int:
        return self.members.get("maxResults") or DEFAULT_PAGE

    @property
    def page_key(self) -> str | None:
        """The key of the last item of the page before; InvalidToken when it is not ours."""
        return page_tokens.decode(self.operation, self.members, self.services.now())

    @property
    def page_number(self) -> int | None:
        """The same for a list whose keys are numbers."""
        key = self.page_key
        if key is not None and not (key.isascii() and key.isdecimal()):
            raise errors.invalid_token()
        return None if key is None else int(key[:18])

    def page(
        self, name: str, found: list[Any], key: Callable[[Any], str], view: Callable[[Any], Any]
    ) -> dict[str, Any]:
        """A page of a list of which one item more than `page_size` was asked for."""
        shown = found[: self.page_size]
        answer: dict[str, Any] = {name: [view(item) for item in shown]}
        if len(found) > len(shown):
            now = self.services.now()
            answer["nextToken"] = page_tokens.encode(
                key(shown[-1]), self.operation, self.members, now
            )
        return answer


Operation = Callable[[Call], dict[str, Any]]


def seconds(moment: int) -> float:
    """A time as the protocol has it: seconds since epoch."""
    return moment / 1000
