"""The tables. Times are ms since epoch, JSON is compact ASCII text, ids are ULIDs.

A row's columns stand in the order in which `rows.py` reads and writes them.
"""

from __future__ import annotations

from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    DoubleField,
    IntegerField,
    Model,
)

from asl.store.columns import Json, Schema, ShortText


class Table(Model):
    """The root of all tables; bound to a database by `bind`."""

    class Meta:
        legacy_table_names = False
        schema_manager_class = Schema


class StateMachine(Table):
    """A machine. `claimed_name` is its name while it lives, NULL once it is deleted."""

    id = ShortText(26, primary_key=True)
    name = ShortText(80)
    claimed_name = ShortText(80, null=True, unique=True)
    type = ShortText(8)
    status = ShortText(8)
    active_version = IntegerField()
    retention_days = IntegerField(null=True)
    tags = Json()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()


class StateMachineVersion(Table):
    """A definition as it was stored; never changed.

    role_arn, configuration: what AWS's clients gave with it (logging, tracing, encryption).
    """

    state_machine_id = ShortText(26)
    number = IntegerField()
    definition = Json()
    created_at = BigIntegerField()
    role_arn = ShortText(256, null=True)
    configuration = Json(null=True)

    class Meta:
        primary_key = CompositeKey("state_machine_id", "number")


class Execution(Table):
    """One run. `events` and `operations` count what it has, and number what comes next.

    due_at: when the run as a whole times out. published, alias: the published version and the
    alias through which it was started. parent_execution, parent_operation: the Task that waits
    for its end. Of a child of a Map Run: root_execution, under whose lock and with whose numbers
    its operations stand, and the run with its label. redrives: how often it was redriven, NULL for
    never. shipped_at: when its record was closed: it is with the log store, if there is one, and
    the run is about to be evicted. Of a child of a Map Run: the end of the root it was told with.
    """

    id = ShortText(26, primary_key=True)
    state_machine_id = ShortText(26)
    version = IntegerField()
    name = ShortText(80)
    namespace = ShortText(80)
    queue = ShortText(80)
    status = ShortText(10)
    input = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    retention_days = IntegerField(null=True)
    trace = ShortText(64)
    events = IntegerField()
    operations = IntegerField()
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)
    parent_execution = ShortText(26, null=True)
    parent_operation = IntegerField(null=True)
    published = IntegerField(null=True)
    alias = ShortText(80, null=True)
    root_execution = ShortText(26, null=True)
    map_run_id = ShortText(36, null=True)
    label = ShortText(40, null=True)
    redrives = IntegerField(null=True)
    redriven_at = BigIntegerField(null=True)
    redrive_token = ShortText(64, null=True)
    shipped_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("state_machine_id", "name"), True),
            (("state_machine_id", "root_execution", "id"), False),
            (("status", "root_execution", "id"), False),
            (("root_execution", "id"), False),
        )


class Operation(Table):
    """One state entered, by one branch or iteration.

    parent: number of the Parallel's or Map's operation, 0 at the top. round: how often a state
    opened its branches (an operation), or in which round it was opened (a branch's). due_at: when
    it wants attention: ready work, a lapsed lease, a wait, a timeout; NULL when it wants none.
    activity: whose workers may take it. child_execution: the child of a Map Run it belongs to,
    and weight, how many items that child has. map_run_id: the newest run of a Distributed Map.
    """

    execution_id = ShortText(26)
    number = IntegerField()
    parent = IntegerField()
    branch = IntegerField()
    parent_round = IntegerField()
    opens = BooleanField()
    ends = BooleanField()
    state = ShortText(80)
    type = ShortText(8)
    status = ShortText(10)
    awaiting = ShortText(10)
    due_at = BigIntegerField(null=True)
    fence = IntegerField()
    attempt = IntegerField()
    counters = Json()
    input = Json()
    variables = Json()
    output = Json(null=True)
    error = Json(null=True)
    cause = Json(null=True)
    request = Json(null=True)
    token = ShortText(128, null=True)
    deadline = BigIntegerField(null=True)
    heartbeat = IntegerField(null=True)
    call_id = ShortText(64, null=True)
    round = IntegerField()
    pending = IntegerField()
    opened = IntegerField()
    released = IntegerField()
    total = IntegerField()
    first_child = IntegerField()
    items = Json(null=True)
    previous_event = IntegerField()
    entered_event = IntegerField()
    last_event = IntegerField()
    created_at = BigIntegerField()
    entered_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    activity = ShortText(80, null=True)
    child_execution = ShortText(26, null=True)
    weight = IntegerField(null=True)
    map_run_id = ShortText(36, null=True)

    class Meta:
        primary_key = CompositeKey("execution_id", "number")


