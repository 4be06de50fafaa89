"""What a function's processes run with: its folder, its limits, its environment."""

import os
from collections.abc import Callable
from pathlib import Path

from gateway import errors
from gateway.errors import FnError
from gateway.models import App, Fn
from gateway.pool import Room
from gateway.process import Runtime
from gateway.tables import Tables

_PASSED_ON = ("PATH", "HOME", "LANG")


class Runtimes:
    """Works out the Runtime of each function from the tables.

    ``library`` goes first on every function's PYTHONPATH, as the base image would have it;
    ``api_url`` is asked for lazily, because the port may be chosen by the system.
    """

    def __init__(self, tables: Tables, library: Path, api_url: Callable[[], str]) -> None:
        self._tables = tables
        self._library = library
        self._api_url = api_url

    def of(self, fn_id: str) -> Runtime:
        """Raises FnError ``Fn not found``."""
        fn = self._tables.fns.get(fn_id)
        if fn is None:
            raise FnError(errors.FN_NOT_FOUND)
        app = self._tables.apps[fn.app_id]
        folder = fn.folder
        return Runtime(
            label=f"{app.name}/{fn.name}",
            folder=folder,
            timeout=fn.timeout,
            idle_timeout=fn.idle_timeout,
            env=tuple(self._env(app, fn).items()),
            code_time=_code_time(folder),
        )

    def renew(self, room: Room) -> None:
        """Brings all pools up to date after a change of the tables."""
        for fn_id, pool in list(room.pools.items()):
            if fn_id in self._tables.fns:
                pool.renew(self.of(fn_id))
            else:
                del room.pools[fn_id]
                pool.retire()

    def _env(self, app: App, fn: Fn) -> dict[str, str]:
        """A function's configuration wins over its app's; what Fn sets cannot be overridden."""
        base = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        path = {"PYTHONPATH": f"{self._library}{os.pathsep}{fn.folder}"}
        own = {
            "FN_FN_ID": fn.id,
            "FN_APP_ID": app.id,
            "FN_MEMORY": str(fn.memory),
            "FN_TYPE": "sync",
        }
        return base | path | {"FN_API_URL": self._api_url()} | app.config | fn.config | own


def _code_time(folder: Path) -> int:
    if not folder.is_absolute():
        return 0
    return max((file.stat().st_mtime_ns for file in folder.glob("*.py")), default=0)
