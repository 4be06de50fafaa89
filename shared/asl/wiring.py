"""From the environment to the parts; built at the first call, kept by the hot container."""

from __future__ import annotations

import os
from functools import lru_cache

from asl import logs
from asl.settings import read_settings
from asl.usecases.services import Services


@lru_cache(maxsize=1)
def services() -> Services:
    """The parts of this process; BadSetting or BadDatabaseUrl when they cannot be made."""
    logs.set_up()
    settings = read_settings(os.environ)
    logs.set_up(settings.log_level, payloads=settings.log_payloads)
    return Services(settings, os.environ.get("FN_APP_ID", ""))
