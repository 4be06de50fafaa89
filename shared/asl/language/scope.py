"""What an expression may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list, or dict with string keys."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The values an expression sees; nothing in it is changed by an evaluation.

    data: what `$` means in a JSONPath field. context: the context object, `$$` or
    `$states.context`. variables: `$name`, inner scopes laid over outer ones. random: the only
    source of chance (UUIDs, random numbers), handed in so that an evaluation can be repeated.
    states: the JSONata extras, any of `input`, `result`, `errorOutput`, for `$states`.
    """

    data: Json
    context: Mapping[str, Json]
    variables: Mapping[str, Json]
    random: Random
    states: Mapping[str, Json] = field(default_factory=dict)
