"""The JSONPath side of the expression language, by tables: cases/*.json.

A case says in a sentence what holds, and as `given`, `when`, `expect` how it shows. An `expect` of
true in place of a text asks only that there is such a text.
"""

import json
from pathlib import Path as File
from random import Random

import pytest
from asl.language import jsontext, timestamps
from asl.language.choice_rules.parsing import parse_rule
from asl.language.errors import ExpressionError, StateError
from asl.language.jsonpath.intrinsics import Call
from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.jsonpath.template import Template, parse_reference_or_intrinsic
from asl.language.scope import Scope

CASES = File(__file__).parent / "cases"


def cases(kind):
    table = json.loads((CASES / f"{kind}.json").read_text(encoding="utf-8"))
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in table])


def scope(given):
    return Scope(
        data=given.get("data"),
        context=given.get("context", {}),
        variables=given.get("variables", {}),
        random=Random(given.get("seed", 1)),
    )


def check(case, action):
    """Run `action` on the case's scope and compare what comes out, or what is raised."""
    try:
        outcome = action(scope(case.get("given", {})))
    except PathNotFound as missing:
        outcome = {"missing": missing.reason}
    except ExpressionError as fault:
        outcome = {"invalid": str(fault)}
    except StateError as fault:
        outcome = {"error": fault.error, "cause": fault.cause}
    for key, expected in case["expect"].items():
        if expected is True and isinstance(outcome.get(key), str):
            outcome[key] = True
    assert jsontext.compact(outcome) == jsontext.compact(case["expect"])


@cases("paths")
def test_path(case):
    when = case["when"]

    def action(scope):
        if "shape" in when:
            path = Path.parse(when["shape"])
            return {"definite": path.definite, "is_reference": path.is_reference}
        if "insert" in when:
            return {"value": Path.parse(when["insert"]).insert(scope.data, when["value"])}
        return {"value": Path.parse(when["read"]).read(scope)}

    check(case, action)


@cases("intrinsics")
def test_intrinsic(case):
    check(case, lambda scope: {"value": Call.parse(case["when"]["call"]).read(scope)})


@cases("templates")
def test_template(case):
    when = case["when"]

    def action(scope):
        if "reference_or_intrinsic" in when:
            source = parse_reference_or_intrinsic(when["reference_or_intrinsic"])
            return {"value": source.read(scope)}
        template = Template.parse(when["template"])
        if "variables" in case["expect"]:
            return {"variables": sorted(template.variables())}
        if "paths" in case["expect"]:
            return {"paths": [path.text for path in template.paths()]}
        return {"value": template.render(scope)}

    check(case, action)


@cases("choice")
def test_choice_rule(case):
    faults = []

    def action(scope):
        top_level = case["when"].get("top_level", True)
        rule = parse_rule(
            case["when"]["rule"],
            "/Choices[0]",
            lambda message, location: faults.append([message, location]),
            top_level,
        )
        return {"faults": faults} if faults else {"value": rule.test(scope)}

    check(case, action)


@cases("timestamps")
def test_timestamp(case):
    when = case["when"]
    action = timestamps.parse if "parse" in when else timestamps.format
    assert action(when.get("parse", when.get("format"))) == case["expect"]["value"]


def test_the_seed_alone_decides_a_seeded_random_number():
    call = Call.parse("States.MathRandom(0, 1000000, 7)")
    numbers = {call.read(scope({"seed": seed})) for seed in range(5)}
    assert len(numbers) == 1


def test_the_scope_s_source_of_chance_decides_what_has_no_seed():
    for text in ("States.UUID()", "States.MathRandom(0, 1000000000)"):
        call = Call.parse(text)
        assert call.read(scope({"seed": 1})) == call.read(scope({"seed": 1}))
        assert call.read(scope({"seed": 1})) != call.read(scope({"seed": 2}))


def test_a_uuid_is_of_version_4():
    uuid = Call.parse("States.UUID()").read(scope({}))
    assert [len(part) for part in uuid.split("-")] == [8, 4, 4, 4, 12]
    assert uuid[14] == "4"
    assert uuid[19] in "89ab"


def test_a_random_number_is_at_least_the_start_and_below_the_end():
    call, chance = Call.parse("States.MathRandom(1, 3)"), scope({})
    assert {call.read(chance) for _ in range(100)} == {1, 2}


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "-Infinity", "1e400", "{", "", "[" * 257 + "]" * 257, "[" * 99999]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(jsontext.InvalidJson):
        jsontext.loads(text)


def test_a_text_may_nest_as_deeply_as_it_says_and_no_deeper_can_be_written():
    value = jsontext.loads("[" * 256 + "]" * 256)
    assert jsontext.loads(jsontext.dumps(value)) == value
    with pytest.raises(jsontext.InvalidJson):
        jsontext.dumps([value])


def test_brackets_in_strings_are_no_nesting():
    value = ["[{" * 500]
    assert jsontext.loads(jsontext.dumps(value)) == value


@pytest.mark.parametrize("text", ["0.0", "-0", "-0.0", "1", "1.5", "10000000000000000000000"])
def test_a_number_is_written_as_python_reads_it(text):
    written = jsontext.dumps(jsontext.loads(text))
    assert written == {"-0": "0"}.get(text, text)


def test_the_stored_text_is_ascii_and_the_shown_text_is_not():
    value = {"größe": "\U0001f197", "half": "\ud800"}
    assert jsontext.dumps(value) == r'{"gr\u00f6\u00dfe":"\ud83c\udd97","half":"\ud800"}'
    assert jsontext.compact(value) == '{"größe":"\U0001f197","half":"\\ud800"}'
    assert jsontext.size(value) == len(jsontext.compact(value).encode())


def test_what_json_cannot_hold_is_not_written():
    for value in (float("nan"), {1, 2}):
        with pytest.raises(jsontext.InvalidJson):
            jsontext.dumps(value)


def test_a_walk_that_would_never_end_is_stopped():
    data = [[[[[list(range(5))] * 5] * 5] * 5] * 5] * 5
    with pytest.raises(StateError, match="more than 1000000 steps"):
        Path.parse("$" + "..*" * 9).read(scope({"data": data}))


def test_a_pattern_that_could_run_for_ages_is_stopped():
    path = Path.parse("$[?(@ =~ /.*.*.*.*.*.*x/)]")
    with pytest.raises(StateError, match="more than 1000000 steps"):
        path.read(scope({"data": ["y" * 2000]}))


def test_inserting_shares_what_lies_beside_the_path_and_leaves_the_input_alone():
    beside = {"deep": [1]}
    document = {"a": {"b": 1}, "beside": beside}
    inserted = Path.parse("$.a.b").insert(document, 2)
    assert inserted["beside"] is beside
    assert document == {"a": {"b": 1}, "beside": {"deep": [1]}}


def test_a_template_without_references_is_handed_out_as_it_stands():
    definition = {"a": [1, {"b": 2}]}
    assert Template.parse(definition).render(scope({})) is definition
