"""The API in process, on each of the three databases; runs are moved on by hand."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

import pytest
from asl.aws.protocol import answer
from asl.settings import Settings
from asl.usecases.advance import Advance, advance
from asl.usecases.services import Services

from tests.store.conftest import *  # noqa: F403 - its fixtures

CASES = Path(__file__).parent / "cases"
ROLE = "arn:aws:iam::000000000000:role/states"
ARN = "arn:aws:states:us-east-1:000000000000:"
PASS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Invitations:
    """In place of Fn: keeps what was invited until the test lets it come."""

    def __init__(self):
        self.waiting = deque()

    def invite(self, function, body):
        self.waiting.append((function, json.loads(body)))
        return True


class Api:
    """Operations by name: `api("StartExecution", stateMachineArn=…)`; Refused when they are."""

    def __init__(self, services):
        self.services = services
        services.dispatcher = Invitations()

    def __call__(self, operation, **members):
        return self.send(f"AWSStepFunctions.{operation}", json.dumps(members).encode())

    def answer(self, target, body):
        return answer(target, body, self.services, self.services.now() + 30_000)

    def send(self, target, body):
        answered = self.answer(target, body)
        if answered.status != 200:
            raise Refused(answered.status, answered.body["__type"], answered.body["message"])
        return json.loads(json.dumps(answered.body))

    def create(self, name="m", definition=PASS, **members):
        created = self(
            "CreateStateMachine", name=name, definition=definition, roleArn=ROLE, **members
        )
        return created["stateMachineArn"]

    def run(self, machine, **members):
        """Start a run and move it on as far as it goes; its ARN."""
        started = self("StartExecution", stateMachineArn=machine, **members)
        self.move_on()
        return started["executionArn"]

    def move_on(self):
        waiting = self.services.dispatcher.waiting
        while waiting:
            function, body = waiting.popleft()
            if function == "step-runner":
                advance(Advance(**body), self.services, self.services.now() + 30_000)

    def refused(self, operation, **members):
        with pytest.raises(Refused) as refused:
            self(operation, **members)
        return refused.value.code, refused.value.message


@pytest.fixture
def api(services):
    return Api(services)


@pytest.fixture
def local():
    """The API for what needs no database."""
    return Api(Services(Settings(database_url="none"), "app"))


def cases(name):
    """The cases of a file, named by their sentence."""
    found = json.loads((CASES / name).read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in found]
