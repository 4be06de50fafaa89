"""Finding functions: app and name → where to invoke it, asked of Fn's API once and remembered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from asl.remote.errors import FnUnreachable, FunctionNotFound

# Where a function is invoked, as Fn's API says: at its load balancer where there is one.
ENDPOINT = "fnproject.io/fn/invokeEndpoint"
# What invoking a function that is not there is answered; 500 is a load balancer's word for it.
GONE = (404, 500)


class Found(msgspec.Struct, frozen=True):
    """A function or an app, as far as it is looked at."""

    id: str
    annotations: dict[str, Any] | None = None


class Page(msgspec.Struct, frozen=True):
    """What Fn's API answers when it is asked for a list."""

    items: list[Found] | None = None


class FunctionRegistry:
    """URLs of functions by (app, name). An empty app is the one this process runs in.

    A function that is deleted and created anew has another id, an app likewise: whoever is refused
    asks for the URL anew.
    """

    def __init__(self, client: httpx.Client, own_app_id: str) -> None:
        self._client = client
        self._own_app_id = own_app_id
        self._apps: dict[str, str] = {}
        self._urls: dict[tuple[str, str], str] = {}

    def url(self, app: str, function: str) -> str:
        """Where to invoke a function; FunctionNotFound or FnUnreachable."""
        key = (app, function)
        known = self._urls.get(key)
        if known is None:
            self._urls[key] = known = self._find(app, function)
        return known

    def is_balanced(self, url: str) -> bool:
        """Whether a load balancer invokes the function: at another host than the API's."""
        return urlsplit(url).netloc.lower() != self._client.base_url.netloc.decode()

    def forget(self, app: str, function: str) -> None:
        """Ask again next time: the URL was refused, the function was created anew or is gone."""
        self._urls.pop((app, function), None)

    def _find(self, app: str, function: str) -> str:
        remembered = app in self._apps
        found = self._ask(app, function)
        if found is None and remembered:
            del self._apps[app]
            found = self._ask(app, function)
        if found is None:
            where = f"app '{app}'" if app else "this app"
            raise FunctionNotFound(f"there is no function '{function}' in {where}")
        return self._endpoint(found)

    def _ask(self, app: str, function: str) -> Found | None:
        return self._one("/v2/fns", {"app_id": self._app_id(app), "name": function})

    def _app_id(self, app: str) -> str:
        if not app:
            return self._own_app_id
        known = self._apps.get(app)
        if known is None:
            found = self._one("/v2/apps", {"name": app})
            if found is None:
                raise FunctionNotFound(f"there is no app '{app}'")
            self._apps[app] = known = found.id
        return known

    def _endpoint(self, function: Found) -> str:
        """What the API says, unless that is the API itself.

        A server without a load balancer repeats the host it was asked at. It knows neither the
        scheme nor the path of a proxy before it, so there the base URL is better.
        """
        said = str((function.annotations or {}).get(ENDPOINT, ""))
        if said and self.is_balanced(said):
            return said
        return f"{str(self._client.base_url).rstrip('/')}/invoke/{function.id}"

    def _one(self, path: str, parameters: dict[str, str]) -> Found | None:
        try:
            answer = self._client.get(path, params=parameters, timeout=10)
            answer.raise_for_status()
            items = msgspec.json.decode(answer.content, type=Page).items
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise FnUnreachable(f"Fn's API did not answer GET {path}: {fault}") from fault
        return items[0] if items else None
