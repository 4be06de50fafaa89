"""Objects are read in pieces: however they are cut, and wherever reading goes on, items stay."""

import json
import re

import pytest
from asl.language.items.csv_items import csv_items
from asl.language.items.json_items import json_items
from asl.language.items.jsonl_items import jsonl_items
from asl.language.items.reading import BadObject
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé\"\\/~"), inner),
    max_leaves=8,
)  # fmt: skip
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def cut(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


def check_pieces(read, data, size):
    """The items, which are the same in pieces, and from any of them on."""
    whole = list(read([data], None))
    assert list(read(cut(data, size), None)) == whole
    for index, element in enumerate(whole):
        rest = cut(data[element.place["offset"] :], size)
        assert list(read(rest, element.place)) == whole[index + 1 :]
    return [(element.key, element.value) for element in whole]


@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans())
def test_members_of_an_array(values, size, indent, ascii_only):
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()

    assert check_pieces(json_items, data, size) == [(None, value) for value in values]


@given(st.dictionaries(st.text('abé"\\/~'), VALUES, max_size=5), st.integers(1, 9))
def test_members_of_an_object(values, size):
    data = json.dumps(values).encode()

    assert check_pieces(json_items, data, size) == list(values.items())


@given(st.dictionaries(st.text("ab/~é"), VALUES), st.text("ab/~é"), st.lists(VALUES, max_size=3))
def test_a_pointer_finds_its_way_past_anything(others, name, items):
    data = json.dumps({**others, name: [0, {"x": items}]}).encode()
    pointer = "/" + name.replace("~", "~0").replace("/", "~1") + "/1/x"

    def read(chunks, place):
        return json_items(chunks, place, pointer)

    assert check_pieces(read, data, 3) == [(None, value) for value in items]


@given(st.lists(VALUES, max_size=5), st.integers(1, 9))
def test_lines_of_json(values, size):
    data = "\n\n".join(json.dumps(value) for value in values).encode()

    assert check_pieces(jsonl_items, data, size) == [(None, value) for value in values]


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4), st.integers(1, 9))
def test_rows_of_a_csv_whatever_is_in_their_cells(rows, size):
    quoted = ["".join(f'"{cell.replace(chr(34), chr(34) * 2)}",' for cell in row) for row in rows]
    data = "\r\n".join(["a,b", *quoted]).encode()

    found = check_pieces(csv_items, data, size)
    assert found == [(None, {"a": first, "b": second}) for first, second in rows]


BROKEN = {
    "an array that does not end": (b"[1, 2", "',' or ']' is missing at byte 5"),
    "a value that does not end": (b'[1, "a', "The object is no JSON"),
    "members without a comma": (b"[1 2]", "',' or ']' is missing at byte 3"),
    "a member without a colon": (b'{"a" 1}', "':' is missing at byte 5"),
    "a name that is no text": (b"{1: 2}", "'\"' is missing at byte 1"),
    "a number": (b"3", "Attempting to map over non-iterable node."),
    "nothing": (b" ", "Attempting to map over non-iterable node."),
    "no UTF-8": (b'["\xff"]', "The object is no UTF-8 text"),
    "a character cut off": (b'["\xc3', "The object is no UTF-8 text"),
    "a nesting without end": (b"[" * 100_000, "nests deeper than"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_json_is_refused_with_its_place(name):
    data, message = BROKEN[name]

    with pytest.raises(BadObject, match=re.escape(message)):
        list(json_items([data], None))


def test_a_pointer_that_leads_nowhere_is_refused():
    with pytest.raises(BadObject, match="ItemsPointer /a/b leads nowhere"):
        list(json_items([b'{"a": [1]}'], None, "/a/b"))


def test_a_long_value_is_not_parsed_again_with_every_piece():
    data = json.dumps(["x" * 2_000_000, 1]).encode()

    assert [element.value for element in json_items(cut(data, 1000), None)][1] == 1


def test_the_mark_of_byte_order_is_no_part_of_a_name():
    (item,) = csv_items(["\ufeffa,b\n1,2\n".encode()], None)

    assert item.value == {"a": "1", "b": "2"}
