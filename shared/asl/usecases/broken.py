"""Operations that break whoever moves them on: the run fails, instead of being tried for ever."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from asl.language.errors import RUNTIME
from asl.store.claims import json_or_none
from asl.store.errors import DatabaseUnavailable
from asl.store.executions import Ending
from asl.store.rows import Status, split_operation_id
from asl.usecases.children import end_run
from asl.usecases.services import Services

log = logging.getLogger(__name__)

TRANSIENT = (DatabaseUnavailable, OSError, MemoryError)
"""Faults of the surroundings: the operation stays as it is, and comes due again."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What came of a call instead of an answer: a fault that none of us foresaw."""

    fault: Exception


def fail_run(services: Services, operation_id: str, fault: Exception) -> None:
    """End the run of an operation whose transition cannot be made: its data would break the next
    runner too. Nothing of it is lost: once the fault is mended, it can be redriven.
    """
    log.error(
        "unexpected fault in a transition",
        exc_info=fault,
        extra={"operation": operation_id, "error": type(fault).__name__},
    )
    key = split_operation_id(operation_id)
    if key is None:
        return
    cause = (
        f"An unexpected fault ({type(fault).__name__}) in a transition of the operation "
        f"{operation_id}; the log of the step-runner has it. Once it is mended, redrive."
    )
    details = {"error": RUNTIME, "cause": cause}
    ending = Ending(
        Status.FAILED, json_or_none(RUNTIME), json_or_none(cause), "ExecutionFailed", details
    )
    end_run(services, key[0], ending, services.now())
