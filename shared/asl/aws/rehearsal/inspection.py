"""What DEBUG and TRACE show of a tested state: its data, stage by stage, as recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from asl.aws.payloads import shown
from asl.aws.rehearsal.limits import Limits
from asl.aws.rehearsal.mocks import Mock
from asl.aws.rehearsal.rehearse import Rehearsed
from asl.language import effects
from asl.language.dataflow import JsonPathFlow, place
from asl.language.document import Document
from asl.language.errors import StateError
from asl.language.jsontext import compact
from asl.language.recovery import Catcher, Retrier

Stage = Callable[[Rehearsed], Document | None]


def inspect(rehearsed: Rehearsed, mock: Mock | None, limits: Limits) -> dict[str, Any]:
    """The member `inspectionData`; its documents are JSON texts."""
    visit = rehearsed.visit
    data: dict[str, Any] = {"input": shown(visit.token.input.text)}
    for name, document in rehearsed.stages.items():
        data[name] = shown(document.text)
    for name, document in _stages(rehearsed):
        data[name] = text_of(document, mock)
    if rehearsed.state.TYPE == "Map":
        data |= limits.as_json()
    if variables := visit.variables | visit.assigned:
        data["variables"] = compact(variables)
    if details := _error_details(rehearsed):
        data["errorDetails"] = details
    return data


def text_of(document: Document, mock: Mock | None) -> str:
    """The text of a document; that of the mock where it came through unchanged."""
    if mock is not None and mock.text and compact(document.value) == compact(mock.result):
        return mock.text
    return shown(document.text)


def _stages(rehearsed: Rehearsed) -> Iterator[tuple[str, Document]]:
    """The stages that were reached, in their order."""
    key = (rehearsed.state.TYPE, rehearsed.state.flow.language)
    for name, stage in _STAGES.get(key, {}).items():
        try:
            document = stage(rehearsed)
        except StateError:
            return
        if document is not None:
            yield name, document


def _after_input_path(rehearsed: Rehearsed) -> Document:
    return rehearsed.state.flow.effective_input(rehearsed.visit)


def _arguments(rehearsed: Rehearsed) -> Document:
    return rehearsed.state.flow.arguments(rehearsed.visit)


def _result(rehearsed: Rehearsed) -> Document | None:
    return rehearsed.result


def _after_result_selector(rehearsed: Rehearsed) -> Document | None:
    flow, result = rehearsed.state.flow, rehearsed.result
    if result is None or not isinstance(flow, JsonPathFlow) or flow.result_selector is None:
        return result
    return Document(flow.result_selector.render(rehearsed.visit.scope(result.value)))


def _after_result_path(rehearsed: Rehearsed) -> Document | None:
    flow, selected = rehearsed.state.flow, _after_result_selector(rehearsed)
    if selected is None or not isinstance(flow, JsonPathFlow):
        return None
    return place(rehearsed.visit, flow.result_path, selected)


_JOINED: dict[str, Stage] = {
    "afterResultSelector": _after_result_selector,
    "afterResultPath": _after_result_path,
}
_ENTERED: dict[str, Stage] = {"afterInputPath": _after_input_path}
_STAGES: dict[tuple[str, str], dict[str, Stage]] = {
    ("Task", "JSONPath"): {
        **_ENTERED, "afterParameters": _arguments, "result": _result, **_JOINED
    },
    ("Task", "JSONata"): {"afterArguments": _arguments, "result": _result},
    ("Pass", "JSONPath"): {**_ENTERED, "afterParameters": _arguments},
    ("Parallel", "JSONPath"): _JOINED,
    ("Map", "JSONPath"): _JOINED,
    ("Choice", "JSONPath"): _ENTERED,
    ("Wait", "JSONPath"): _ENTERED,
    ("Succeed", "JSONPath"): _ENTERED,
}  # fmt: skip


def _error_details(rehearsed: Rehearsed) -> dict[str, int]:
    """Which retrier or catcher took the error."""
    failure, recovery = rehearsed.failure, rehearsed.recovery
    if failure is None:
        return {}
    entries: Sequence[Retrier | Catcher] = recovery.catchers
    if recovery.decisions:
        entries = recovery.retriers
    taken = (i for i, entry in enumerate(entries) if failure.matches(entry.error_equals))
    index = next(taken, None)
    if index is None or not isinstance(rehearsed.effect, effects.Retry | effects.Goto):
        return {}
    if recovery.decisions:
        delay = round(recovery.decisions[-1].delay)
        return {"retryIndex": index, "retryBackoffIntervalSeconds": delay}
    return {"catchIndex": index}