# Most rows are in none of these, so that a transition touches fewer pages.
Execution.add_index(Execution.due_at, where=Execution.due_at.is_null(False))
Execution.add_index(Execution.parent_execution, where=Execution.parent_execution.is_null(False))
Execution.add_index(Execution.ended_at, where=Execution.ended_at.is_null(False))
Operation.add_index(Operation.due_at, where=Operation.due_at.is_null(False))
Operation.add_index(Operation.activity, where=Operation.activity.is_null(False))
Operation.add_index(Operation.token, unique=True, where=Operation.token.is_null(False))
Operation.add_index(
    Operation.execution_id, Operation.parent, Operation.branch, where=Operation.parent > 0
)
Execution.add_index(Execution.map_run_id, Execution.id, where=Execution.map_run_id.is_null(False))


class History(Table):
    """The events that one commit appended: `[[type, previous, at, details], …]`, ids from first."""

    execution_id = ShortText(26)
    first = IntegerField()
    operation = IntegerField()
    events = Json()

    class Meta:
        primary_key = CompositeKey("execution_id", "first")


class Lease(Table):
    """A role that one process at a time plays, such as the timer's."""

    name = ShortText(80, primary_key=True)
    holder = ShortText(80)
    until = BigIntegerField()


class Runner(Table):
    """A step-runner that stays for more than one transition."""

    id = ShortText(40, primary_key=True)
    until = BigIntegerField()


class PublishedVersion(Table):
    """A number under which a version of a machine was published; numbers are never used again.

    number: what the ARN shows. version: the StateMachineVersion it stands for. deleted: its number
    is kept, and nothing else.
    """

    state_machine_id = ShortText(26)
    number = IntegerField()
    version = IntegerField()
    description = ShortText(256)
    deleted = BooleanField()
    created_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("state_machine_id", "number")


class Alias(Table):
    """A name that shares the runs of a machine out: `routing` is `[[number, weight], …]`."""

    state_machine_id = ShortText(26)
    name = ShortText(80)
    description = ShortText(256)
    routing = Json()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("state_machine_id", "name")


class Activity(Table):
    """Work that is polled for by name."""

    name = ShortText(80, primary_key=True)
    tags = Json()
    created_at = BigIntegerField()


class MapRun(Table):
    """What a Distributed Map does with its items, once; its children are executions of their own.

    execution_id, operation, round: whose branches its children are. owner: the execution that the
    state belongs to, which may be a child itself. failed, total: of its items; total is NULL until
    it is known. counts: of the children, once it has ended.
    """

    id = ShortText(36, primary_key=True)
    execution_id = ShortText(26)
    operation = IntegerField()
    round = IntegerField()
    owner = ShortText(26)
    state_machine_id = ShortText(26)
    label = ShortText(40)
    express = BooleanField()
    status = ShortText(10)
    concurrency = IntegerField()
    tolerated_count = IntegerField(null=True)
    tolerated_percentage = DoubleField(null=True)
    failed = IntegerField()
    total = IntegerField(null=True)
    counts = Json(null=True)
    started_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    redrives = IntegerField(null=True)
    redriven_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("execution_id",), False), (("owner", "started_at"), False))


class QueueEntry(Table):
    """A run of a queue with a limit, from its start to its end; admitted: it may go on."""

    execution_id = ShortText(26, primary_key=True)
    queue = ShortText(80)
    admitted = BooleanField()

    class Meta:
        indexes = ((("queue", "admitted", "execution_id"), False),)


class Counter(Table):
    """What has been counted since the installation began."""

    name = ShortText(80, primary_key=True)
    value = BigIntegerField()


TABLES = (
    StateMachine,
    StateMachineVersion,
    Execution,
    Operation,
    History,
    Lease,
    Runner,
    PublishedVersion,
    Alias,
    Activity,
    MapRun,
    QueueEntry,
    Counter,
)
