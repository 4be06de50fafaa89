"""What holds of the expression language whatever the text and the data are."""

import json
from random import Random

from asl.language import jsontext, timestamps
from asl.language.choice_rules.operators import COMPARISONS, Wildcards
from asl.language.choice_rules.parsing import parse_rule
from asl.language.errors import ExpressionError, StateError
from asl.language.jsonpath.filters import OPERATORS
from asl.language.jsonpath.intrinsic_signatures import INTRINSICS
from asl.language.jsonpath.intrinsics import Call
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.jsonpath.template import Template
from asl.language.scope import Scope
from asl.language.values import equal, identity
from hypothesis import given, settings
from hypothesis import strategies as st


def words(text):
    return st.sampled_from(text.split())


NAMES = st.sampled_from(["a", "b", "c", "größe", "a.b", "it's", "0", "\\"])
NUMBERS = st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
TOKENS = words(
    "$ $$ @ . .. * [ ] [?( )] ( ) 'a' a b v 0 1: -1 , == < && || ! =~ /a+/ in size length() "
    "States.Array( States.Format( '{}' States.MathAdd( true null \\' 1e9"
)
TEXTS = st.text(max_size=20) | st.lists(TOKENS, max_size=14).map("".join)
OPERANDS = words("@ @.a @['b'] @..a @[0] @.* $.a $..b 1 -2.5 'a' '' null true ['a',1,null] /a.*/i")
RELATIONS = st.builds("{} {} {}".format, OPERANDS, st.sampled_from([*OPERATORS, "=~"]), OPERANDS)
CONDITIONS = st.recursive(
    RELATIONS | st.sampled_from(["@.a", "$.b", "@[*]"]),
    lambda inner: (
        st.builds("({}) && !({})".format, inner, inner)
        | st.builds("{} || @[?({})]".format, inner, inner)
    ),
    max_leaves=4,
)
ARGUMENTS = words("1 -1.5 3 'a,b' '{}' '' null true false $ $.a $$ $v[0] $[*]")
CALLS = st.recursive(
    ARGUMENTS,
    lambda inner: st.builds(
        lambda name, given: f"States.{name}({', '.join(given)})",
        st.sampled_from(list(INTRINSICS)),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
KEYS = st.lists(NAMES | st.integers(0, 3), max_size=4)


def quoted(keys):
    """The path of these names and indexes, in brackets."""
    return "$" + "".join(
        f"[{key}]"
        if isinstance(key, int)
        else "['" + key.replace("\\", "\\\\").replace("'", "\\'") + "']"
        for key in keys
    )


def scope(data):
    return Scope(data=data, context={"State": data}, variables={"v": data}, random=Random(1))


def attempt(action):
    """The value of `action`, or None and the name of the fault it raised."""
    try:
        return action(), None
    except PathNotFound:
        return None, "PathNotFound"
    except StateError as fault:
        return None, fault.error


@given(text=TEXTS.map(lambda text: "$" + text), data=VALUES)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_path_or_refused_and_reading_it_gives_json_or_our_errors(text, data):
    try:
        path = Path.parse(text)
    except ExpressionError:
        return
    assert path.text == text
    assert not path.is_reference or path.definite
    try:
        value = path.read(scope(data))
    except (PathNotFound, StateError):
        return
    assert path.definite or isinstance(value, list)
    jsontext.dumps(value)


@given(condition=CONDITIONS | TEXTS, data=VALUES)
@settings(max_examples=500, deadline=None)
def test_any_filter_takes_items_that_were_there(condition, data):
    try:
        path = Path.parse(f"$[?({condition})]")
    except ExpressionError:
        return
    items = [data, 1, {"a": data}]
    found = path.read(scope(items))
    if path.segments[1:] == ():
        assert all(any(item is one for one in items) for item in found)
    jsontext.dumps(found)


@given(text=CALLS | TEXTS, data=VALUES)
@settings(max_examples=600, deadline=None)
def test_any_text_is_a_call_or_refused_and_gives_json_or_our_errors(text, data):
    try:
        call = Call.parse(text)
    except ExpressionError:
        return
    assert call.text == text
    value, failure = attempt(lambda: call.read(scope(data)))
    assert failure in (None, "PathNotFound", "States.IntrinsicFailure")
    jsontext.dumps(value)


@given(name=st.sampled_from(list(INTRINSICS)), arguments=st.lists(VALUES, max_size=3))
@settings(max_examples=600, deadline=None)
def test_any_function_on_any_arguments_gives_json_or_an_intrinsic_failure(name, arguments):
    listed = ", ".join(f"$[{index}]" for index in range(len(arguments)))
    try:
        call = Call.parse(f"States.{name}({listed})")
    except ExpressionError:
        return
    value, failure = attempt(lambda: call.read(scope(arguments)))
    assert failure in (None, "States.IntrinsicFailure")
    jsontext.dumps(value)


@given(data=VALUES, keys=KEYS, value=VALUES)
@settings(max_examples=400, deadline=None)
def test_what_was_inserted_is_read_and_the_rest_stays(data, keys, value):
    path = Path.parse(quoted(keys))
    before = json.dumps(data)
    inserted, failure = attempt(lambda: path.insert(data, value))
    assert failure in (None, "States.ReferencePathConflict")
    if failure:
        return
    assert equal(path.read(scope(inserted)), value)
    assert json.dumps(data) == before
    if keys and isinstance(data, dict):
        assert all(inserted[key] is data[key] for key in data if key != keys[0])


@given(data=VALUES, keys=KEYS)
@settings(max_examples=400, deadline=None)
def test_a_definite_path_finds_what_walking_by_hand_finds(data, keys):
    node, found = data, True
    for key in keys:
        kind = list if isinstance(key, int) else dict
        found = isinstance(node, kind) and (key in node if kind is dict else key < len(node))
        if not found:
            break
        node = node[key]
    try:
        value = Path.parse(quoted(keys)).read(scope(data))
    except PathNotFound:
        assert not found
    else:
        assert found
        assert value is node


@given(data=VALUES, keys=KEYS)
@settings(max_examples=200, deadline=None)
def test_the_direct_walk_and_the_segments_agree(data, keys):
    """A filter that every node passes makes the same path go through its segments."""
    if any(isinstance(key, int) for key in keys):
        return
    slow = Path.parse(quoted(keys) + "[?(1 == 1)]").read(scope(data))
    try:
        value = Path.parse(quoted(keys)).read(scope(data))
    except PathNotFound:
        assert slow == []
    else:
        expected = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        assert equal(slow, expected)


@given(value=VALUES, data=VALUES)
@settings(max_examples=300, deadline=None)
def test_a_template_without_references_renders_to_itself(value, data):
    assert equal(Template.parse(value).render(scope(data)), value)


@given(value=VALUES, data=VALUES)
@settings(max_examples=300, deadline=None)
def test_a_template_invents_no_data(value, data):
    template = {"fixed": value, "taken.$": "$", "inner": [{"taken.$": "$v"}]}
    rendered = Template.parse(template).render(scope(data))
    assert rendered["fixed"] is value
    assert rendered["taken"] is data
    assert rendered["inner"][0]["taken"] is data
    assert list(rendered) == ["fixed", "taken", "inner"]


@given(key=st.text(max_size=3), text=CALLS | TEXTS, data=VALUES)
@settings(max_examples=300, deadline=None)
def test_any_template_is_parsed_or_refused_and_gives_json_or_our_errors(key, text, data):
    try:
        template = Template.parse({f"{key}.$": text})
    except ExpressionError:
        return
    rendered, failure = attempt(lambda: template.render(scope(data)))
    assert failure in (None, "States.Runtime", "States.IntrinsicFailure")
    assert failure or list(rendered) == [key]
    jsontext.dumps(rendered)


RULES = st.recursive(
    st.fixed_dictionaries(
        {"Variable": st.sampled_from(["$", "$.a", "$.b[0]", "$$.x", "$..a"])}
    ).flatmap(
        lambda rule: st.dictionaries(
            st.sampled_from([*COMPARISONS, "StringEqualsPath", "StringMatches", "IsNull"]),
            VALUES,
            min_size=1,
            max_size=1,
        ).map(lambda test: {**rule, **test})
    )
    | VALUES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda rules: {"And": rules})
        | inner.map(lambda rule: {"Not": rule})
    ),
    max_leaves=4,
)


