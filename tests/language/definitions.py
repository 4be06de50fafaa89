"""Definitions made up at random: valid ones of all state types, and ones that are not."""

import itertools

from hypothesis import strategies as st

FIELDS = [
    "StartAt", "States", "Type", "Next", "End", "Default", "Choices", "Variable", "IsNull", "And",
    "Or", "Not", "Condition", "Result", "Resource", "Retry", "Catch", "ErrorEquals", "InputPath",
    "OutputPath", "ResultPath", "Parameters", "ResultSelector", "Assign", "Output", "Arguments",
    "QueryLanguage", "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Branches",
    "ItemProcessor", "ItemsPath", "ItemSelector", "MaxConcurrency", "TimeoutSeconds",
    "HeartbeatSeconds", "Error", "ErrorPath", "Cause", "CausePath", "Version", "Comment",
    "Credentials", "IntervalSeconds", "BackoffRate", "a.$", "a",
]  # fmt: skip

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["$", "$.a", "$$.State", "$x", "States.UUID()", "{% $states.input %}", "{%"]),
)
NAMES = st.one_of(
    st.text(max_size=6),
    st.sampled_from(FIELDS),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=12,
)
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-2, 2), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "items"]), inner, max_size=3),
    ),
    max_leaves=8,
)
PATHS = st.sampled_from(["$", "$.a", "$.a.b", "$.items", "$$.Execution.Input", "$.a[0]"])
EXPRESSIONS = st.sampled_from(
    ["{% $states.input %}", "{% $states.input.a %}", "{% 1 / 0 %}", "{% $nothing %}", "{% [1,2] %}"]
)
ERRORS = st.sampled_from(["E", "F", "States.TaskFailed", "States.Timeout", "States.ALL"])


@st.composite
def machines(draw):
    """A definition that is accepted; a run of it may do anything."""
    counter = itertools.count()
    return draw(_scopes(counter, depth=2))


@st.composite
def _scopes(draw, counter, depth):
    names = [f"s{next(counter)}" for _ in range(draw(st.integers(1, 4)))]
    following = [*names[1:], None]
    states = {
        name: draw(_states(counter, depth, names, next_))
        for name, next_ in zip(names, following, strict=True)
    }
    return {"StartAt": names[0], "States": states}


@st.composite
def _states(draw, counter, depth, names, next_):
    kinds = [_passes, _tasks, _waits]
    kinds += [_choices] if next_ else [_ends]
    kinds += [_parallels, _maps] if depth else []
    make = draw(st.sampled_from(kinds))
    return draw(make(counter, depth, names, next_))


def _onward(next_):
    return {"End": True} if next_ is None else {"Next": next_}


@st.composite
def _passes(draw, _counter, depth, _names, next_):
    if draw(st.booleans()):
        state = {"Type": "Pass", "QueryLanguage": "JSONata"}
        return state | draw(_some(Output=EXPRESSIONS, Assign=_assigned(depth))) | _onward(next_)
    fields = _some(
        Result=DATA,
        InputPath=st.one_of(st.none(), PATHS),
        OutputPath=st.one_of(st.none(), PATHS),
        ResultPath=st.sampled_from([None, "$", "$.a", "$.b.c"]),
        Parameters=st.fixed_dictionaries({"items.$": PATHS}),
    )
    return {"Type": "Pass"} | draw(fields) | _onward(next_)


@st.composite
def _tasks(draw, _counter, depth, names, next_):
    resource = st.sampled_from(
        ["f", "f.waitForTaskToken", "arn:aws:lambda:us-east-1:000000000000:function:f"]
    )
    state = {"Type": "Task", "Resource": draw(resource)}
    fields = {"TimeoutSeconds": st.integers(1, 9), **_recovery(names)}
    if draw(st.booleans()):
        state["QueryLanguage"] = "JSONata"
        fields |= {"Arguments": EXPRESSIONS, "Output": EXPRESSIONS, "Assign": _assigned(depth)}
    else:
        fields |= {"ResultPath": st.sampled_from([None, "$.a"]), "OutputPath": PATHS}
    return state | draw(_some(**fields)) | _onward(next_)


@st.composite
def _waits(draw, _counter, _depth, _names, next_):
    how = st.one_of(
        st.fixed_dictionaries({"Seconds": st.integers(0, 5)}),
        st.fixed_dictionaries({"SecondsPath": PATHS}),
        st.just({"Timestamp": "2023-11-14T22:13:25Z"}),
    )
    return {"Type": "Wait"} | draw(how) | _onward(next_)


@st.composite
def _choices(draw, _counter, _depth, names, next_):
    test = st.one_of(
        st.fixed_dictionaries({"Variable": PATHS, "IsPresent": st.booleans()}),
        st.fixed_dictionaries({"Variable": PATHS, "NumericLessThan": st.integers(-3, 3)}),
    )
    target = st.fixed_dictionaries({"Next": st.sampled_from(names)})
    rules = draw(st.lists(st.tuples(test, target), min_size=1, max_size=2))
    return {"Type": "Choice", "Choices": [a | b for a, b in rules], "Default": next_}


@st.composite
def _ends(draw, _counter, _depth, _names, _next):
    fail = {"Type": "Fail"} | draw(_some(Error=ERRORS, CausePath=PATHS))
    return draw(st.sampled_from([{"Type": "Succeed"}, fail]))


@st.composite
def _parallels(draw, counter, depth, names, next_):
    branches = [draw(_scopes(counter, depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    fields = _some(ResultPath=st.just("$.a"), OutputPath=PATHS, **_recovery(names))
    return {"Type": "Parallel", "Branches": branches} | draw(fields) | _onward(next_)


@st.composite
def _maps(draw, counter, depth, names, next_):
    state = {"Type": "Map", "ItemProcessor": draw(_scopes(counter, depth - 1))}
    fields = _some(
        ItemsPath=PATHS,
        MaxConcurrency=st.integers(0, 2),
        ItemSelector=st.just({"a.$": "$$.Map.Item.Value"}),
        **_recovery(names),
    )
    return state | draw(fields) | _onward(next_)


def _assigned(depth):
    """Names that no other level uses: an inner scope may not assign those of an outer one."""
    return st.fixed_dictionaries(
        {}, optional={f"v{depth}": st.one_of(DATA.filter(_plain), EXPRESSIONS)}
    )


def _plain(value):
    return "{%" not in str(value) and "%}" not in str(value)


def _recovery(names):
    retrier = st.fixed_dictionaries(
        {"ErrorEquals": st.tuples(ERRORS.filter(lambda e: e != "States.ALL")).map(list)},
        optional={"MaxAttempts": st.integers(0, 2), "JitterStrategy": st.just("FULL")},
    )
    catcher = st.fixed_dictionaries(
        {"ErrorEquals": st.tuples(ERRORS).map(list), "Next": st.sampled_from(names)}
    )
    return {
        "Retry": st.lists(retrier, max_size=2),
        "Catch": st.lists(catcher, max_size=1),
    }


def _some(**fields):
    return st.fixed_dictionaries({}, optional=fields)
