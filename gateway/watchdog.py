"""Outlives the gateway by a moment: when its standard input ends, every process group it was told
of is killed and the folder of sockets is removed. So nothing is left behind by a SIGKILL either.

Run as ``python watchdog.py FOLDER``; each line on stdin is ``+PGID`` or ``-PGID``.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable


def surviving(lines: Iterable[str]) -> set[int]:
    """The groups that were added and not taken away; a line cut short by the end is ignored."""
    groups: set[int] = set()
    for line in lines:
        if not line.endswith("\n"):
            continue
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    return groups


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for group in surviving(sys.stdin):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
