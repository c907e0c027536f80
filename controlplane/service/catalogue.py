"""Which models there are, and what a name that a client wrote means."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.domain.errors import AccessRejected, CallForbidden, ProviderError, ProviderUnavailable
from controlplane.domain.model import ListedModel, ModelFacts
from controlplane.policy import naming, wellknown
from controlplane.policy.naming import Named, Names
from controlplane.service.ports import AccountStore, Clock, Provider
from controlplane.service.refreshing import LOST, Refreshing
from controlplane.service.roster import Roster, Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

STALE_AFTER = 3600  # Kiro rules: a list is good for about an hour
# A new account offers all it has only after some minutes (Kiro rules, 3.2); seconds after its creation.
COMPLETE_AFTER = (60, 300)
ASK_AGAIN = 60.0  # after a list could not be fetched
# Names that were resolved; clients use a handful, so a full cache is one being filled on purpose.
REMEMBERED = 1024


class Catalogue:
    """The model table, merged over all accounts that are not disabled."""

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
        self._version = 0
        self._models: tuple[ListedModel, ...] = ()
        self._facts: Mapping[str, ModelFacts] = {}
        self._names = Names({}, {}, {})
        self._resolved: dict[str, Named | None] = {}
        self._not_before: dict[str, float] = {}
        self._changed = asyncio.Event()
        roster.changed = self.rebuild
        self.rebuild()

    @property
    def version(self) -> int:
        """Grows with each change within one run."""
        return self._version

    def models(self) -> Sequence[ListedModel]:
        """One row for each kind and upstream id, by id."""
        return self._models

    async def change(self, seen: int) -> None:
        """Wait until the version is no longer `seen`."""
        while self._version == seen:
            await self._changed.wait()

    def resolve(self, written: str) -> Named | None:
        """What a client's name means; None when no model has that name."""
        if written in self._resolved:
            return self._resolved[written]
        if len(self._resolved) >= REMEMBERED:
            self._resolved.clear()
        named = naming.resolve(written, self._names)
        if len(written) <= naming.LONGEST:
            self._resolved[written] = named
        return named

    def close(self, written: str) -> tuple[str, ...]:
        """Up to three ids that look like `written`."""
        return naming.close(written, self._names)

    def known(self, written: str) -> Named | None:
        """What a name means among the well-known models, whether or not an account here offers them."""
        return naming.resolve(written, WELL_KNOWN)

    def facts(self, model: str) -> ModelFacts:
        """The model as the most generous account offers it; a model nobody offers has no facts."""
        return self._facts.get(model, UNLISTED)

    def rebuild(self) -> None:
        """Bring names and table into line with the roster; called at each of its changes."""
        self._names = self._named()
        self._resolved.clear()
        models = _merged(self._roster)
        if models == self._models and self._version:
            return
        self._models = models
        self._facts = {model.facts.id: model.facts for model in models}
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

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
        before = seat.offered
        seen = [replace(model, created=before[model.id].created or now if model.id in before else now) for model in models]
        await self._store.set_models(seat.account.id, seen, now)
        seat.offer(seen, now)
        self.rebuild()

    def _named(self) -> Names:
        """Names over all accounts, whatever their state: a model that merely cannot be served now is
        not unknown. Without any account the well-known models are known.
        """
        ids = {model for seat in self._roster for model in seat.offered}
        if not len(self._roster):
            ids = {model.id for models in wellknown.MODELS.values() for model in models}
        labels = {seat.account.label: (seat.account.kind, seat.account.id) for seat in self._roster}
        return naming.names(ids, wellknown.MODELS, labels)


UNLISTED = ModelFacts("")
WELL_KNOWN = naming.names((model.id for models in wellknown.MODELS.values() for model in models), wellknown.MODELS, {})


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
    return tuple(ListedModel(kind, facts, naming.aliases(facts.id)) for (kind, _), facts in sorted(merged.items()))


def _best(one: ModelFacts, other: ModelFacts) -> ModelFacts:
    return replace(
        other,
        context_window=max(one.context_window, other.context_window),
        max_output=max(one.max_output, other.max_output),
        created=min(one.created or other.created, other.created or one.created),
    )
