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

    def published(self, machine: str, number: int) -> str:
        return self._arn(f"stateMachine:{machine}:{number}")

    def alias(self, machine: str, alias: str) -> str:
        return self._arn(f"stateMachine:{machine}:{alias}")

    def execution(self, machine: str, name: str) -> str:
        return self._arn(f"execution:{machine}:{name}")

    def express(self, machine: str, name: str, uuid: str) -> str:
        return self._arn(f"express:{machine}:{name}:{uuid}")

    def express_test(self, machine: str, name: str) -> str:
        """What TestState shows as the id of an execution that there is not."""
        return self._arn(f"express:{machine}:{name}")

    def map_run(self, machine: str, label: str, uuid: str) -> str:
        return self._arn(f"mapRun:{machine}/{label}:{uuid}")

    def activity(self, name: str) -> str:
        return self._arn(f"activity:{name}")
