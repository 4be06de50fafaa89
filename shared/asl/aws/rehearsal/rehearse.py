"""Entering one state for a test: what would follow, with nothing stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from asl.aws import errors
from asl.aws.call import Call
from asl.aws.rehearsal.context import TestedVisit
from asl.aws.rehearsal.http_tests import Trace, call_url
from asl.aws.rehearsal.iterations import iteration_stages
from asl.aws.rehearsal.limits import Limits
from asl.aws.rehearsal.mocks import Mock
from asl.aws.rehearsal.subject import Subject
from asl.language import effects
from asl.language.document import Document
from asl.language.effects import Effect
from asl.language.errors import StateError
from asl.language.events import Elapsed, Entered, Event, Joined, Returned
from asl.language.recovery import Failure, Recovery, RetryDecision
from asl.language.states.container import Container
from asl.language.states.state import State
from asl.remote.attempts import Attempt

LONGEST_CALL = 270  # seconds; a test may take five minutes
ANSWER_MARGIN = 2000  # ms of the deadline kept for the answer
THRESHOLD = Failure(
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
)


@dataclass(frozen=True)
class Watched(Recovery):
    """A state's Retry and Catch, with an eye on what they were asked."""

    failures: list[Failure] = field(default_factory=list)
    decisions: list[RetryDecision] = field(default_factory=list)

    def retry(
        self, failure: Failure, counters: tuple[int, ...], random: Random
    ) -> RetryDecision | None:
        self.failures.append(failure)
        decision = Recovery.retry(self, failure, counters, random)
        if decision is not None:
            self.decisions.append(decision)
        return decision


@dataclass(frozen=True, slots=True)
class Written:
    """What a mocked ResultWriter answers."""

    result: Document


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How the test went. result: what the state's work made, None where there was none.

    stages: the documents of a Map's items, by the members that show them. traces: of the URL that
    was called, if one was.
    """

    state: State
    visit: TestedVisit
    effect: Effect
    recovery: Watched
    result: Document | None
    stages: Mapping[str, Document]
    traces: Sequence[Trace] = ()

    @property
    def failure(self) -> Failure | None:
        """What Retry and Catch were asked about."""
        return self.recovery.failures[-1] if self.recovery.failures else None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One test.

    failed_iterations: of a Map, where the request says how many there were. reader_data: what its
    ItemReader reads, where the request says it.
    """

    call: Call
    subject: Subject
    visit: TestedVisit
    mock: Mock | None
    limits: Limits
    failed_iterations: int | None
    reader_data: str | None = None
    traces: list[Trace] = field(default_factory=list)

    def run(self) -> Rehearsed:
        recovery = self.subject.state.recovery
        watched = Watched(recovery.retriers, recovery.catchers)
        state = replace(self.subject.state, recovery=watched)
        effect = state.step(Entered(), self.visit)
        stages = self._stages(state)
        result = None
        if not watched.failures and (event := self._work(state, effect)) is not None:
            if isinstance(event, Failure):
                effect = state.recover(self.visit, event)
            elif isinstance(event, Written):
                effect, result = self._written(state, event), event.result
            else:
                effect = state.step(event, self.visit)
                result = _result(event)
        return Rehearsed(state, self.visit, effect, watched, result, stages, self.traces)

    def _stages(self, state: State) -> Mapping[str, Document]:
        try:
            return iteration_stages(state, self.visit, self.reader_data)
        except StateError:  # the state's own fault, which it reports itself
            return {}

    def _written(self, state: State, event: Written) -> Effect:
        """A ResultWriter's answer is the result of the state."""
        try:
            return state.leave(self.visit, *state.flow.result(self.visit, event.result))
        except StateError as fault:
            return state.recover(self.visit, Failure(fault.error, fault.cause))

    def _work(self, state: State, effect: Effect) -> Event | Failure | Written | None:
        """What the state's work comes to; None where it has none."""
        if isinstance(state, Container):
            return self._joined(effect)
        match effect:
            case effects.Sleep():
                return Elapsed()
            case effects.Call() | effects.ServiceCall() | effects.Offer():
                return self._task(effect)
            case _:
                return None

    def _joined(self, effect: Effect) -> Event | Failure | Written:
        mock = self.mock or Mock()
        if mock.failure is not None:
            return mock.failure
        if isinstance(mock.result, dict):
            return Written(Document(mock.result))
        outputs: Sequence[object] = mock.result if isinstance(mock.result, list) else [mock.result]
        if self.failed_iterations is not None:
            if self.failed_iterations > len(outputs):
                raise errors.validation(
                    "Map iteration failure count must be less than or equal to the number of "
                    "Map iterations"
                )
            if self.limits.are_exceeded(self.failed_iterations, len(outputs)):
                return THRESHOLD
        if isinstance(effect, effects.Finish | effects.Goto):
            return Written(Document(list(outputs)))  # no items: the state has left by itself
        return Joined([Document(output) for output in outputs], self.visit.last_event)

    def _task(self, effect: effects.Call | effects.ServiceCall | effects.Offer) -> Event | Failure:
        if self.mock is not None:
            return self.mock.failure or Returned(Document(self.mock.result))
        left = self.call.deadline - self.call.services.now() - ANSWER_MARGIN
        seconds = max(1.0, min(left / 1000, LONGEST_CALL))
        state = self.visit.token.state
        if isinstance(effect, effects.ServiceCall) and effect.calls_url:
            self.traces.append(call_url(self.call, effect.arguments.value, state, seconds))
            return self.traces[-1].outcome
        if not isinstance(effect, effects.Call) or effect.token is not None:
            raise errors.validation("This resource can only be tested with a mock")
        attempt = Attempt("test", "test", state, 1, "")
        return self.call.services.functions.call(effect.request, attempt, seconds)


def _result(event: Event) -> Document | None:
    match event:
        case Returned(output):
            return output
        case Joined(outputs):
            return Document([output.value for output in outputs])
        case _:
            return None
