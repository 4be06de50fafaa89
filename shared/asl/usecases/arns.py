"""Amazon Resource Names for our own things, one to one with their names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arns:
    """Region and account are settings; they mean nothing but to AWS's clients."""

    region: str
    account: str

    def _arn(self, resource: str) -> str:
        return f"arn:aws:states:{self.region}:{self.account}:{resource}"

    def state_machine(self, name: str) -> str:
        return self._arn(f"stateMachine:{name}")

    def execution(self, machine: str, name: str) -> str:
        return self._arn(f"execution:{machine}:{name}")
