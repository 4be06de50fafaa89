"""From a claim to what the language sees of it."""

from __future__ import annotations

import dataclasses

from asl.language import jsontext
from asl.language.document import EMPTY, Document
from asl.language.machine import EXPRESS
from asl.language.visit import ExecutionContext, Token
from asl.store.claims import Claim
from asl.store.rows import ExecutionRow
from asl.usecases.express_names import express_arn, shown_name
from asl.usecases.services import Services


def token_of(claim: Claim, services: Services) -> Token:
    row = claim.operation
    return Token(
        operation=row.id,
        state=row.state,
        input=Document.read(row.input),
        execution=context_of(claim, services),
        variables=EMPTY if row.variables == "{}" else Document.read(row.variables),
        index=row.branch,
        opens=row.opens,
        entered_at=row.entered_at or 0,
        previous_event=row.previous_event,
        entered_event=row.entered_event,
        last_event=row.last_event,
        counters=() if row.counters == "[]" else tuple(jsontext.loads(row.counters)),
        notes=None if row.map_run_id is None or row.items is None else Document.read(row.items),
    )


def context_of(claim: Claim, services: Services) -> ExecutionContext:
    """Of the execution that an operation belongs to, which may be a child of a Map Run."""
    context = execution_context(claim.execution, services)
    if claim.child is None:
        return context
    row = claim.child.row
    started_at = row.started_at or services.now()
    context = context.child(claim.child.label, row.name, Document.read(row.input), started_at)
    return dataclasses.replace(
        context, redrive_count=row.redrives or 0, redriven_at=row.redriven_at
    )


def execution_context(run: ExecutionRow, services: Services) -> ExecutionContext:
    """What `$$.Execution` and `$$.StateMachine` say, ARNs as AWS would give them."""
    name = services.machine_name(run.state_machine_id)
    arns = services.arns
    if services.machine_type(run.state_machine_id) == EXPRESS:
        id_ = express_arn(arns, name, run.name, run.id)
    else:
        id_ = arns.execution(name, run.name)
    return ExecutionContext(
        id=id_,
        name=shown_name(run.name),
        input=Document.read(run.input),
        started_at=run.started_at or run.created_at,
        machine_id=arns.state_machine(name),
        machine_name=name,
        role_arn=services.role_arn(run.state_machine_id, run.version),
        redrive_count=run.redrives or 0,
        redriven_at=run.redriven_at,
    )
