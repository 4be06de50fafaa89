"""What stands behind a machine's name in an ARN: a published version, or an alias of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from asl.store.published import AliasRow, Routing
from asl.store.store import Store
from asl.store.tables import PublishedVersion, StateMachine
from asl.usecases.common import find_machine
from asl.usecases.errors import StateMachineDoesNotExist
from asl.usecases.services import Services

Choice = Callable[[Routing], int]


@dataclass(frozen=True, slots=True)
class Target:
    """version: of the StateMachineVersion that is meant: the published one's, or the active one."""

    machine: StateMachine
    version: int
    published: PublishedVersion | None = None
    alias: AliasRow | None = None

    @property
    def published_number(self) -> int | None:
        return None if self.published is None else self.published.number

    @property
    def alias_name(self) -> str | None:
        return None if self.alias is None else self.alias.name


def heaviest(routing: Routing) -> int:
    """The version that an alias has in its name, where one is to be shown."""
    return max(routing, key=lambda route: route[1])[0]


def by_weight(random: Random) -> Choice:
    """A version for a start: of an alias one by weight, at random."""

    def choose(routing: Routing) -> int:
        numbers, weights = zip(*routing, strict=True)
        chosen: int = random.choices(numbers, weights)[0]
        return chosen

    return choose


def qualified(
    store: Store, machine: StateMachine, qualifier: str | None, choose: Choice
) -> Target | None:
    """The target of a number or an alias's name behind the machine's; None: it is not there."""
    if qualifier is None:
        return Target(machine, machine.active_version)
    alias = None
    if qualifier.isdecimal() and qualifier.isascii():
        number = int(qualifier[:9])
    else:
        alias = store.published.alias(machine.id, qualifier)
        if alias is None:
            return None
        number = choose(alias.routing)
    published = store.published.find(machine.id, number)
    if published is None:
        return None
    return Target(machine, published.version, published, alias)


def find_to_start(services: Services, reference: str) -> Target:
    """What a Task's StateMachineArn names: an ARN, or an id, a name or `name:version`.

    Behind the name in an ARN stands a published version or an alias; its region and account are
    those of where the definition was written, and mean nothing. StateMachineDoesNotExist.
    """
    _, arn, resource = reference.rpartition(":stateMachine:")
    if not arn:
        return Target(*find_machine(services.store, reference))
    name, _, qualifier = resource.partition(":")
    machine, target = services.store.machines.find(name), None
    if machine is not None and machine.claimed_name == name:
        choose = by_weight(services.random)
        target = qualified(services.store, machine, qualifier or None, choose)
    if target is None:
        raise StateMachineDoesNotExist(f"state_machine: there is no state machine '{reference}'")
    return target
