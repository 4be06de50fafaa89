"""Writes what AWS's service models say: of our operations' inputs, and of results that are mocked.

    pip install botocore && python tools/make_shapes.py

shared/asl/aws/shapes.json has the inputs of the API, shared/asl/aws/rehearsal/results.json the
results of the optimised integrations. The models come from the botocore package (Apache 2.0);
documentation is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TARGET = Path(__file__).parents[1] / "shared/asl/aws"
INTEGRATIONS = {
    "dynamodb:deleteItem": ("dynamodb", "DeleteItem"),
    "dynamodb:getItem": ("dynamodb", "GetItem"),
    "dynamodb:putItem": ("dynamodb", "PutItem"),
    "dynamodb:updateItem": ("dynamodb", "UpdateItem"),
    "events:putEvents": ("events", "PutEvents"),
    "lambda:invoke": ("lambda", "Invoke"),
    "sns:publish": ("sns", "Publish"),
    "sqs:sendMessage": ("sqs", "SendMessage"),
    "states:startExecution": ("stepfunctions", "StartExecution"),
}
KEPT = ("type", "min", "max", "pattern", "enum", "required", "sensitive")
# Where AWS was recorded to differ from its model: the order of an enum, a text that may be empty.
RECORDED: dict[str, dict[str, Any]] = {
    "ExecutionStatus": {
        "enum": ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]
    },
    "Definition": {"min": 0},
}


def main() -> None:
    model = Loader().load_service_model("stepfunctions", "service-2")
    operations = {
        name: operation["input"]["shape"] for name, operation in model["operations"].items()
    }
    shapes: dict[str, Any] = {}
    for shape in operations.values():
        _collect(model["shapes"], shape, shapes)
    _write(TARGET / "shapes.json", {"operations": operations, "shapes": shapes})
    _write(TARGET / "rehearsal" / "results.json", _results())


def _collect(model: dict[str, Any], name: str, shapes: dict[str, Any]) -> None:
    if name in shapes:
        return
    shape = model[name]
    kept = shapes[name] = {key: shape[key] for key in KEPT if key in shape}
    kept |= RECORDED.get(name, {})
    if "members" in shape:
        kept["members"] = {key: member["shape"] for key, member in shape["members"].items()}
    if "member" in shape:
        kept["member"] = shape["member"]["shape"]
    for inner in (*kept.get("members", {}).values(), *filter(None, [kept.get("member")])):
        _collect(model, inner, shapes)


def _results() -> dict[str, Any]:
    """Shapes are named `service.Shape`; members as Step Functions spells them."""
    integrations: dict[str, str] = {}
    shapes: dict[str, Any] = {}
    for integration, (service, operation) in INTEGRATIONS.items():
        model = Loader().load_service_model(service, "service-2")
        output = model["operations"][operation]["output"]["shape"]
        integrations[integration] = _collect_result(model["shapes"], service, output, shapes)
    return {"integrations": integrations, "shapes": shapes}


def _collect_result(model: dict[str, Any], service: str, name: str, shapes: dict[str, Any]) -> str:
    full = f"{service}.{name}"
    if full in shapes:
        return full
    shape = model[name]
    kept = shapes[full] = {"type": shape["type"]}
    if "required" in shape:
        kept["required"] = [_spelt(member) for member in shape["required"]]
    if "members" in shape:
        kept["members"] = {
            _spelt(key): _collect_result(model, service, member["shape"], shapes)
            for key, member in shape["members"].items()
        }
    for key in ("member", "value"):
        if key in shape:
            kept[key] = _collect_result(model, service, shape[key]["shape"], shapes)
    return full


def _spelt(member: str) -> str:
    return member[:1].upper() + member[1:]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
