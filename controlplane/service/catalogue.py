"""Which models there are, and what a name that a client wrote means."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from controlplane.domain.errors import AccessRejected, CallForbidden, ProviderError, ProviderUnavailable
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ListedModel, ModelFacts
from controlplane.domain.route import Match, Route, Target
from controlplane.policy import naming, routing, wellknown
from controlplane.policy.candidates import Candidate
from controlplane.policy.routing import Offer
from controlplane.service.meanings import Meanings
from controlplane.service.ports import AccountStore, Clock, Provider
from controlplane.service.refreshing import LOST, Refreshing
from controlplane.service.roster import Roster, Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

STALE_AFTER = 3600  # Kiro rules: a list is good for about an hour
# A new account offers all it has only after some minutes (Kiro rules, 3.2); seconds after its creation.
COMPLETE_AFTER = (60, 300)
ASK_AGAIN = 60.0  # after a list could not be fetched
# The kind of the accounts that callers bring along.
OWN_KIND = "kiro"


class Catalogue:
    """The model table, merged over all accounts that are not disabled. `meanings`: what names mean; `own`: to a
    caller with an own account, whether or not an account of the pool offers it. `changed` is called at each change
    of the table.
    """

    def __init__(
        self,
        roster: Roster,
        store: AccountStore,
        providers: Mapping[str, Provider],
        refreshing: Refreshing,
        standings: Standings,
        clock: Clock,
    ) -> None:
        self._roster = roster
        self._store = store
        self._providers = providers
        self._refreshing = refreshing
        self._standings = standings
        self._clock = clock
        self._models: tuple[ListedModel, ...] = ()
        self._facts: Mapping[tuple[str, str], ModelFacts] = {}
        self._candidates: Mapping[str, Sequence[Candidate]] = {}
        self._routes: Sequence[Route] = ()
        self.meanings, self.own = Meanings(), Meanings()
        self._not_before: dict[str, float] = {}
        self.changed: Callable[[], None] = lambda: None
        roster.changed = self.rebuild
        self.rebuild()

    def models(self) -> Sequence[ListedModel]:
        """One row for each kind and upstream id, the kinds in the order in which they serve."""
        return self._models

    def candidates(self, kind: str) -> Sequence[Candidate]:
        """The accounts of a kind."""
        return self._candidates.get(kind, ())

    def claimed(self, label: str) -> bool:
        """Whether a route's name begins with this label and a slash, as names do that an account's label limits."""
        return any(naming.headed(route.name, label) for route in self._routes)

    def facts(self, target: Target) -> ModelFacts:
        """The model as the most generous account of the kind offers it; a model nobody offers has no facts."""
        return self._facts.get((target.kind, target.model), UNLISTED)

    def route(self, routes: Sequence[Route]) -> None:
        """Use these routes from now on."""
        self._routes = routes
        self.rebuild()

    def rebuild(self) -> None:
        """Bring names and table into line with the roster and the routes; called at each change of either."""
        self._name()
        self._candidates = {kind: [seat.candidate for seat in self._roster if seat.account.kind == kind] for kind in KINDS}
        merged = _merged(self._roster)
        models = tuple(replace(model, routes=names) for model, names in zip(merged, self._leading(merged), strict=True))
        if models == self._models:
            return
        self._models = models
        self._facts = {(model.kind, model.facts.id): model.facts for model in models}
        self.changed()

    async def tend(self, seat: Seat) -> bool | None:
        """The background's visit: fetch the account's list when it is stale and there is a token. False when the
        provider could not be had, None when there was nothing to ask it.
        """
        now = self._clock.now()
        if not stale(seat.offered_at, seat.account.created_at, now) or now < self._not_before.get(seat.account.id, 0.0):
            return None
        if seat.account.disabled or seat.standing.status in LOST or not seat.ready(now):
            return None
        try:
            await self.fetch(seat)
        except ProviderError as error:
            log.warning("no model list account=%s reason=%s", seat.account.id, error.message)
            return not isinstance(error, ProviderUnavailable)
        return True

    def doubt(self, seat: Seat) -> None:
        """The account's list is another's by now: the next visit asks, however lately that was done."""
        self._not_before.pop(seat.account.id, None)
        seat.offered_at = 0

    async def fetch(self, seat: Seat) -> None:
        """Ask what the account offers, store it, then use it. Raises ProviderError."""
        self._not_before[seat.account.id] = self._clock.now() + ASK_AGAIN
        try:
            models = await self._refreshing.presented(seat, self._providers[seat.account.kind].models)
        except (AccessRejected, CallForbidden):
            # Not a matter of minutes; and each try with a refused token costs a new one.
            self._not_before[seat.account.id] = self._clock.now() + STALE_AFTER
            raise
        now = int(self._clock.now())
        before = seat.listed
        known = {model: facts.created for model, facts in before.items()}
        seen = [replace(model, created=model.created or known.get(model.id) or now) for model in models]
        await self._store.set_models(seat.account.id, seen, now)
        seat.offer(seen, now)
        self.rebuild()

    def _name(self) -> None:
        """Names over all accounts, whatever their state: a model that merely cannot be served now is
        not unknown. Without any account the well-known models are known.
        """
        known = {kind: {model.id for model in models} for kind, models in wellknown.MODELS.items()}
        ids: dict[str, set[str]] = {} if len(self._roster) else dict(known)
        for seat in self._roster:
            ids.setdefault(seat.account.kind, set()).update(seat.offered)
        labels = {seat.account.label: (seat.account.kind, seat.account.id) for seat in self._roster}
        offers: dict[str, list[Offer]] = {}
        for seat in self._roster:
            if not seat.account.disabled:
                offers.setdefault(seat.account.kind, []).append((seat.account.priority, seat.candidate.offers))
        self.meanings.use(routing.table(ids, labels, self._routes, offers))
        self.own.use(routing.table({OWN_KIND: known[OWN_KIND] | ids.get(OWN_KIND, set())}, labels, self._routes))

    def _leading(self, models: Sequence[ListedModel]) -> Sequence[tuple[str, ...]]:
        """For each model the routes that lead to it first, of what is offered."""
        leading: dict[Target, list[str]] = {Target(model.kind, model.facts.id): [] for model in models}
        for name in (route.name for route in self._routes if route.match is Match.EXACT):
            named = self.meanings.resolve(name)
            offered = (Target(one.kind, one.model) for one in named.targets) if named is not None else ()
            first = next((target for target in offered if target in leading), None)
            if first is not None:
                leading[first].append(name)
        return [tuple(names) for names in leading.values()]


UNLISTED = ModelFacts("")


def stale(offered_at: int, created_at: int, now: float) -> bool:
    """Whether a list is asked for again: by its age, or because it is from before a new account's list is complete."""
    return now >= offered_at + STALE_AFTER or any(offered_at < created_at + seconds <= now for seconds in COMPLETE_AFTER)


def _merged(roster: Roster) -> tuple[ListedModel, ...]:
    """One row for each kind and id: the most generous limits, the earliest sighting."""
    merged: dict[tuple[str, str], ModelFacts] = {}
    for seat in roster:
        if seat.account.disabled:
            continue
        for model in seat.candidate.offers:
            facts = seat.offered[model]
            other = merged.get((seat.account.kind, model))
            merged[seat.account.kind, model] = facts if other is None else _best(facts, other)
    order = tuple(KINDS)
    rows = sorted(merged.items(), key=lambda row: (order.index(row[0][0]), row[0][1]))
    return tuple(ListedModel(kind, facts, naming.aliases(facts.id)) for (kind, _), facts in rows)


def _best(one: ModelFacts, other: ModelFacts) -> ModelFacts:
    return replace(
        other,
        context_window=max(one.context_window, other.context_window),
        max_output=max(one.max_output, other.max_output),
        created=min(one.created or other.created, other.created or one.created),
    )
