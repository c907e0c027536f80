"""From a question to a lease: which model is meant, who serves the caller, what is claimed, who pays."""

from collections.abc import Callable
from dataclasses import dataclass

from controlplane.domain.lease import Ask, Identity, Lease, Refusal, Reservation
from controlplane.domain.limits import INSTALLATION, Amounts, Limits, Payer
from controlplane.domain.route import Target
from controlplane.policy import decisions
from controlplane.policy.routing import Named
from controlplane.service import refusals
from controlplane.service.costs import Costs
from controlplane.service.leases import DEADLINE, Leases, Open
from controlplane.service.own import OwnAccounts
from controlplane.service.placing import Placing
from controlplane.service.ports import Clock
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Seat
from controlplane.service.work import Work, ready


@dataclass(frozen=True, slots=True)
class Rules:
    """Whose limits requests must pass: their key's, and the installation's, None: it has none. `of` tells a key's."""

    of: Callable[[str], Limits]
    limits: Limits | None = None

    def payers(self, key_id: str) -> tuple[Payer, ...]:
        """Who pays for a request of this key."""
        key = Payer(key_id, self.of(key_id))
        return (key,) if self.limits is None else (key, Payer(INSTALLATION, self.limits))


class Opening:
    """Makes leases that hold nothing yet."""

    def __init__(
        self,
        rules: Rules,
        costs: Costs,
        placing: Placing,
        refreshing: Refreshing,
        own: OwnAccounts,
        leases: Leases,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._costs = costs
        self._placing = placing
        self._refreshing = refreshing
        self._own = own
        self._leases = leases
        self._clock = clock

    def own(self, identity: Identity) -> Work[Seat | Refusal]:
        """The account that the caller brings along, or has brought along before."""
        return ready(self._own.present(identity.key_id) if identity.own is None else self._own.seat(identity.own))

    def owned(self, lease: Open, own: Seat) -> None:
        """The lease came from a hello: its caller's own account serves it, as before."""
        lease.own, lease.refreshing = own, self._own.refreshing

    def opened(self, identity: Identity, ask: Ask, instance: str, own: Seat | None = None) -> Open | Refusal:
        """A lease for the question; `own` serves it, if the caller brought an account along."""
        named = self._placing.named(identity, ask.model)
        if isinstance(named, Refusal):
            return named
        now = self._clock.now()
        claimed = self._claim(named, ask, identity)
        return Open(
            self._leases.new_id(identity.key_id, identity.cause),
            identity,
            ask.request_id,
            ask.model,
            named.targets[0].model,
            instance,
            now,
            int(now) + DEADLINE,
            self._refreshing if own is None else self._own.refreshing,
            named=named,
            own=own,
            payers=self._rules.payers(identity.key_id),
            claimed=claimed,
            output=self._costs.output(ask.max_output_tokens),
            steps=[decisions.named(ask.model, named), decisions.claimed(claimed)],
        )

    def known_again(self, lease: Open, ask: Ask, identity: Identity) -> Refusal | None:
        """Bring the lease into line with the key's present limits. Of a lease that came from a hello
        nothing else is known: neither whom the key may use nor what the model's name meant.
        """
        if identity.key_id != lease.identity.key_id:
            return refusals.UNKNOWN_LEASE
        lease.identity = identity
        if not lease.restored:
            return None
        named = self._placing.named(identity, ask.model)
        if isinstance(named, Refusal):
            return named
        lease.request_id, lease.asked = ask.request_id, ask.model
        lease.wanted, lease.named = named.targets[0].model, named
        lease.output = lease.output or self._costs.output(ask.max_output_tokens)  # a reservation does not tell
        return None

    def claim(self, lease: Open, ask: Ask) -> None:
        """What the request needs, where a hello could not tell."""
        lease.claimed = self._claim(lease.named, ask, lease.identity)

    def _claim(self, named: Named, ask: Ask, identity: Identity) -> Amounts:
        """What the dearest of the targets needs, so that a limit holds whoever serves in the end. What the gateway
        asks of itself is no request of the key's.
        """
        first, *others = named.targets
        dearest = self._claimed(first, ask)
        for target in others:
            claim = self._claimed(target, ask)
            if claim.credits > dearest.credits:  # nothing else differs
                dearest = claim
        return dearest._replace(requests=0) if identity.cause else dearest

    def _claimed(self, target: Target, ask: Ask) -> Amounts:
        rate = self._placing.facts(target).rate
        return self._costs.claim(target.kind, target.model, rate, ask.estimated_input_tokens, ask.max_output_tokens)

    def reserved(self, lease: Open) -> Reservation:
        """What the data plane is given that wants no account yet."""
        target, identity, claimed = self._placing.likely(lease), lease.identity, lease.claimed
        return Reservation(
            lease.lease_id,
            identity.key_id,
            self._placing.facts(target).context_window,
            lease.windows,
            target.kind,
            identity.whole,
            claimed.tokens,
            claimed.credits,
        )

    def granted(self, lease: Open, seat: Seat, bearer: str) -> Lease:
        """What the data plane is given."""
        return self._placing.lease(lease, seat, bearer)
