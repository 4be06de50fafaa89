"""A Distributed Map from file to file, on functions that run apart."""

import json
from pathlib import Path

import pytest

from tests.e2e.installation import Installation

ITEMS = 40


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An installation that may use the files of a folder, and that folder."""
    folder = tmp_path_factory.mktemp("objects")
    installation = Installation(
        tmp_path_factory.mktemp("map-runs"), config=(f"OBJECT_ALLOW={folder.as_uri()}/",)
    )
    try:
        yield installation.start(), folder
    finally:
        installation.stop()


def definition(folder, type_, **more):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type_},
        "StartAt": "Echo",
        "States": {"Echo": {"Type": "Task", "Resource": "fn:tasks/echo", "End": True}},
    }
    items = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Uri": f"{folder.as_uri()}/items.csv"},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 3},
        "MaxConcurrency": 4,
        "ItemProcessor": processor,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Uri": f"{folder.as_uri()}/out"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        },
        "End": True,
    }
    return {"StartAt": "Items", "States": {"Items": {**items, **more}}}


@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_items_of_a_file_become_results_in_another(place, type_):
    installation, folder = place
    (folder / "items.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(ITEMS)))
    run = installation.start_run(definition(folder, type_))

    ended = installation.ended(run["execution"])
    assert ended["status"] == "Succeeded", ended
    manifest = read(ended["output"]["ResultWriterDetails"]["Uri"])
    (results,) = json.loads(manifest)["ResultFiles"]["SUCCEEDED"]
    batches = [json.loads(line)["got"] for line in read(results["Key"]).splitlines()]
    assert [len(batch["Items"]) for batch in batches] == [3] * 13 + [1]
    assert [int(item["n"]) for batch in batches for item in batch["Items"]] == list(range(ITEMS))


def test_a_file_that_is_not_allowed_is_not_read(place, tmp_path):
    installation, _ = place
    run = installation.start_run(definition(tmp_path, "STANDARD"))

    ended = installation.ended(run["execution"])
    assert (ended["status"], ended["error"]) == ("Failed", "States.ItemReaderFailed")
    assert "OBJECT_ALLOW" in ended["cause"]


def read(uri):
    return Path(uri.removeprefix("file://")).read_text()
