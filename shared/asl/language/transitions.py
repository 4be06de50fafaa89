"""Where the states of one scope lead: targets that are missing, states that nothing leads to.

The rules and words are those that AWS was seen to answer with.
"""

from __future__ import annotations

from collections.abc import Mapping

from asl.language.fields import Fields
from asl.language.states.state import State


def check_transitions(
    fields: Fields, start_at: str | None, scope: Mapping[str, State | None]
) -> None:
    """Report what is wrong with the transitions among the states of `fields`.

    scope: the states by name, None for those that could not be read; since they may lead anywhere,
    nothing is said of unreachable states then.
    """
    reached = {start_at} if start_at is not None else set()
    if start_at is not None and start_at not in scope:
        _report_missing(fields, start_at, fields.at("StartAt"))
    for name, state in scope.items():
        for target, field in state.targets() if state is not None else ():
            reached.add(target)
            if target and target not in scope:
                _report_missing(fields, target, f"{fields.at('States')}/{name}/{field}")
    if None in scope.values():
        return
    ends = any(state is not None and _ends(state) for state in scope.values())
    if not ends and not fields.location:  # nobody asks it of a branch
        fields.faults.report("Workflow has no terminal state", "", "MISSING_END_STATE")
        return
    for name in (name for name in scope if name not in reached):
        message = f'State "{name}" is not reachable.'
        location = f"{fields.at('States')}/{name}"
        fields.faults.report(message, location, "MISSING_TRANSITION_TARGET")


def _report_missing(fields: Fields, target: str, location: str) -> None:
    message = f"Missing 'Next' target: {target}"  # 'Next' whatever the field is called
    fields.faults.report(message, location, "MISSING_TRANSITION_TARGET")


def _ends(state: State) -> bool:
    return state.next is None and state.TYPE != "Choice"
