"""Runs of a workflow of every kind of state, started by name, and what each must come to."""

TASKS = "fn:tasks/moody"
ARN = "arn:aws:states:us-east-1:000000000000"
# What a killed process, a gateway that is away or a full host are to the caller.
HOST = ["Fn.FunctionFailed", "Fn.Unreachable", "Fn.TooBusy", "Fn.Timeout", "Fn.NotFound"]
RETRY = [
    {
        "ErrorEquals": [*HOST, "States.Timeout", "Flaky"],
        "IntervalSeconds": 1,
        "BackoffRate": 1,
        "MaxAttempts": 50,
    }
]
CHILD = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Parameters": {
        "StateMachineArn": f"{ARN}:stateMachine:chaos-child",
        "Input": {"n.$": "$.n"},
    },
    "ResultSelector": {"out.$": "$.Output"},
    "ResultPath": "$.child",
    "Next": "Done",
}


def calling(ledger, answer, resource=TASKS, **fields):
    """A Task whose function notes that it was called, and answers what `answer` points at."""
    parameters = {"note": str(ledger), "answer.$": answer, **fields.pop("Order", {})}
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": parameters,
        "Retry": RETRY,
        **fields,
    }


def alone(name, state):
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


def child(ledger):
    return {
        "StartAt": "Rest",
        "States": {
            "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Work"},
            "Work": calling(ledger, "$.n", End=True),
        },
    }


def definition(ledger, *, quick=False):
    """Choice, Pass, Task with retry, Parallel, Wait, Map, callback, child.

    quick: without what takes half a minute when a message is lost: the child, a token's timeout.
    """
    token = {"token.$": "$$.Task.Token"}
    branches = [
        alone("Left", calling(ledger, "$.n")),
        alone("Right", {"Type": "Wait", "Seconds": 1}),
    ]
    return {
        "StartAt": "Odd",
        "States": {
            "Odd": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.odd", "BooleanEquals": True, "Next": "Flaky"}],
                "Default": "Even",
            },
            "Even": {"Type": "Pass", "Next": "Flaky"},
            "Flaky": calling(
                ledger,
                "$.n",
                Order={"fail": "Flaky", "fail_until": 2},
                ResultPath="$.flaky",
                Next="Both",
            ),
            "Both": {
                "Type": "Parallel",
                "Branches": branches,
                "ResultPath": None,
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrency": 2,
                "ItemProcessor": alone("One", calling(ledger, "$")),
                "ResultPath": "$.each",
                "Next": "Told",
            },
            "Told": calling(
                ledger,
                "$.n",
                resource=f"{TASKS}.waitForTaskToken",
                Order=token,
                TimeoutSeconds=4 if quick else 20,
                ResultPath="$.told",
                Next="Done" if quick else "Child",
            ),
            **({} if quick else {"Child": CHILD}),
            "Done": {"Type": "Succeed"},
        },
    }


def input_of(number):
    return {"n": number, "odd": number % 2 == 1, "items": [number, number + 1, number + 2]}


def output_of(number, *, quick=False):
    given = input_of(number)
    output = {**given, "flaky": number, "each": given["items"], "told": "told"}
    return output if quick else {**output, "child": {"out": number}}
