"""One small workflow for every state type and every way a state may end."""


def task(resource="fn:work", **fields):
    return {"Type": "Task", "Resource": resource, **fields}


def one(state, **more):
    return {"StartAt": "S", "States": {"S": {**state, "End": True}, **more}}


CAUGHT = {"C": {"Type": "Pass", "Result": "caught", "End": True}}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
RETRY = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 2, "MaxAttempts": 2}]


def branch(name, state):
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


SCENARIOS = {
    "pass": {"definition": one({"Type": "Pass", "Result": 1}), "output": 1},
    "chain": {
        "definition": {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Assign": {"v": 7}, "Next": "B"},
                "B": {"Type": "Pass", "Parameters": {"got.$": "$v"}, "Next": "C"},
                "C": {"Type": "Succeed"},
            },
        },
        "output": {"got": 7},
    },
    "choice": {
        "definition": {
            "StartAt": "D",
            "States": {
                "D": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Y"}],
                    "Default": "N",
                },
                "Y": {"Type": "Pass", "Result": "yes", "End": True},
                "N": {"Type": "Fail"},
            },
        },
        "input": {"n": 1},
        "output": "yes",
    },
    "wait": {"definition": one({"Type": "Wait", "Seconds": 30}), "output": {}},
    "fail": {"definition": {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}},
    "task": {"definition": one(task()), "scripts": {"work": [{"return": 1}]}, "output": 1},
    "task that fails": {
        "definition": one(task()),
        "scripts": {"work": [{"raise": ["Boom", "why"]}]},
    },
    "task that is caught": {
        "definition": one(task(Catch=CATCH), **CAUGHT),
        "scripts": {"work": [{"raise": ["Boom", "why"]}]},
        "output": "caught",
    },
    "task that is retried": {
        "definition": one(task(Retry=RETRY)),
        "scripts": {"work": [{"raise": ["Flaky", ""]}, {"return": "at last"}]},
        "output": "at last",
    },
    "parallel": {
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [
                    branch("P1", task()),
                    branch("P2", {"Type": "Wait", "Seconds": 5}),
                    branch("P3", {"Type": "Pass", "Result": 3}),
                ],
            }
        ),
        "scripts": {"work": [{"return": 1}]},
        "output": [1, {}, 3],
    },
    "parallel that fails": {
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [
                    branch("P1", {"Type": "Wait", "Seconds": 50}),
                    {"StartAt": "P2", "States": {"P2": {"Type": "Fail", "Error": "E"}}},
                ],
                "Catch": CATCH,
            },
            **CAUGHT,
        ),
        "output": "caught",
    },
    "map": {
        "definition": one(
            {
                "Type": "Map",
                "MaxConcurrency": 2,
                "ItemsPath": "$.items",
                "ItemProcessor": branch("M", {"Type": "Pass"}),
            }
        ),
        "input": {"items": [1, 2, 3, 4, 5]},
        "output": [1, 2, 3, 4, 5],
    },
    "map over nothing": {
        "definition": one({"Type": "Map", "ItemProcessor": branch("M", {"Type": "Pass"})}),
        "input": [],
        "output": [],
    },
    "map in parallel": {
        "definition": one(
            {
                "Type": "Parallel",
                "Branches": [
                    branch("M1", {"Type": "Map", "ItemProcessor": branch("N1", task())}),
                    branch("M2", {"Type": "Map", "ItemProcessor": branch("N2", {"Type": "Pass"})}),
                ],
            }
        ),
        "input": [1, 2],
        "output": [[1, 2], [1, 2]],
    },
}
