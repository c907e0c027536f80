"""Finding a place for a request: an account by policy, and the lease that its data plane is given."""

from collections.abc import Callable, Collection, Sequence

from controlplane.domain.lease import OWN, Ask, Bearer, Identity, Lease, Refusal
from controlplane.domain.limits import NO_LIMITS, Caps
from controlplane.domain.model import ModelFacts
from controlplane.policy import decisions, naming, scheduling
from controlplane.policy.candidates import Candidate, Wish, session_hash
from controlplane.policy.naming import Named
from controlplane.policy.scheduling import Choice, Mode, NoCapacity
from controlplane.service import refusals
from controlplane.service.catalogue import Catalogue
from controlplane.service.leases import Open
from controlplane.service.ports import Clock
from controlplane.service.roster import Roster, Seat

UNLISTED = ModelFacts("")
UNBOUNDED = Caps()


class Placing:
    """Chooses accounts. `mode` tells how, each time anew."""

    def __init__(self, catalogue: Catalogue, roster: Roster, mode: Callable[[], Mode], clock: Clock) -> None:
        self._catalogue = catalogue
        self._roster = roster
        self._mode = mode
        self._clock = clock
        self._turn = 0

    def named(self, identity: Identity, written: str) -> Named | Refusal:
        """The model that was asked for, if there is one and the key may use it."""
        named = self._catalogue.resolve(written)
        if named is None and identity.own is not None:
            named = self._catalogue.known(written)
        if named is None:
            return refusals.unknown_model(written, self._catalogue.close(written))
        may = naming.allowed(identity.allowed_models, named.model, self._catalogue.resolve)
        return named if may else refusals.MODEL_NOT_ALLOWED

    def facts(self, model: str) -> ModelFacts:
        """The model as the most generous account offers it."""
        return self._catalogue.facts(model)

    def choose(self, lease: Open, ask: Ask, tried: Collection[str]) -> tuple[Seat, Choice] | NoCapacity:
        """The account that shall serve; nothing is held yet. What led to it goes into the lease's record."""
        session = session_hash(ask.session)
        wish = Wish(lease.wanted, session, tried, lease.identity.allowed_account_ids, lease.kind, lease.pinned, ask.sticky)
        now, mode = self._clock.now(), self._mode()
        candidates = self._candidates(lease)
        # Parts only accounts that are equal in everything else: they take turns.
        self._turn += 1
        made = scheduling.choose(candidates, wish, now, self._turn, mode)
        if lease.steps and decisions.in_vain(lease.steps[-1]):
            lease.steps.pop()  # while it waits nobody serves, try after try: the last one tells
        lease.steps.append(decisions.chose(candidates, wish, now, self._turn, mode, decisions.REVISION, made))
        if isinstance(made, NoCapacity):
            return made
        seat = self._roster.seat(made.candidate.id) if lease.own is None else lease.own
        if seat.standing.until:
            seat.recover(now)
        return seat, made

    def _candidates(self, lease: Open) -> Sequence[Candidate]:
        """The pool, or for a caller who brought an account along that and nothing else, whatever went wrong before."""
        if lease.own is not None:
            return (lease.own.candidate,)
        return () if lease.identity.key_id.startswith(OWN) else self._roster.candidates

    def lease(self, lease: Open, seat: Seat, bearer: str) -> Lease:
        """What the data plane is given."""
        account, limits = seat.served, lease.identity.limits
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
            output_reserved=None if limits is NO_LIMITS or limits.tokens == UNBOUNDED else lease.output,
            windows=lease.windows,
            tokens_reserved=lease.claimed.tokens,
            credits_reserved=lease.claimed.credits,
        )
