"""JSONata as Step Functions evaluates it, by a table: cases/jsonata.json.

A case is a whole field: `when` is rendered as the field `Output` (or `field`) with the states,
context and variables of `given`. `types` asks for a type of the result, `available` says what
`$states` offers.
"""

import json
import threading
from pathlib import Path as File
from random import Random

import pytest
from asl.language import jsontext
from asl.language.errors import ExpressionError, StateError
from asl.language.jsonata.expression import Expression, expect, is_expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.scope import Scope

CASES = json.loads((File(__file__).parent / "cases" / "jsonata.json").read_text(encoding="utf-8"))


def scope(given, seed=1):
    return Scope(
        data=None,
        context=given.get("context", {}),
        variables=given.get("variables", {}),
        random=Random(seed),
        states=given.get("states", {}),
    )


def outcome(case):
    field = case.get("field", "Output")
    try:
        template = QueryTemplate.parse(
            case["when"], f"/{field}", frozenset(case.get("available", ()))
        )
        if "variables" in case["expect"]:
            return {"variables": sorted(template.variables)}
        value = template.render(scope(case["given"]), field)
        if "types" in case:
            value = expect(value, field, template, *case["types"])
    except ExpressionError as fault:
        return {"invalid": str(fault)}
    except StateError as fault:
        named = fault.prefixed and f"'{fault.location}'" in fault.cause
        return {"error": fault.error, "cause": fault.cause if named else "it names no place"}
    return {"value": value}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_jsonata(case):
    before = json.dumps(case["given"])
    assert jsontext.compact(outcome(case)) == jsontext.compact(case["expect"])
    assert json.dumps(case["given"]) == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% 1 %}", True),
        ("{%%}", True),
        (" {% 1 %} ", False),
        ("{% 1 %} ", False),
        ("{%}", False),
        ("{% 1", False),
        ("1", False),
    ],
)
def test_an_expression_opens_and_closes_without_any_blanks_around_it(text, expected):
    assert is_expression(text) is expected


def evaluated(text, given):
    return Expression.parse(text).evaluate(scope(given), "Output")


@pytest.mark.parametrize(
    "text",
    [
        "{% $states.input.list{'n': 1} %}",
        "{% {} ~> |$states.input.object|{'changed': true}| %}",
        "{% $states.input ~> |object|{'changed': true}, ['a']| %}",
        "{% $append($states.input.list, 1) %}",
        "{% $sort($states.input.numbers) %}",
        "{% $reverse($states.input.numbers) %}",
        "{% $shuffle($states.input.numbers) %}",
        "{% $states.input.numbers^($) %}",
        "{% $merge([$states.input.object, {'a': 2}]) %}",
    ],
)
def test_an_evaluation_does_not_change_its_input(text):
    given = {"states": {"input": {"list": [], "object": {"a": [None]}, "numbers": [3, None, 1, 2]}}}
    if "sort" in text or "^" in text:
        given["states"]["input"]["numbers"] = [3, 1, 2]
    before = json.dumps(given)
    evaluated(text, given)
    assert json.dumps(given) == before


@pytest.mark.parametrize(
    "text",
    ["{% $random() %}", "{% $uuid() %}", "{% $shuffle([1..50]) %}", "{% [$uuid(), $uuid()] %}"],
)
def test_chance_comes_from_the_scope_alone(text):
    expression = Expression.parse(text)
    first, again, other = (expression.evaluate(scope({}, seed), "Output") for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    "text",
    [
        "{% [1, $states.input.list, {'a': $map([1, 2], function($v){$v})}] %}",
        "{% $states.input.list[x > 0] %}",
        "{% $match('ab', /(x)?b/) %}",
        "{% $partition([1..3], 2) %}",
        "{% [1..3] %}",
        "{% $spread({'a': null}) %}",
    ],
)
def test_what_comes_out_is_made_of_plain_json_types(text):
    value = evaluated(text, {"states": {"input": {"list": [{"x": 1}, {"x": None}, {"x": 2}][::2]}}})
    level = [value]
    while level:
        assert all(type(item) in (dict, list, str, int, float, bool, type(None)) for item in level)
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]


def test_one_expression_is_evaluated_in_many_threads_at_once():
    counting = "$f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}"
    expression = Expression.parse(f"{{% ({counting}; $g := $sum(?); $f($k) + $g([$k])) %}}")
    wrong = []

    def work(number):
        for _ in range(20):
            value = expression.evaluate(scope({"variables": {"k": number}}), "Output")
            if value != 2 * number:
                wrong.append((number, value))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_context_that_is_no_dict_is_read_like_one():
    from types import MappingProxyType

    context = MappingProxyType({"State": {"Name": "Pay"}})
    given = Scope(None, context, {}, Random(1), {"input": 1})
    for text in ("{% $states.context.State.Name %}", "{% $states.context.State.Name & '' %}"):
        assert Expression.parse(text).evaluate(given, "Output") == "Pay"


def test_the_types_that_were_expected_are_listed():
    template = QueryTemplate.parse("{% $states.input %}", "/X")
    with pytest.raises(StateError, match="Expected 'array' or 'object', but was 'number'"):
        expect(1, "Items", template, "array", "object")
