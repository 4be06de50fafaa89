"""What a use case is handed: the store, the functions, the clock, chance."""

from __future__ import annotations

import random
import time
from functools import cached_property, lru_cache
from random import Random
from typing import TYPE_CHECKING

from ulid import ULID

from asl.language.machine import STANDARD
from asl.settings import Settings
from asl.store.store import Store, open_store
from asl.usecases.arns import Arns
from asl.usecases.definitions import Definitions
from asl.usecases.redaction import Redactor
from asl.usecases.tally import Tally

if TYPE_CHECKING:
    import httpx

    from asl.remote.dispatcher import Dispatcher
    from asl.remote.functions import Functions
    from asl.remote.http_calls import HttpCalls
    from asl.remote.log_sinks.sink import LogSink
    from asl.remote.objects import Objects
    from asl.remote.registry import FunctionRegistry


class Services:
    """What a use case may use. Remote parts are made when first asked for: start-up counts."""

    def __init__(self, settings: Settings, own_app_id: str) -> None:
        self.settings = settings
        self.random: Random = random.SystemRandom()
        self.tally = Tally()
        self._own_app_id = own_app_id

    def now(self) -> int:
        """The time, in ms since epoch."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def new_id(self) -> str:
        """An id that sorts by time."""
        return str(ULID())

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings.database_url)

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self.store, self.settings.resources)

    @cached_property
    def arns(self) -> Arns:
        return Arns(self.settings.aws_region, self.settings.aws_account_id)

    @cached_property
    def redactor(self) -> Redactor:
        return Redactor(self.settings.redact)

    @lru_cache(maxsize=500)  # noqa: B019 - a process has one Services; a name never changes
    def machine_name(self, state_machine_id: str) -> str:
        return self.store.machines.name(state_machine_id) or state_machine_id

    @lru_cache(maxsize=500)  # noqa: B019 - as above; a version never changes
    def role_arn(self, state_machine_id: str, version: int) -> str:
        """The role that came with a version, empty when none did."""
        found = self.store.machines.version(state_machine_id, version)
        return "" if found is None or found.role_arn is None else str(found.role_arn)

    @lru_cache(maxsize=500)  # noqa: B019 - a process has one Services; a type never changes
    def machine_type(self, state_machine_id: str) -> str:
        machine = self.store.machines.find(state_machine_id)
        return STANDARD if machine is None else str(machine.type)

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        return httpx.Client(
            base_url=self.settings.fn_api_url, limits=limits, verify=True, trust_env=False
        )

    @cached_property
    def _registry(self) -> FunctionRegistry:
        from asl.remote.registry import FunctionRegistry

        return FunctionRegistry(self._client, self._own_app_id)

    @cached_property
    def functions(self) -> Functions:
        from asl.remote.functions import Functions

        return Functions(self._client, self._registry)

    @cached_property
    def http_calls(self) -> HttpCalls:
        from asl.remote.http_calls import HttpCalls

        settings = self.settings
        return HttpCalls(settings.http_allow, settings.http_connections, settings.aws_region)

    @cached_property
    def objects(self) -> Objects:
        from asl.remote.objects import Objects

        settings = self.settings
        return Objects(settings.object_allow, settings.s3_endpoint_url, settings.aws_region)

    @cached_property
    def log_sink(self) -> LogSink | None:
        """Where records go before their runs are evicted; None: nowhere."""
        from asl.remote.log_sinks.opening import open_log_sink

        return open_log_sink(self.settings.log_sink, self.settings.log_sink_headers)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        from asl.remote.dispatcher import Dispatcher

        return Dispatcher(self._registry)