@given(rule=RULES, data=VALUES)
@settings(max_examples=400, deadline=None)
def test_any_rule_is_parsed_or_reported_and_its_test_answers_or_fails(rule, data):
    faults = []
    parsed = parse_rule(rule, "/Choices[0]", lambda *fault: faults.append(fault), top_level=True)
    assert (parsed is None) <= bool(faults)
    if faults or parsed is None:
        return
    answer, failure = attempt(lambda: parsed.test(scope(data)))
    assert failure in (None, "States.Runtime")
    assert failure or answer in (True, False)


@given(left=VALUES, right=VALUES)
@settings(max_examples=300, deadline=None)
def test_equality_and_identity_agree(left, right):
    assert equal(left, right) == (identity(left) == identity(right))
    assert equal(left, left)


@given(parts=st.lists(st.text("ab*\\", max_size=3), min_size=1, max_size=4), data=st.data())
def test_a_text_made_from_a_pattern_matches_it(parts, data):
    escaped = [part.replace("\\", "\\\\").replace("*", "\\*") for part in parts]
    filled = parts[0] + "".join(
        data.draw(st.text("ab*\\", max_size=3)) + part for part in parts[1:]
    )
    assert Wildcards.parse("*".join(escaped)).match(filled)


@given(milliseconds=st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_that_was_written_is_read_back(milliseconds):
    assert timestamps.parse(timestamps.format(milliseconds)) == milliseconds * 1_000_000


@given(value=VALUES)
def test_a_value_that_was_written_is_read_back(value):
    for write in (jsontext.dumps, jsontext.compact):
        assert equal(jsontext.loads(write(value)), value)
    assert jsontext.size(value) == len(jsontext.compact(value).encode())


@given(text=st.text(max_size=10) | st.text('[]{}",:0123.-eEnulNaI \\ud8', max_size=12))
def test_any_text_is_json_or_refused(text):
    try:
        value = jsontext.loads(text)
    except jsontext.InvalidJson:
        return
    jsontext.dumps(value)
