"""The files of a ResultWriter: what stands in them, and in the manifest that names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asl.language import jsontext, timestamps
from asl.language.item_request import ResultRequest, split_s3
from asl.language.scope import Json

KINDS = ("FAILED", "PENDING", "SUCCEEDED")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one child. file: one of KINDS. input, output: JSON texts; times in ms."""

    branch: int
    file: str
    arn: str
    machine_arn: str
    name: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: int | None
    stopped_at: int | None

    def as_json(self) -> dict[str, Json]:
        """With all that is known of the child, as DescribeExecution shows it."""
        shown: dict[str, Json] = {
            "ExecutionArn": self.arn,
            "Input": _shown(self.input),
            "InputDetails": {"Included": True},
            "Name": self.name,
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
        }
        if self.output is not None:
            shown["Output"] = _shown(self.output)
            shown["OutputDetails"] = {"Included": True}
        if self.error is not None:
            shown["Error"] = self.error
        if self.cause is not None:
            shown["Cause"] = self.cause
        for key, moment in (("StartDate", self.started_at), ("StopDate", self.stopped_at)):
            if moment is not None:
                shown[key] = timestamps.format(moment)
        return shown


def _shown(text: str) -> str:
    return jsontext.compact(jsontext.loads(text))


def file_texts(request: ResultRequest, results: Sequence[Result]) -> Iterable[tuple[str, str]]:
    """The files that these results make, each with its kind."""
    for kind in KINDS:
        of_kind = [result for result in results if result.file == kind]
        if of_kind:
            yield kind, _text(request, kind, of_kind)


def _text(request: ResultRequest, kind: str, results: Sequence[Result]) -> str:
    values = _values(request.transformation if kind == "SUCCEEDED" else "NONE", results)
    if request.output_type == "JSONL":
        return "".join(f"{jsontext.compact(value)}\n" for value in values)
    return jsontext.compact(values)


def _values(transformation: str, results: Sequence[Result]) -> list[Json]:
    if transformation == "NONE":
        return [result.as_json() for result in results]
    outputs = [jsontext.loads(result.output or "null") for result in results]
    if transformation == "COMPACT":
        return outputs
    return [
        value for output in outputs for value in (output if isinstance(output, list) else [output])
    ]


def file_name(request: ResultRequest, kind: str, number: int) -> str:
    return f"{kind}_{number}.{request.output_type.lower()}"


def manifest_text(request: ResultRequest, files: Json) -> str:
    """files: by kind, `[{"Key": …, "Size": …}]`."""
    bucket = split_s3(request.uri)[0] if request.uri.startswith("s3://") else request.uri
    manifest = {
        "DestinationBucket": bucket,
        "MapRunArn": request.map_run_arn,
        "ResultFiles": {kind: files.get(kind, []) for kind in KINDS},
    }
    return jsontext.compact(manifest)
