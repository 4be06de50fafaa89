"""ItemReader: the items of a Distributed Map come from an object store."""

from __future__ import annotations

from dataclasses import dataclass

from asl.language.dataflow import JSONATA, NOTHING, parse_query, parse_template
from asl.language.errors import ITEM_READER_FAILED, StateError, runtime_fault
from asl.language.fields import Fields
from asl.language.item_request import GET_OBJECT, LIST_OBJECTS, ItemRequest, s3_uri
from asl.language.jsonata.template import QueryTemplate
from asl.language.jsonpath.template import Template
from asl.language.quantity import Quantity, parse_quantity
from asl.language.scope import Json, Scope
from asl.language.states.map_ import render

RESOURCES = {
    "arn:aws:states:::s3:getObject": GET_OBJECT,
    "arn:aws:states:::s3:listObjectsV2": LIST_OBJECTS,
}
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST")
MANIFESTS = ("ATHENA_DATA", "S3_INVENTORY")
MOST_ITEMS = 2**53


@dataclass(frozen=True, slots=True)
class ItemReader:
    """request: as the definition has it; the object's name and the number of items come at run
    time.
    """

    request: ItemRequest
    parameters: Template | QueryTemplate | None
    max_items: Quantity | None

    def read_request(self, scope: Scope) -> ItemRequest:
        """The request of one Map Run; StateError where it makes no sense."""
        headers = self.request.headers
        if headers is not None and len(set(headers)) < len(headers):
            raise StateError(ITEM_READER_FAILED, "CSV headers cannot contain duplicates.")
        return ItemRequest(
            **{
                **self.request.as_json(),
                "headers": headers,
                "uri": self._uri(scope),
                "limit": self.read_limit(scope),
            }
        )

    def _uri(self, scope: Scope) -> str:
        field = "ItemReader/Arguments"
        given = {} if self.parameters is None else render(self.parameters, scope, field)
        names = ("Bucket", "Prefix" if self.request.action == LIST_OBJECTS else "Key")
        return object_uri(given, *names)

    def read_limit(self, scope: Scope) -> int:
        """How many items are read, 0 for all."""
        limit = 0 if self.max_items is None else self.max_items.read(scope)
        if limit < 0:
            raise StateError(ITEM_READER_FAILED, "field MaxItems must be positive")
        return limit


def object_uri(given: Json, bucket: str, key: str) -> str:
    """The URI that Parameters or Arguments name: `Uri`, or a Bucket and a Key or Prefix."""
    if isinstance(given, dict):
        if isinstance(given.get("Uri"), str):
            return str(given["Uri"])
        in_bucket = given.get(key, "" if key == "Prefix" else None)
        if isinstance(given.get(bucket), str) and isinstance(in_bucket, str):
            return s3_uri(given[bucket], in_bucket)
    raise runtime_fault(f"The Parameters must name an object by {bucket} and {key}, or by Uri")


def parse_reader(fields: Fields, language: str) -> ItemReader | None:
    block = fields.object("ItemReader")
    if block is None:
        return None
    block.require("Resource")
    resource = block.text("Resource")
    action = RESOURCES.get(resource or "", "")
    if resource is not None and not action:
        block.report("The field 'Resource' does not match any of the allowed values", "Resource")
    parameters = parse_arguments(block, language)
    config = block.object("ReaderConfig")
    request, max_items = ItemRequest(action, ""), None
    if config is not None:
        request = _parse_config(config, action)
        max_items = parse_quantity(
            config, "MaxItems", language, minimum=-MOST_ITEMS, maximum=MOST_ITEMS
        )
        if max_items is not None and max_items.value is not None and max_items.value < 0:
            config.report("Minimum value is 0", "MaxItems")
        config.close()
    elif action == GET_OBJECT:
        block.require("ReaderConfig")
    block.close()
    return ItemReader(request, parameters, max_items)


def parse_arguments(block: Fields, language: str) -> Template | QueryTemplate | None:
    """Parameters of a JSONPath state, Arguments of a JSONata one."""
    if language == JSONATA:
        block.refuse(["Parameters"], "in a state whose QueryLanguage is 'JSONata'")
        return parse_query(block, "Arguments", NOTHING)
    block.refuse(["Arguments"], "in a state whose QueryLanguage is 'JSONPath'")
    return parse_template(block, "Parameters")


def _parse_config(config: Fields, action: str) -> ItemRequest:
    input_type = config.one_of("InputType", INPUT_TYPES) or ""
    flatten = config.one_of("Transformation", ("NONE", "LOAD_AND_FLATTEN")) == "LOAD_AND_FLATTEN"
    manifest = config.one_of("ManifestType", MANIFESTS) or ""
    _check_types(config, action, input_type, manifest, flatten=flatten)
    if input_type == "MANIFEST":
        input_type, manifest = "CSV", "S3_INVENTORY"
    delimiter, headers = _parse_csv(config, manifest) if _is_csv(input_type) else ("COMMA", None)
    pointer = config.text("ItemsPointer") or ""
    if pointer and (input_type != "JSON" or not pointer.startswith("/")):
        config.report("ItemsPointer is a JSON Pointer into an object of InputType JSON")
    return ItemRequest(
        action, "", input_type, flatten, manifest, DELIMITERS[delimiter],
        headers, pointer,
    )  # fmt: skip


def _is_csv(input_type: str) -> bool:
    """Whether the fields of CSV are known; an InputType that is missing is reported on its own."""
    return input_type in ("CSV", "")


def _parse_csv(config: Fields, manifest: str) -> tuple[str, tuple[str, ...] | None]:
    """The delimiter's name, and the headers where they are given."""
    delimiter = config.one_of("CSVDelimiter", DELIMITERS) or "COMMA"
    location = config.one_of("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))
    headers = config.texts("CSVHeaders") if "CSVHeaders" in config else None
    if location == "GIVEN" and headers is None:
        config.require("CSVHeaders")
    if config.value.get("InputType") == "CSV" and location is None and not manifest:
        config.report("The field 'CSVHeaderLocation' is required but was missing")
    return delimiter, headers if location == "GIVEN" else None


def _check_types(
    config: Fields, action: str, input_type: str, manifest: str, *, flatten: bool
) -> None:
    if action == LIST_OBJECTS:
        if flatten != bool(input_type):
            config.report("A listing has an InputType exactly where it is loaded and flattened")
        config.refuse(["ManifestType"], "of a listing")
    elif manifest == "S3_INVENTORY":
        config.refuse(["InputType"], "where ManifestType is 'S3_INVENTORY'")
    elif flatten:
        config.report("Only a listing can be loaded and flattened", "Transformation")
    else:
        config.require("InputType")
