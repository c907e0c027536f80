"""Finding a place for a request: an account by policy, and the lease that its data plane is given."""

from collections.abc import Callable, Collection, Sequence

from controlplane.domain.lease import Ask, Bearer, Identity, Lease, Refusal
from controlplane.domain.limits import NO_LIMITS, Caps
from controlplane.domain.model import ModelFacts
from controlplane.domain.route import Target
from controlplane.policy import decisions, routing, scheduling
from controlplane.policy.candidates import Candidate, Wish, session_hash
from controlplane.policy.decisions import Step
from controlplane.policy.exclusions import by_standing
from controlplane.policy.routing import Named
from controlplane.policy.scheduling import Choice, Mode, NoCapacity
from controlplane.service import refusals
from controlplane.service.catalogue import Catalogue
from controlplane.service.leases import Open
from controlplane.service.meanings import Meanings
from controlplane.service.ports import Clock
from controlplane.service.roster import Roster, Seat

UNLISTED = ModelFacts("")
UNBOUNDED = Caps()


class Placing:
    """Chooses accounts. `mode` tells how, each time anew. `attempts`: accounts that data planes try for a request."""

    def __init__(self, catalogue: Catalogue, roster: Roster, mode: Callable[[], Mode], attempts: int, clock: Clock) -> None:
        self._catalogue = catalogue
        self._roster = roster
        self._mode = mode
        self._attempts = attempts
        self._clock = clock
        self._turn = 0

    def named(self, identity: Identity, written: str) -> Named | Refusal:
        """Who may serve the model that was asked for, if there is one and the key may use it."""
        meanings = self._catalogue.meanings if not identity.brings else self._catalogue.own
        named = meanings.resolve(written)
        if named is None:
            return refusals.unknown_model(written, meanings.close(written, lambda name: self._usable(identity, meanings, name)))
        if not identity.allowed_models:
            return named
        return meanings.permitted(identity.allowed_models, written) or refusals.MODEL_NOT_ALLOWED

    def _usable(self, identity: Identity, meanings: Meanings, name: str) -> bool:
        """Whether the key may use something of what the name means: nobody is told of what is not theirs."""
        named = meanings.permitted(identity.allowed_models, name) if identity.allowed_models else meanings.resolve(name)
        allowed = identity.allowed_account_ids
        if named is None or not allowed:
            return named is not None
        return any(
            one.id in allowed and target.model in one.offers and one.id in (target.account_ids or allowed)
            for target in named.targets
            for one in self._catalogue.candidates(target.kind)
        )

    def facts(self, target: Target) -> ModelFacts:
        """The model as the most generous account of the kind offers it."""
        return self._catalogue.facts(target)

    def likely(self, lease: Open) -> Target:
        """The first target that an account offers which may serve the lease now; the first, if none may."""
        now, allowed, targets = self._clock.now(), lease.identity.allowed_account_ids, lease.named.targets
        for target in targets:
            for one in self._candidates(lease, target):
                meant = _among(one, target.account_ids) and _among(one, allowed)
                if meant and target.model in one.offers and (lease.identity.forced or by_standing(one, now) is None):
                    return target
        return targets[0]

    def choose(self, lease: Open, ask: Ask, tried: Collection[str]) -> tuple[Seat, Choice] | NoCapacity:
        """The account that shall serve, of the first target that has one; nothing is held yet. What led to it goes
        into the lease's record. An account whose rest would be cut short is ill as far as is known: it waits
        for the later targets to say that none of them serves.
        """
        while lease.steps and decisions.in_vain(lease.steps[-1]):
            lease.steps.pop()  # while it waits nobody serves, try after try: the last one tells
        lacks, targets = [], lease.named.targets
        if len(targets) > 1:
            targets = routing.turns(targets, len(ask.excluded_account_ids), self._attempts)
        healing: list[tuple[Target, Choice, Step]] = []
        for target in targets:
            made = self._chosen(lease, target, ask, tried)
            if isinstance(made, NoCapacity):
                lacks.append(made)
            elif made.healing:
                healing.append((target, made, lease.steps.pop()))
            else:
                lease.steps[-1:-1] = [step for _, spared, chose in healing for step in (chose, decisions.spared(spared.candidate.id))]
                return self._served(lease, target, made)
        if not healing:
            return routing.hope(lacks)
        target, made, step = healing[0]
        lease.steps.append(step)
        return self._served(lease, target, made)

    def _served(self, lease: Open, target: Target, made: Choice) -> tuple[Seat, Choice]:
        """The lease is for this model at this account."""
        lease.wanted = target.model
        seat = self._roster.seat(made.candidate.id) if lease.own is None else lease.own
        if seat.standing.until:
            seat.recover(self._clock.now())
        return seat, made

    def _chosen(self, lease: Open, target: Target, ask: Ask, tried: Collection[str]) -> Choice | NoCapacity:
        """Which of the target's accounts, recorded."""
        only = target.account_ids[0] if len(target.account_ids) == 1 else ""
        session, allowed = session_hash(ask.session), lease.identity.allowed_account_ids
        if lease.identity.cause:
            session = 0  # what the gateway asks of itself belongs to no conversation
        wish = Wish(target.model, session, tried, allowed, target.kind, only, ask.sticky, lease.identity.forced)
        now, mode = self._clock.now(), self._mode()
        candidates = self._candidates(lease, target)
        # Parts only accounts that are equal in everything else: they take turns.
        self._turn += 1
        made = scheduling.choose(candidates, wish, now, self._turn, mode)
        lease.steps.append(decisions.chose(candidates, wish, now, self._turn, mode, decisions.REVISION, made))
        return made

    def _candidates(self, lease: Open, target: Target) -> Sequence[Candidate]:
        """Of the pool those that the target is about, or for a caller who brought an account along that and nothing
        else, whatever went wrong before.
        """
        if lease.own is not None:
            pool: Sequence[Candidate] = (lease.own.candidate,) if lease.own.account.kind == target.kind else ()
        else:
            pool = () if lease.identity.brings else self._catalogue.candidates(target.kind)
        # Where one was named the others are shown as not meant.
        return pool if len(target.account_ids) < 2 else [one for one in pool if one.id in target.account_ids]

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
            attributes={**seat.attributes, "model_owner": facts.owner} if facts.owner else seat.attributes,
            deadline=lease.deadline,
            input_types=facts.input_types,
            strict=lease.identity.strict,
            output_reserved=None if limits is NO_LIMITS or limits.tokens == UNBOUNDED else lease.output,
            windows=lease.windows,
            tokens_reserved=lease.claimed.tokens,
            credits_reserved=lease.claimed.credits,
        )


def _among(candidate: Candidate, account_ids: Collection[str]) -> bool:
    """Whether the account is one of these; none named: any is."""
    return not account_ids or candidate.id in account_ids
