"""Retry and Catch: who matches an error, when the next attempt is due, where a caught one goes."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from asl.language import errors
from asl.language.assignments import assigned
from asl.language.dataflow import (
    ERROR_OUTPUT,
    JSONATA,
    JSONPATH,
    Outflow,
    parse_assign,
    parse_query,
    parse_result_path,
    place,
)
from asl.language.document import Document
from asl.language.fields import Fields
from asl.language.jsonpath.paths import Path
from asl.language.scope import Json
from asl.language.visit import Visit

LONGEST_DELAY = 31_622_400  # seconds; the bound of MaxDelaySeconds


@dataclass(frozen=True, slots=True)
class Failure:
    """What a state failed with. Either text may be absent (SendTaskFailure without fields).

    heartbeat: no sign of life came in time; the error is States.Timeout (recorded).
    """

    error: str | None
    cause: str | None
    heartbeat: bool = False

    @property
    def error_output(self) -> Json:
        """What a Catch hands on; a timeout has no cause, but shows an empty one (recorded)."""
        cause = self.cause
        if cause is None and self.error == errors.TIMEOUT:
            cause = ""
        return {"Error": self.error, "Cause": cause}

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether an ErrorEquals takes it.

        States.Runtime is never taken, even by name (recorded); States.TaskFailed takes every error
        but a timeout; a missed heartbeat answers to both timeout names; an error without a name is
        taken by the wildcards.
        """
        if self.error == errors.RUNTIME:
            return False
        aliases = {self.error, errors.ALL}
        if self.error == errors.HEARTBEAT_TIMEOUT:
            aliases.add(errors.TIMEOUT)
        elif self.heartbeat:
            aliases.add(errors.HEARTBEAT_TIMEOUT)
        elif self.error != errors.TIMEOUT:
            aliases.add(errors.TASK_FAILED)
        return any(name in aliases for name in names)


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of Retry; delays in seconds."""

    error_equals: tuple[str, ...]
    interval: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay: int | None = None
    full_jitter: bool = False

    def delay(self, made: int, random: Random) -> float:
        """Seconds before the next retry, after `made` retries: interval × rate^made, capped."""
        longest = float(self.max_delay or LONGEST_DELAY)
        try:
            delay = min(self.interval * self.backoff_rate**made, longest)
        except OverflowError:
            delay = longest
        return random.uniform(0, delay) if self.full_jitter else delay


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of Catch."""

    error_equals: tuple[str, ...]
    next: str
    result_path: Path | None
    outflow: Outflow
    language: str

    def output(self, visit: Visit, failure: Failure) -> tuple[Document, Document]:
        """Output and variables of the state when this catcher takes over.

        ResultSelector and OutputPath of the state are not applied (recorded).
        """
        error_output = failure.error_output
        scope = visit.scope(error_output, errorOutput=error_output)
        variables = assigned(visit, self.outflow.assign, scope)
        if self.language == JSONPATH:
            return place(visit, self.result_path, Document(error_output)), variables
        if self.outflow.output is None:
            return Document(error_output), variables
        field = f"{self.outflow.within}Output"
        return Document(self.outflow.output.render(scope, field)), variables


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Try again after `delay` seconds; `counters` are those after this retry."""

    delay: float
    counters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """The Retry and Catch of one state."""

    retriers: tuple[Retrier, ...] = ()
    catchers: tuple[Catcher, ...] = ()

    def retry(
        self, failure: Failure, counters: tuple[int, ...], random: Random
    ) -> RetryDecision | None:
        """The first retrier that takes the error decides; each counts for itself."""
        counters = counters or (0,) * len(self.retriers)
        for index, retrier in enumerate(self.retriers):
            if not failure.matches(retrier.error_equals):
                continue
            made = counters[index]
            if made >= retrier.max_attempts:
                return None
            after = (*counters[:index], made + 1, *counters[index + 1 :])
            return RetryDecision(retrier.delay(made, random), after)
        return None

    def catcher(self, failure: Failure) -> Catcher | None:
        return next((c for c in self.catchers if failure.matches(c.error_equals)), None)


NO_RECOVERY = Recovery()


def parse_recovery(fields: Fields, language: str) -> Recovery:
    """Read Retry and Catch of a state."""
    retriers = [_parse_retrier(item) for item in fields.objects("Retry", may_be_empty=True)]
    catchers = [
        _parse_catcher(item, language) for item in fields.objects("Catch", may_be_empty=True)
    ]
    for name, entries in (("Retry", retriers), ("Catch", catchers)):
        _check_wildcard(fields, name, [entry.error_equals for entry in entries])
    return Recovery(tuple(retriers), tuple(catchers))


def _check_wildcard(fields: Fields, name: str, entries: list[tuple[str, ...]]) -> None:
    for index, error_equals in enumerate(entries):
        if errors.ALL not in error_equals:
            continue
        if len(error_equals) > 1 or index != len(entries) - 1:
            fields.faults.report(
                "States.ALL must appear alone and at end of list",
                f"{fields.at(name)}[{index}]/ErrorEquals",
            )


def _parse_retrier(fields: Fields) -> Retrier:
    fields.require("ErrorEquals")
    interval = fields.integer("IntervalSeconds")
    attempts = fields.integer("MaxAttempts", minimum=0)
    rate = fields.number("BackoffRate", minimum=1.0)
    cap = fields.integer("MaxDelaySeconds", minimum=1, maximum=LONGEST_DELAY)
    jitter = fields.one_of("JitterStrategy", ("NONE", "FULL"))
    retrier = Retrier(
        fields.texts("ErrorEquals"),
        interval=1 if interval is None else interval,
        max_attempts=3 if attempts is None else attempts,
        backoff_rate=2.0 if rate is None else rate,
        max_delay=cap,
        full_jitter=jitter == "FULL",
    )
    fields.close()
    return retrier


def _parse_catcher(fields: Fields, language: str) -> Catcher:
    fields.require("ErrorEquals", "Next")
    if language == JSONATA:
        fields.refuse_other_language(["ResultPath"], JSONATA, JSONPATH)
    else:
        fields.refuse_other_language(["Output"], JSONPATH, JSONATA)
    result_path = parse_result_path(fields) if language == JSONPATH else None
    catcher = Catcher(
        fields.texts("ErrorEquals"),
        fields.text("Next") or "",
        result_path,
        Outflow(
            parse_assign(fields, language, ERROR_OUTPUT, fields.place_within),
            parse_query(fields, "Output", ERROR_OUTPUT) if language == JSONATA else None,
            fields.place_within,
        ),
        language,
    )
    fields.close()
    return catcher
