"""ValidateStateMachineDefinition: what is wrong with a definition, without storing it."""

from __future__ import annotations

from typing import Any

from asl.aws.call import DEFAULT_PAGE, Call
from asl.usecases import views
from asl.usecases.common import check_definition
from asl.usecases.errors import InvalidDefinition


def validate_state_machine_definition(call: Call) -> dict[str, Any]:
    """Answers result, diagnostics and whether there were more than `maxResults` of them."""
    members = call.members
    try:
        type_, resources = members.get("type", "STANDARD"), call.services.settings.resources
        machine = check_definition(members["definition"], type_, resources)
    except InvalidDefinition as fault:
        result, found = "FAIL", list(fault.diagnostics)
    else:
        result, found = "OK", list(machine.warnings)
    if members.get("severity", "ERROR") == "ERROR":
        found = [diagnostic for diagnostic in found if diagnostic.severity == "ERROR"]
    most = members.get("maxResults") or DEFAULT_PAGE
    return {
        "result": result,
        "diagnostics": [views.diagnostic(diagnostic) for diagnostic in found[:most]],
        "truncated": len(found) > most,
    }
