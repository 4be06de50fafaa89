"""Every operation of AWS is answered, and the documents say with which errors."""

import re
from pathlib import Path

import pytest
from asl.aws import shapes
from asl.aws.operations import OPERATIONS
from botocore.loaders import Loader

MODEL = Loader().load_service_model("stepfunctions", "service-2")
TEXT = (Path(__file__).parents[2] / "docs" / "aws-operations.md").read_text(encoding="utf-8")


def errors_of(operation):
    return {error["shape"] for error in MODEL["operations"][operation].get("errors", ())}


def row(operation):
    """The errors in the operation's row of the first table."""
    cells = re.search(rf"^\| `{operation}` \| (.*?) \|", TEXT, re.MULTILINE)
    assert cells, f"docs/aws-operations.md does not name {operation}"
    return set(re.findall(r"`(\w+)`", cells[1]))


def never(operation):
    """The errors that the document says do not occur: of all operations, or of this one."""
    found = set()
    table = TEXT.split("## Errors that do not occur")[1]
    for cell in re.findall(r"^\| (`.*?) \| ", table, re.MULTILINE):
        names, _, only = cell.partition(" of ")
        if not only or f"`{operation}`" in only:
            found |= set(re.findall(r"`(\w+)`", names))
    return found


def test_every_operation_is_answered():
    assert set(OPERATIONS) == shapes.operations() == set(MODEL["operations"])


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_error_of_the_model_is_answered_or_said_not_to_occur(operation):
    answered, ruled_out = row(operation), never(operation)
    assert answered | ruled_out >= errors_of(operation)
    assert answered <= errors_of(operation)
    assert not answered & ruled_out
