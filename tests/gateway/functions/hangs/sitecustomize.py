"""Runs before the FDK can listen: a container that never opens its socket."""

import time

time.sleep(60)
