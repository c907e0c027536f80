"""What happened to accounts: how they stood, how their tokens were renewed, what administrators did.

How an account stands is looked at again and again instead of being told: so nothing on the hot path knows of this,
and what ends by time alone is seen too. What was seen waits in memory and is written in batches; while the database is
away it waits on. With several control planes each writes what it sees.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from controlplane.domain.account import Status
from controlplane.domain.audit import Change, ChangeQuery
from controlplane.domain.errors import Invalid, ProviderError
from controlplane.domain.event import Decided, Happening, Kind, Moment, MomentPage
from controlplane.policy.picking import Pick, picks
from controlplane.service.audit import AuditStore
from controlplane.service.ports import Clock, Standing
from controlplane.service.roster import Roster, Seat
from controlplane.service.views import standing

log = logging.getLogger(__name__)

SPELL = 10.0  # seconds in which an account's like rows are one: some come and go every second
FAILING = 600.0  # the same for a token that cannot be renewed: an outage must not push out all the rest
BOUND = 10_000  # happenings that wait to be written; beyond it the oldest are lost
BATCH = 500  # rows in one transaction
RECENT = 7 * 86400  # seconds; requests whose decisions are looked at,
LOOKED = 100  # and how many of them
TOLD = 20  # of these, those that are told
BIG = 2**53  # more than any row number


class TimelineStore(Protocol):
    """What happened to accounts, and what the records tell of how they were chosen."""

    async def add(self, happenings: Sequence[Happening]) -> None:
        """Returns after the commit; those of accounts that are no more are left out."""
        ...

    async def page(self, account_id: str, before: tuple[int, int] | None, limit: int) -> Sequence[Happening]:
        """Newest first, those whose time (ms) and number come before."""
        ...

    async def decided(self, since_ms: int, limit: int) -> Sequence[Decided]:
        """The newest requests received since then, newest first, without those that made no decision."""
        ...


class Timeline:
    """Sees, writes and reads."""

    def __init__(self, store: TimelineStore, audit: AuditStore, roster: Roster, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._roster = roster
        self._clock = clock
        self._waiting: deque[Happening] = deque(maxlen=BOUND)
        # What was written last of an account ("") and each of its models that rests, by their names.
        self._known: dict[str, dict[str, tuple[Status, str]]] = {}
        self._written: dict[tuple[object, ...], float] = {}
        self._failing = False

    def begin(self) -> None:
        """Take how accounts stand as known."""
        now = self._clock.now()
        for seat in self._roster:
            self._known[seat.account.id] = {model: (shown.status, shown.reason) for model, shown in _states(seat, now).items()}

    def renewed(self, seat: Seat, error: ProviderError | None) -> None:
        """An account's token was renewed, or could not be."""
        if self._roster.find(seat.account.id) is not seat:
            return  # a caller's own, or removed meanwhile
        reason = error.message if error is not None else ""
        spell = FAILING if error is not None else SPELL
        self._put(Happening(seat.account.id, self._ms(), Kind.REFRESH, reason=reason, ok=error is None), spell)

    async def tend(self) -> None:
        """Look how accounts stand, and write what there is; to be called again and again."""
        self.look()
        await self.write()

    def look(self) -> None:
        """See which accounts stand otherwise than was written last."""
        now = self._clock.now()
        self._written = {like: at for like, at in self._written.items() if now - at < FAILING}
        for seat in self._roster:
            self._look(seat, now)
        for account_id in [one for one in self._known if self._roster.find(one) is None]:
            del self._known[account_id]

    async def write(self) -> None:
        """Write what waits, oldest first, or keep it for the next time."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._store.add(batch)
            except Exception:  # the edge to the database: whatever it is, what waits is kept
                self._waiting.extendleft(reversed(batch))
                if not self._failing:
                    log.exception("events of accounts could not be written count=%d, kept", len(self._waiting))
                self._failing = True
                return
            self._failing = False

    async def page(self, account_id: str, limit: int, cursor: str | None) -> MomentPage:
        """What happened to the account and what administrators did to it, newest first. Raises Absent, and Invalid for
        a cursor that is none.
        """
        self._roster.seat(account_id)
        before = None if cursor is None else _place(cursor)
        happenings = await self._store.page(account_id, _happened_before(before), limit + 1)
        changes = (await self._audit.page(ChangeQuery(target=account_id, limit=limit + 1, cursor=_changed_before(before)))).changes
        places = sorted(
            [(one.at_ms, 0, one.id, _happened(one)) for one in happenings] + [(one.at_ms, 1, one.id, _done(one)) for one in changes],
            key=lambda place: place[:3],
            reverse=True,
        )
        shown = places[:limit]
        more = len(places) > limit
        return MomentPage([moment for *_, moment in shown], "{}.{}.{}".format(*shown[-1]) if more else None)

    async def decisions(self, account_id: str) -> Sequence[tuple[Decided, Sequence[Pick]]]:
        """How the account fared in the newest requests it was a candidate of. Raises Absent."""
        self._roster.seat(account_id)
        since_ms = int((self._clock.now() - RECENT) * 1000)
        # These records are long: a thread of its own reads them.
        return await asyncio.to_thread(_told, await self._store.decided(since_ms, LOOKED), account_id)

    def _look(self, seat: Seat, now: float) -> None:
        account_id = seat.account.id
        # Before it is seen for the first time an account is active.
        known, states = self._known.setdefault(account_id, {"": (Status.ACTIVE, "")}), _states(seat, now)
        for model in known.keys() - states.keys():
            if self._stood(account_id, Standing(Status.ACTIVE, _named(model, "rests no more"))):
                del known[model]
        for model, shown in states.items():
            if known.get(model) != (shown.status, shown.reason) and self._stood(account_id, shown):
                known[model] = shown.status, shown.reason

    def _stood(self, account_id: str, shown: Standing) -> bool:
        """What is not written now is seen again a moment later, if it is still so."""
        return self._put(Happening(account_id, self._ms(), Kind.STATUS, shown.status.value, shown.reason, shown.until), SPELL)

    def _put(self, happening: Happening, spell: float) -> bool:
        """Have it written, unless one like it was a moment ago."""
        now = self._clock.now()
        like = (happening.account_id, happening.kind, happening.status, happening.reason, happening.ok)
        if now - self._written.get(like, 0.0) < spell:
            return False
        self._written[like] = now
        self._waiting.append(happening)
        return True

    def _ms(self) -> int:
        return int(self._clock.now() * 1000)


def _told(requests: Sequence[Decided], account_id: str) -> Sequence[tuple[Decided, Sequence[Pick]]]:
    """The first few that had the account in mind."""
    chosen = ((request, picks(request.decision, account_id)) for request in requests)
    return list(islice(((request, found) for request, found in chosen if found), TOLD))


def _states(seat: Seat, now: float) -> dict[str, Standing]:
    """How the account stands under the name "", and each of its models that rests for itself."""
    states = {"": standing(seat, now)}
    for found in sorted(seat.candidate.breakers.values(), key=lambda one: one.until) if seat.candidate.breakers else ():
        if found.model:
            states[found.model] = Standing(Status.COOLING, _named(found.model, found.reason), int(found.until))
    return states


def _named(model: str, reason: str) -> str:
    return f"{model}: {reason}"


def _happened(one: Happening) -> Moment:
    return Moment(f"e{one.id}", one.at_ms, one.kind, one.status, one.reason, one.until, one.ok)


def _done(change: Change) -> Moment:
    """What an administrator did; which fields differ since, where there was something before."""
    fields = ", ".join(sorted({*change.before, *change.after})) if change.before and change.after else ""
    return Moment(f"c{change.id}", change.at_ms, Kind.CHANGE, reason=fields, actor=change.actor, action=change.action)


def _place(cursor: str) -> tuple[int, int, int]:
    """Time, source and number of the last line that was shown. Of one moment the changes (1) come before the
    happenings (0), as they are shown.
    """
    parts = cursor.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 17 and int(part) < BIG for part in parts):
        raise Invalid("the cursor is none that was given out", "cursor")
    at_ms, source, number = map(int, parts)
    return at_ms, source, number


def _happened_before(place: tuple[int, int, int] | None) -> tuple[int, int] | None:
    if place is None:
        return None
    at_ms, source, number = place
    return at_ms, BIG if source else number


def _changed_before(place: tuple[int, int, int] | None) -> str | None:
    if place is None:
        return None
    at_ms, source, number = place
    return f"{at_ms}.{number if source else 0}"
