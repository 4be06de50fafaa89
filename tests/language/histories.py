"""What holds of every history, whatever the run did."""

TERMINAL = ("ExecutionSucceeded", "ExecutionFailed")

FOLLOWS = {
    "TaskStarted": {"TaskScheduled"},
    "TaskSubmitted": {"TaskStarted"},
    "TaskSucceeded": {"TaskStarted", "TaskSubmitted"},
    "TaskFailed": {"TaskStarted", "TaskSubmitted"},
    "TaskTimedOut": {"TaskStarted", "TaskSubmitted"},
    "TaskScheduled": {
        "TaskStateEntered",
        "EvaluationFailed",
        "TaskFailed",
        "TaskTimedOut",
        "TaskSucceeded",  # a fault of its result may be retried, too
    },
    "TaskStateExited": {
        "TaskSucceeded",
        "TaskFailed",
        "TaskTimedOut",
        "LambdaFunctionSucceeded",
        "LambdaFunctionFailed",
        "LambdaFunctionTimedOut",
        "EvaluationFailed",
        "TaskStateEntered",
    },
    "LambdaFunctionStarted": {"LambdaFunctionScheduled"},
    "LambdaFunctionSucceeded": {"LambdaFunctionStarted"},
    "LambdaFunctionFailed": {"LambdaFunctionStarted"},
    "LambdaFunctionTimedOut": {"LambdaFunctionStarted"},
    "PassStateExited": {"PassStateEntered"},
    "WaitStateExited": {"WaitStateEntered"},
    "ChoiceStateExited": {"ChoiceStateEntered"},
    "SucceedStateExited": {"SucceedStateEntered"},
}
"""The events that an event may follow, by its previousEventId."""


def check(records):
    """The promises of an ended run's history; AssertionError says which one is broken."""
    assert [r.id for r in records] == list(range(1, len(records) + 1)), "ids have no gap"
    assert all(0 <= r.previous < r.id for r in records), "an event follows an earlier one"
    assert records[0].type == "ExecutionStarted"
    ends = [r.id for r in records if r.type in TERMINAL]
    assert ends == [len(records)], "the terminal event is the last one, and the only one"
    types = {r.id: r.type for r in records}
    for record in records:
        allowed = FOLLOWS.get(record.type)
        assert allowed is None or types[record.previous] in allowed, record
    _check_pairs(records)


def _check_pairs(records):
    """At no time have more states been exited, or attempts ended, than were begun."""
    begun = {}
    for record in records:
        for end, start in (("StateExited", "StateEntered"), ("StateSucceeded", "StateStarted")):
            if record.type.endswith(start):
                kind = record.type.removesuffix(start) + end
                begun[kind] = begun.get(kind, 0) + 1
            elif record.type.endswith(end):
                begun[record.type] = begun.get(record.type, 0) - 1
                assert begun[record.type] >= 0, f"{record.type} without its beginning"
