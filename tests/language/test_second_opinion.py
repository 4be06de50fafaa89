"""Our paths against jsonpath-ng, a second implementation, where both mean the same."""

from random import Random

from asl.language.jsonpath.paths import Path, PathNotFound
from asl.language.scope import Scope
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.ext import parse

NAMES = st.sampled_from("abc")
DOCUMENTS = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
SEGMENTS = st.one_of(
    NAMES.map(".{}".format),
    NAMES.map("['{}']".format),
    st.integers(0, 2).map("[{}]".format),
    st.sampled_from(["[0:2]", "[1:]", "[:1]"]),
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda segments: "$" + "".join(segments))


def ours(text, document):
    path = Path.parse(text)
    try:
        found = path.read(Scope(document, {}, {}, Random(0)))
    except PathNotFound:
        return []
    return [found] if path.definite else found


@given(PATHS, DOCUMENTS)
def test_both_find_the_same_in_the_same_order(text, document):
    theirs = [match.value for match in parse(text).find(document)]

    assert ours(text, document) == theirs
