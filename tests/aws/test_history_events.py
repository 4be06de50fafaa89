"""Each type of event shows the details that AWS shows."""

from types import SimpleNamespace

import pytest
from asl.aws.operations.history_events import Source, view
from asl.store.histories import HistoryEvent, OperationData

from tests.aws.conftest import cases

SOURCE = Source(
    run=SimpleNamespace(input='{"run": 1}', output="[2]"),
    region="eu-test-1",
    operations={7: OperationData("S", '["Hello", "\\u00e9"]', "0.0")},
    started={"roleArn": "R", "stateMachineAliasArn": "A"},
)


@pytest.mark.parametrize("case", cases("history_events.json"))
def test_an_event_shows_its_details(case):
    type_, details = case["event"]
    event = HistoryEvent(5, 4, type_, 1_800_000_000_123, details, 7)
    shown = view(event, SOURCE, include_data=case.get("include_data", True))
    envelope = {"id": 5, "previousEventId": 4, "type": type_, "timestamp": 1_800_000_000.123}
    assert shown == envelope | case["expect"]
