"""ResultWriter: what becomes of the children's results, in the state's result or in an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asl.language.document import Document
from asl.language.fields import Fields
from asl.language.item_request import ResultRequest
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.template import Template
from asl.language.scope import Json, Scope
from asl.language.states.item_reader import object_uri, parse_arguments
from asl.language.states.map_ import render

RESOURCE = "arn:aws:states:::s3:putObject"
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """exports: to an object store; else the results stay in the state's result.

    transformation: empty where the definition says none.
    """

    exports: bool
    parameters: Template | QueryTemplate | None
    transformation: str
    output_type: str

    def read_request(self, scope: Scope, run_id: str, map_run_arn: str) -> ResultRequest | None:
        """Where this run's results go; None where they go nowhere. The folder is the run's own."""
        if not self.exports:
            return None
        field = "ResultWriter/Arguments"
        given = {} if self.parameters is None else render(self.parameters, scope, field)
        folder = object_uri(given, "Bucket", "Prefix").rstrip("/")
        uri = f"{folder}/{run_id}/"
        return ResultRequest(uri, map_run_arn, self.transformation or "NONE", self.output_type)

    def combine(self, outputs: Sequence[Document]) -> Json:
        """The state's result where nothing is exported."""
        values = [output.value for output in outputs]
        return flatten(values) if self.transformation == "FLATTEN" else values


def flatten(values: Sequence[Json]) -> list[Json]:
    """Arrays among the values give way to what is in them."""
    flat: list[Json] = []
    for value in values:
        flat.extend(value if isinstance(value, list) else [value])
    return flat


def parse_writer(fields: Fields, language: str) -> ResultWriter | None:
    block = fields.object("ResultWriter")
    if block is None:
        return None
    if not block.value:
        fields.report("Value cannot be empty", "ResultWriter")
    exports = "Resource" in block
    block.one_of("Resource", (RESOURCE,))
    parameters = parse_arguments(block, language)
    if exports and parameters is None:
        block.require("Arguments" if language == "JSONata" else "Parameters")
    config = block.object("WriterConfig")
    transformation, output_type = "", "JSON"
    if config is not None:
        transformation = config.one_of("Transformation", TRANSFORMATIONS) or ""
        output_type = config.one_of("OutputType", ("JSON", "JSONL")) or "JSON"
        if not exports and transformation == "NONE":
            config.report("Transformation NONE needs a Resource to write to", "Transformation")
        config.close()
    block.close()
    return ResultWriter(exports, parameters, transformation, output_type)
