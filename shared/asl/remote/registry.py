"""Finding functions: app and name → id, asked of Fn's API once and remembered."""

from __future__ import annotations

from typing import Any

import httpx

from asl.remote.errors import FnUnreachable, FunctionNotFound


class FunctionRegistry:
    """Function ids by (app, name). An empty app is the one this process runs in, `own_app_id`."""

    def __init__(self, client: httpx.Client, own_app_id: str) -> None:
        self._client = client
        self._apps: dict[str, str] = {"": own_app_id}
        self._functions: dict[tuple[str, str], str] = {}

    def path(self, app: str, function: str) -> str:
        """Where to invoke a function; FunctionNotFound or FnUnreachable."""
        key = (app, function)
        if key not in self._functions:
            found = self._one("/v2/fns", {"app_id": self._app_id(app), "name": function})
            if found is None:
                where = f"app '{app}'" if app else "this app"
                raise FunctionNotFound(f"there is no function '{function}' in {where}")
            self._functions[key] = found
        return f"/invoke/{self._functions[key]}"

    def forget(self, app: str, function: str) -> None:
        """Ask again next time: the id was refused, the function was created anew or is gone."""
        self._functions.pop((app, function), None)
        if app:
            self._apps.pop(app, None)

    def _app_id(self, app: str) -> str:
        if app not in self._apps:
            found = self._one("/v2/apps", {"name": app})
            if found is None:
                raise FunctionNotFound(f"there is no app '{app}'")
            self._apps[app] = found
        return self._apps[app]

    def _one(self, path: str, parameters: dict[str, str]) -> str | None:
        try:
            answer = self._client.get(path, params=parameters, timeout=10)
            answer.raise_for_status()
            items: list[dict[str, Any]] = answer.json().get("items") or []
        except (httpx.HTTPError, ValueError) as fault:
            raise FnUnreachable(f"Fn's API did not answer GET {path}: {fault}") from fault
        return str(items[0]["id"]) if items else None
