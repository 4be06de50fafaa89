"""Reading a Map in Mode DISTRIBUTED: its own fields, and what its children may do."""

from __future__ import annotations

import re

from asl.language.fields import Fields
from asl.language.states.distributed_map import DistributedMap
from asl.language.states.item_batcher import parse_batcher
from asl.language.states.item_reader import parse_reader
from asl.language.states.map_ import DISTRIBUTED, parse_iteration, read_processor
from asl.language.states.result_writer import parse_writer
from asl.language.states.state import Common

LONGEST_LABEL = 40
EXPRESS = "EXPRESS"
EXECUTION_TYPES = ("STANDARD", EXPRESS)
_FORBIDDEN = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f/]""")


def parse_distributed(fields: Fields, common: Common) -> DistributedMap:
    if common.machine.type == EXPRESS:
        fields.report("Express state machine does not support a Map in Mode 'DISTRIBUTED'")
    start, express = _parse_processor(fields, common)
    return DistributedMap(
        **parse_iteration(fields, common),
        start=start,
        label=_parse_label(fields, common.machine.labels),
        express=express,
        reader=parse_reader(fields, common.language),
        batcher=parse_batcher(fields, common.language),
        writer=parse_writer(fields, common.language),
    )


def _parse_processor(fields: Fields, common: Common) -> tuple[str, bool]:
    """The first state of a child, and whether children are Express, which may hold less."""
    found = read_processor(fields)
    if found is None or found[1] is None:
        return "", False
    processor, config = found[0], found[1]
    config.one_of("Mode", (DISTRIBUTED,))
    config.require("ExecutionType")
    express = config.one_of("ExecutionType", EXECUTION_TYPES) == EXPRESS
    config.close()
    machine, outer = common.machine, common.machine.type
    machine.type = EXPRESS if express else outer
    start = machine.parse_branch(processor, common.name)
    machine.type = outer
    return start, express


def _parse_label(fields: Fields, known: set[str]) -> str:
    label = fields.text("Label")
    if label is None:
        return ""
    location = fields.at("Label")
    if not 0 < len(label) <= LONGEST_LABEL or _FORBIDDEN.search(label):
        message = (
            f"A label has 1 to {LONGEST_LABEL} characters, no blanks, no control characters, "
            'and none of ? * < > { } [ ] : ; , \\ | ^ ~ $ # % & ` " /'
        )
        fields.faults.report(message, location, "INVALID_LABEL_NAME")
    elif label in known:
        fields.faults.report(f"Duplicate label: {label}", location, "DUPLICATE_LABEL_NAME")
    known.add(label)
    return label
