"""Routes: the administrator's table of names. The database is written first, then memory."""

import asyncio
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from controlplane.domain.errors import Absent, Invalid
from controlplane.domain.kinds import KINDS
from controlplane.domain.route import Match, Route, Target
from controlplane.policy.naming import LONGEST, headed
from controlplane.service.removed import Removed
from controlplane.service.roster import Roster
from controlplane.service.runtime_settings import RuntimeSettings

SEEDED = "routesSeeded"  # the mark that an installation was given its first routes
# Every name of every one of them is looked at when any account changes.
MOST = 500
MOST_TARGETS = 20
MOST_ACCOUNTS = 100
# Routes that an account's removal changed: as they were, and as they are since, None where one went with it.
Taken = Sequence[tuple[Route, Route | None]]


class RouteStore(Protocol):
    """Routes in their order. Every method returns after the commit."""

    async def load(self) -> Sequence[Route]: ...

    async def seed(self, routes: Sequence[Route]) -> None:
        """Add those whose name has none of its match."""
        ...

    async def replace(self, routes: Sequence[Route]) -> None:
        """Store these and no others, all or nothing."""
        ...


class Routes:
    """The routing table. `changed` is told all routes whenever there are others. `removed`: what routes lost with
    accounts, by the account's id.
    """

    def __init__(self, store: RouteStore, roster: Roster, changed: Callable[[Sequence[Route]], None], removed: Removed[Taken]) -> None:
        self._store = store
        self._roster = roster
        self._changed = changed
        self._removed = removed
        self._routes: Sequence[Route] = ()
        # A change is read, written and remembered as one.
        self._changing = asyncio.Lock()

    async def load(self, settings: RuntimeSettings) -> None:
        """Fill memory at the start; at the very first start the table too. What is removed later does not return."""
        if settings.hidden(SEEDED) is None:
            await self._store.seed(FIRST)
            await settings.put({SEEDED: "1"})
        # A process may have ended between the removal of an account and that of its name.
        self._use(without(await self._store.load(), lambda account_id: self._roster.find(account_id) is None))

    def list(self) -> Sequence[Route]:
        """All routes, in the administrator's order, which means nothing."""
        return self._routes

    async def replace(self, routes: Sequence[Route]) -> tuple[Sequence[Route], Sequence[Route]]:
        """Use these routes instead of all others, from the next request on. What was before, and what is now.
        Raises Invalid.
        """
        async with self._changing:
            before = self._routes
            check(routes, self._roster, before)
            await self._store.replace(routes)
            self._use(routes)
            return before, routes

    async def forget(self, account_id: str) -> tuple[Sequence[Route], Sequence[Route]]:
        """Take an account that was removed out of all targets. What was before, and what is now."""
        async with self._changing:
            before = self._routes
            after = without(before, lambda named: named == account_id)
            if after != before:
                await self._store.replace(after)
                self._use(after)
                self._removed.keep(account_id, lost(before, after))
            return before, after

    async def recall(self, account_id: str) -> tuple[Sequence[Route], Sequence[Route]]:
        """The account's removal was undone: its name returns to the routes that nobody changed since. What was before,
        and what is now.
        """
        async with self._changing:
            before = self._routes
            try:
                after = regained(before, self._removed.find(account_id))
            except Absent:
                return before, before
            await self._store.replace(after)
            self._use(after)
            self._removed.forget(account_id)
            return before, after

    def _use(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._changed(self._routes)


def without(routes: Sequence[Route], gone: Callable[[str], bool]) -> Sequence[Route]:
    """The routes without the accounts that are gone. A target that named no others goes with them, since without any
    name it would be for all accounts; and so does a prefix route without targets. An exact one keeps its last target as
    it was: its name is taken, and nobody else shall ever serve it unasked.
    """
    left = ((route, tuple(_left(route.targets, gone))) for route in routes)
    return tuple(replace(route, targets=targets or route.targets[-1:]) for route, targets in left if targets or route.match is Match.EXACT)


def lost(before: Sequence[Route], after: Sequence[Route]) -> Taken:
    """What the removal of an account changed."""
    now = {(route.match, route.name): route for route in after}
    changed = ((route, now.get((route.match, route.name))) for route in before)
    return tuple((route, left) for route, left in changed if left != route)


def regained(routes: Sequence[Route], taken: Taken) -> Sequence[Route]:
    """The routes with what was taken from them: where one is as the removal left it, it is again as it was before."""
    was = {left: route for route, left in taken if left is not None}
    there = {(route.match, route.name) for route in routes}
    gone = [route for route, left in taken if left is None and (route.match, route.name) not in there]
    return (*(was.get(route, route) for route in routes), *gone)


def _left(targets: Iterable[Target], gone: Callable[[str], bool]) -> Iterator[Target]:
    for target in targets:
        account_ids = tuple(account_id for account_id in target.account_ids if not gone(account_id))
        if account_ids or not target.account_ids:
            yield replace(target, account_ids=account_ids)


def check(routes: Sequence[Route], roster: Roster, before: Sequence[Route]) -> None:
    """Raises Invalid, naming the first field at fault as the outside contract spells it. What was there `before` may
    stay: accounts that are gone since, names that an account's label took since.
    """
    named = {account_id for route in before for target in route.targets for account_id in target.account_ids}
    for field, phrase in chain(_faults(routes, roster, named), _label_faults(routes, roster, {route.name for route in before})):
        raise Invalid(f"{field} {phrase}", field)


def _faults(routes: Sequence[Route], roster: Roster, named: Container[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with them: the field, and why. `named`: accounts that need not be there."""
    if len(routes) > MOST:
        yield "routes", f"are more than {MOST}"
    seen: set[tuple[Match, str]] = set()
    for number, route in enumerate(routes):
        field = f"routes[{number}]"
        yield from _name_faults(f"{field}.name", route)
        if (route.match, route.name) in seen:
            yield f"{field}.name", "is that of another route with the same match"
        seen.add((route.match, route.name))
        if not 0 < len(route.targets) <= MOST_TARGETS:
            yield f"{field}.targets", f"must be 1 to {MOST_TARGETS}"
        for place, target in enumerate(route.targets):
            yield from _target_faults(f"{field}.targets[{place}]", target, roster, named)


def _name_faults(field: str, route: Route) -> Iterator[tuple[str, str]]:
    name = route.name
    if not 0 < len(name) <= LONGEST or not name.isprintable() or name != name.strip():
        yield field, f"must be 1 to {LONGEST} printable characters"
    if any(headed(name, kind) for kind in KINDS):
        # Who writes a kind wants that kind, and no route may say otherwise.
        yield field, "must not begin with the name of a kind and a slash"


def _label_faults(routes: Sequence[Route], roster: Roster, stood: Container[str]) -> Iterator[tuple[str, str]]:
    """Who writes an account's label wants that account. `stood`: names that may be all the same."""
    labels = {seat.account.label.lower() for seat in roster}
    for number, route in enumerate(routes):
        if route.name not in stood and "/" in route.name and route.name.partition("/")[0].lower() in labels:
            yield f"routes[{number}].name", "must not begin with an account's label and a slash"


def _target_faults(field: str, target: Target, roster: Roster, named: Container[str]) -> Iterator[tuple[str, str]]:
    if target.kind not in KINDS:
        yield f"{field}.kind", f"is not one of {', '.join(KINDS)}"
    if len(target.model) > LONGEST or not target.model.isprintable():
        yield f"{field}.model", f"must be at most {LONGEST} printable characters"
    if len(target.account_ids) > MOST_ACCOUNTS:
        yield f"{field}.accountIds", f"are more than {MOST_ACCOUNTS}"
    for account_id in target.account_ids:
        seat = roster.find(account_id)
        if account_id not in named if seat is None else seat.account.kind != target.kind:
            yield f"{field}.accountIds", "name an account that is not there, or of another kind"


def _codex(name: str, kiro: str) -> Route:
    """A name that Codex asks for: OpenAI's model of that name, else the one that Kiro has for such work."""
    return Route(name, Match.EXACT, (Target("openai", ""), Target("kiro", kiro)))


# What clients ask for by default and not every vendor has (client notes 1; Codex's model catalogues to November 2026), so
# that they work as they come. Names that Kiro and the vendor share need no route. The answer's x-headgate-model says who
# served.
FIRST: Sequence[Route] = (
    _codex("gpt-6.1-sol", "gpt-5.6-sol"),
    _codex("gpt-6.1-terra", "gpt-5.6-terra"),
    _codex("gpt-6-astra", "gpt-5.6-sol"),
    _codex("gpt-6-sol", "gpt-5.6-sol"),
    _codex("gpt-6-luna", "gpt-5.6-luna"),
    _codex("gpt-5.6", "gpt-5.6-sol"),
    _codex("gpt-5.5", "gpt-5.6-terra"),
    _codex("gpt-5.4", "gpt-5.6-terra"),
    _codex("gpt-5.4-mini", "gpt-5.6-luna"),
    _codex("gpt-5.3-codex", "gpt-5.6-terra"),
    _codex("gpt-5.2-codex", "gpt-5.6-terra"),
    _codex("gpt-5.2", "gpt-5.6-terra"),
    _codex("gpt-5.1-codex-max", "gpt-5.6-terra"),
    _codex("gpt-5.1-codex", "gpt-5.6-terra"),
    _codex("gpt-5.1-codex-mini", "gpt-5.6-luna"),
    _codex("gpt-5.1", "gpt-5.6-terra"),
    _codex("gpt-5-codex", "gpt-5.6-terra"),
    _codex("gpt-5-codex-mini", "gpt-5.6-luna"),
    _codex("gpt-5", "gpt-5.6-terra"),
    # Claude Code's model for small tasks since 2.1.293, which Kiro does not have everywhere.
    Route("claude-haiku-5-5", Match.EXACT, (Target("kiro", ""), Target("anthropic", ""), Target("kiro", "claude-haiku-4.5"))),
)
