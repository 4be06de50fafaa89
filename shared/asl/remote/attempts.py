"""What a function is told of the attempt that calls it. Needs no HTTP client: start-up counts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt a call belongs to; every redelivery of one attempt carries the same key."""

    execution: str
    operation: str
    state: str
    number: int
    traceparent: str

    def headers(self) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "fn-states-execution": self.execution,
            "fn-states-operation": self.operation,
            "fn-states-state": quote(self.state),
            "fn-states-attempt": str(self.number),
            "idempotency-key": f"{self.operation}.{self.number}",
        }
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        return headers
