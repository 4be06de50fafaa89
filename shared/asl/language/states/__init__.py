"""One file per state type: its fields, its checks, and what it makes of an event."""

from collections.abc import Mapping

from asl.language.states.choice import Choice
from asl.language.states.fail import Fail
from asl.language.states.map_ import Map
from asl.language.states.parallel import Parallel
from asl.language.states.pass_ import Pass
from asl.language.states.state import State
from asl.language.states.succeed import Succeed
from asl.language.states.task import Task
from asl.language.states.wait import Wait

STATES: Mapping[str, type[State]] = {
    kind.TYPE: kind for kind in (Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map)
}
"""The state types by name, in the order in which AWS lists them."""
