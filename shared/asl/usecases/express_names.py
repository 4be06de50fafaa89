"""Names of Express runs, which may be given again and again, in a table where a name is unique."""

from __future__ import annotations

import uuid

from asl.usecases.arns import Arns

SEPARATOR = ":"  # no name that is given has one
LONGEST_NAME = 80  # characters of the column
_RUNS = uuid.UUID("5f1d3c52-3c0f-4d0e-9d6f-3b8f0a1c7e11")


def stored_name(given: str, id_: str) -> str:
    """The unique name under which a run is kept; a long one loses its end."""
    return f"{given[: LONGEST_NAME - len(id_) - 1]}{SEPARATOR}{id_}"


def shown_name(stored: str) -> str:
    """The name that was given, of any run."""
    return stored.partition(SEPARATOR)[0]


def express_arn(arns: Arns, machine: str, name: str, execution_id: str) -> str:
    """The ARN of an Express run: it ends in an id of its own, for names do not tell runs apart."""
    return arns.express(machine, shown_name(name), str(uuid.uuid5(_RUNS, execution_id)))
