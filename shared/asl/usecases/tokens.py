"""From a claim to what the language sees of it."""

from __future__ import annotations

from asl.language import jsontext
from asl.language.document import EMPTY, Document
from asl.language.visit import ExecutionContext, Token
from asl.store.claims import Claim
from asl.store.rows import ExecutionRow
from asl.usecases.services import Services


def token_of(claim: Claim, services: Services) -> Token:
    row = claim.operation
    return Token(
        operation=row.id,
        state=row.state,
        input=Document.read(row.input),
        execution=execution_context(claim.execution, services),
        variables=EMPTY if row.variables == "{}" else Document.read(row.variables),
        index=row.branch,
        opens=row.opens,
        entered_at=row.entered_at or 0,
        previous_event=row.previous_event,
        entered_event=row.entered_event,
        last_event=row.last_event,
        counters=() if row.counters == "[]" else tuple(jsontext.loads(row.counters)),
    )


def execution_context(run: ExecutionRow, services: Services) -> ExecutionContext:
    """What `$$.Execution` and `$$.StateMachine` say, ARNs as AWS would give them."""
    name = services.machine_name(run.state_machine_id)
    arns = services.arns
    return ExecutionContext(
        id=arns.execution(name, run.name),
        name=run.name,
        input=Document.read(run.input),
        started_at=run.started_at or run.created_at,
        machine_id=arns.state_machine(name),
        machine_name=name,
        role_arn=services.role_arn(run.state_machine_id, run.version),
    )
