"""From an operation's row to the call it stands for, the same at every redelivery."""

from __future__ import annotations

from asl.language import jsontext
from asl.language.document import Document
from asl.language.effects import FunctionRequest
from asl.language.resources import Dialect
from asl.remote.attempts import Attempt
from asl.store.rows import ExecutionRow, OperationRow
from asl.usecases.tracing import traceparent_of

LONGEST_CALL = 300  # seconds a Fn function may run


def request_of(row: OperationRow, run: ExecutionRow) -> FunctionRequest:
    """The function call that was decided; the run's namespace is the app where none was named."""
    kept = jsontext.loads(row.request or "{}")
    payload = Document(kept["payload"]) if "payload" in kept else Document.read(row.input)
    return FunctionRequest(
        kept["app"] or run.namespace, kept["function"], payload, Dialect(kept["dialect"])
    )


def attempt_of(row: OperationRow, run: ExecutionRow) -> Attempt:
    return Attempt(
        execution=run.id,
        operation=row.id,
        state=row.state,
        number=row.attempt,
        traceparent=traceparent_of(run.trace, row.id, row.attempt),
    )


def seconds_left(row: OperationRow, now: int, latest: int) -> float:
    """How long a call may be waited for: the attempt's timeout, or what the runner has left."""
    until = latest if row.deadline is None else min(row.deadline, latest)
    return max(0.05, min((until - now) / 1000, LONGEST_CALL))
