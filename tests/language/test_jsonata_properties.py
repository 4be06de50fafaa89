"""What holds of JSONata expressions whatever the text and the data are."""

import json
from random import Random

from asl.language import jsontext
from asl.language.errors import ExpressionError, StateError
from asl.language.jsonata.expression import Expression
from asl.language.jsonata.template import QueryTemplate
from asl.language.scope import Scope
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "größe", "a.b", "`", "0"])
NUMBERS = st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def words(text):
    return st.sampled_from(text.split())


TOKENS = words(
    "$states.input $states.context $v $v.a . a b [ ] [0] [-1] [] ( ) { } , ; : ? + - * / % & = != "
    "< > <= >= and or in .. ~> := $x @$e #$i ^( ** null true 1 2.5 'a' \"b\" `a` /a+/ | "
    "function($x){ λ($x){ $sum( $map( $string( $replace( $split( $toMillis( $number( $sort( "
    "$distinct( $parse( $each( $reduce( $lookup( $now( $formatNumber( $fromMillis("
)
PLAIN = st.lists(st.sampled_from(["a", "b", "`größe`", "`a.b`"]), max_size=4)
TEXTS = st.text(max_size=25) | st.lists(TOKENS, max_size=12).map(" ".join)
FUNCTIONS = words(
    "string length substring uppercase lowercase trim pad contains split join match replace "
    "formatNumber formatBase formatInteger parseInteger number abs floor ceil round power sqrt "
    "boolean not map filter reduce single sift each sort reverse shuffle distinct zip keys lookup "
    "spread merge append exists type now millis fromMillis toMillis base64encode base64decode "
    "encodeUrl encodeUrlComponent decodeUrl decodeUrlComponent sum max min average count clone "
    "assert error random uuid hash parse partition range"
)


def scope(data, variable=None):
    context = {"State": {"EnteredTime": "2024-01-02T03:04:05.678Z"}}
    return Scope(None, context, {"v": variable, "f": data}, Random(1), {"input": data})


def value_or_fault(text, given):
    """The JSON that the expression gives, or the state's error; anything else fails the test."""
    try:
        expression = Expression.parse(f"{{%{text}%}}")
    except ExpressionError as fault:
        return str(fault)
    try:
        return jsontext.dumps(expression.evaluate(given, "Output"))
    except StateError as fault:
        return f"{fault.error}: {fault.cause}"


@settings(deadline=None, max_examples=300)
@given(TEXTS, VALUES, VALUES)
def test_any_text_gives_json_or_our_errors_and_leaves_the_data_alone(text, data, variable):
    before = json.dumps([data, variable])
    given = scope(data, variable)
    outcome = value_or_fault(text, given)
    assert json.dumps([data, variable]) == before
    if "random" not in text and "uuid" not in text and "shuffle" not in text:
        assert value_or_fault(text, given) == outcome


@settings(deadline=None, max_examples=300)
@given(FUNCTIONS, st.lists(VALUES, max_size=3))
def test_any_call_of_a_function_gives_json_or_our_errors(name, arguments):
    listed = ", ".join(f"$states.input[{index}]" for index in range(len(arguments)))
    value_or_fault(f"${name}({listed})", scope(arguments))


@settings(deadline=None)
@given(VALUES)
def test_the_input_comes_out_as_it_went_in(data):
    given = scope(data)
    assert Expression.parse("{% $states.input %}").evaluate(given, "Output") == data
    boxed = Expression.parse("{% {'box': $states.input, 'n': 1} %}").evaluate(given, "Output")
    assert boxed == {"box": data, "n": 1}


@settings(deadline=None, max_examples=300)
@given(PLAIN, st.sampled_from(["", "[0]", "[-1]", "[a = b]", ".(a)", "{'k': a}"]), VALUES)
def test_the_short_way_of_a_path_gives_what_the_evaluator_gives(names, rest, data):
    path = ".".join(["$f", *names]) + rest
    bound = f"($copy := $f; {path.replace('$f', '$copy', 1)})"
    short, long = (value_or_fault(text, scope(data)) for text in (path, bound))
    assert short.replace(path, "E") == long.replace(bound, "E")


@settings(deadline=None)
@given(VALUES)
def test_a_template_without_expressions_renders_itself(value):
    try:
        template = QueryTemplate.parse(value, "/Output")
    except ExpressionError:
        return
    assert template.render(scope(None), "Output") == value
