"""Workflows that reach beyond their own operations: children, Map Runs, tokens, workers."""

from tests.protocol.scenarios import CATCH, CAUGHT, SCENARIOS, branch, one, task
from tests.protocol.test_map_runs import ODD, PASS, TASK, distributed

ARN = "arn:aws:states:us-east-1:000000000000"
AGAIN = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 9}]


def child(machine, pattern=".sync:2", **fields):
    """A Task that starts a run of a machine; its result is the child's output."""
    waits = {"ResultSelector": {"out.$": "$.Output"}, "OutputPath": "$.out"} if pattern else {}
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": f"{ARN}:stateMachine:{machine}", "Input.$": "$"},
        **waits,
        **fields,
    }


def mapped(state, **more):
    return {"definition": {"StartAt": "M", "States": {"M": state}}, "input": [1, 2, 3], **more}


def waiting(seconds):
    return one({"Type": "Wait", "Seconds": seconds})


FAILING = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
TELL = task(
    "fn:tell.waitForTaskToken",
    Parameters={"token.$": "$$.Task.Token"},
    TimeoutSeconds=40,
    Retry=AGAIN,
)

TREES = {
    "token": {"definition": one(TELL), "output": "told"},
    "tokens of branches": {
        "definition": one({"Type": "Parallel", "Branches": [branch("A", TELL), branch("B", TELL)]}),
        "output": ["told", "told"],
    },
    "worker": {
        "definition": one(task(f"{ARN}:activity:dig", TimeoutSeconds=40, Retry=AGAIN)),
        "activity": True,
        "output": "dug",
    },
    "child": {
        "machines": {"kid": waiting(20)},
        "definition": one(child("kid")),
        "input": {"n": 1},
        "output": {"n": 1},
    },
    "child of a child": {
        "machines": {"parent": one(child("grandkid")), "grandkid": waiting(5)},
        "definition": one(child("parent")),
        "input": {"n": 1},
        "output": {"n": 1},
    },
    "child that fails": {
        "machines": {"failing": FAILING},
        "definition": one(child("failing", Catch=CATCH), **CAUGHT),
        "output": "caught",
    },
    "children of branches": {
        "machines": {"kid": waiting(20), "other": one(task())},
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [branch("A", child("kid")), branch("B", child("other"))],
            }
        ),
        "output": [{}, {}],
    },
    "map run": mapped(distributed(TASK), output=[1, 2, 3]),
    "map run, one after the other": mapped(distributed(PASS, MaxConcurrency=1), output=[1, 2, 3]),
    "map run of Express children": mapped(distributed(TASK, "EXPRESS"), output=[1, 2, 3]),
    "map run that fails": mapped(distributed(ODD)),
    "map run in a map run": mapped(
        distributed({"N": distributed({"J": {"Type": "Pass", "End": True}})}),
        input=[[1], [2, 3]],
        output=[[1], [2, 3]],
    ),
}  # fmt: skip

EVERYTHING = {**SCENARIOS, **TREES}
