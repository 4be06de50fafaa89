"""From the environment to the parts; built at the first call, kept by the hot container."""

from __future__ import annotations

import logging
import os
from functools import lru_cache

from asl.settings import read_settings
from asl.usecases.services import Services


@lru_cache(maxsize=1)
def services() -> Services:
    """The parts of this process; BadSetting or BadDatabaseUrl when they cannot be made."""
    logging.getLogger().setLevel(logging.WARNING)  # the FDK makes every library talk
    return Services(read_settings(os.environ), os.environ.get("FN_APP_ID", ""))
