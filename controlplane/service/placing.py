"""Finding a place for a request: a seat by policy, and the lease that its data plane is given."""

from collections.abc import Collection

from controlplane.domain.lease import Ask, Bearer, Identity, Lease, Refusal
from controlplane.domain.model import ModelFacts
from controlplane.policy import naming, scheduling
from controlplane.policy.naming import Named
from controlplane.policy.scheduling import NoCapacity, Wish
from controlplane.service import refusals
from controlplane.service.catalogue import Catalogue
from controlplane.service.leases import Open
from controlplane.service.ports import Clock
from controlplane.service.roster import Roster, Seat

UNLISTED = ModelFacts("")


class Placing:
    """Chooses accounts."""

    def __init__(self, catalogue: Catalogue, roster: Roster, clock: Clock) -> None:
        self._catalogue = catalogue
        self._roster = roster
        self._clock = clock
        self._turn = 0

    def named(self, identity: Identity, written: str) -> Named | Refusal:
        """The model that was asked for, if there is one and the key may use it."""
        named = self._catalogue.resolve(written)
        if named is None:
            return refusals.unknown_model(written, self._catalogue.close(written))
        may = naming.allowed(identity.allowed_models, named.model, self._catalogue.resolve)
        return named if may else refusals.MODEL_NOT_ALLOWED

    def window(self, model: str) -> int:
        """Tokens that the model holds at the most generous account, 0 unknown."""
        return self._catalogue.window(model)

    def choose(self, lease: Open, ask: Ask, tried: Collection[str]) -> Seat | Refusal:
        """The account that shall serve; nothing is held yet."""
        wish = Wish(lease.wanted, ask.session, tried, lease.identity.allowed_account_ids, lease.kind, lease.pinned, ask.sticky)
        now = self._clock.now()
        # Parts only accounts that are equal in everything else: they take turns.
        self._turn += 1
        made = scheduling.choose(self._roster.candidates, wish, now, self._turn)
        if isinstance(made, NoCapacity):
            return refusals.no_capacity(made, lease.asked, now)
        seat = self._roster.seat(made.candidate.id)
        seat.recover(now)
        return seat

    def lease(self, lease: Open, seat: Seat, bearer: str) -> Lease:
        """What the data plane is given."""
        account = seat.served
        facts = seat.offered.get(lease.wanted, UNLISTED)
        return Lease(
            lease_id=lease.lease_id,
            key_id=lease.identity.key_id,
            account_id=account.id,
            account_label=account.label,
            kind=account.kind,
            model=lease.wanted,
            context_window=facts.context_window,
            max_output=facts.max_output,
            request_fields_schema=facts.request_fields_schema,
            base_urls=seat.endpoints.order(seat.urls, self._clock.now()),
            bearer=Bearer(bearer, seat.credentials.expires_at),
            attributes=seat.attributes,
            deadline=lease.deadline,
            input_types=facts.input_types,
            strict=lease.identity.strict,
        )
