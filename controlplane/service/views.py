"""Accounts as an administrator sees them."""

from controlplane.domain.account import AccountBrief, AccountView, BreakerView, Counters, Forecast, HealthParts, Reading, Status
from controlplane.policy import breaker, cooldown
from controlplane.policy.candidates import health_now
from controlplane.policy.exclusions import by_allowance
from controlplane.policy.forecast import STALE, forecast
from controlplane.service.ports import Standing
from controlplane.service.rests import PASSING
from controlplane.service.roster import Seat


def view(seat: Seat, counters: Counters, now: float) -> AccountView:
    """The seat as it is now; a rest that has ended is not shown as its status any more."""
    shown, candidate = standing(seat, now), seat.candidate
    status = Status.DISABLED if seat.account.disabled else shown.status
    return AccountView(
        account=seat.account,
        status=status,
        reason=shown.reason,
        until=shown.until,
        health=round(health_now(candidate, now)),
        in_flight=candidate.in_flight,
        has_refresh_token=bool(seat.credentials.refresh_token),
        has_access_token=bool(seat.credentials.bearer),
        expires_at=seat.credentials.expires_at,
        models=[seat.offered[model] for model in sorted(candidate.offers)],
        allowance=seat.allowance,
        counters=counters,
        breakers=_breakers(seat, now),
        health_parts=HealthParts(seat.tally.share(now), seat.tally.causes(now)),
        ceiling=candidate.ceiling,
        latency=candidate.latency,
        forecast=_forecast(seat, now),
    )


def brief(seat: Seat, now: float) -> AccountBrief:
    """As in `view`."""
    shown = standing(seat, now)
    status = Status.DISABLED if seat.account.disabled else shown.status
    return AccountBrief(seat.account, status, shown.until, seat.allowance, _forecast(seat, now))


def standing(seat: Seat, now: float) -> Standing:
    """How it stands now, unless an administrator disabled it. Who was counted down to nothing is as exhausted as who
    was told so.
    """
    found = seat.standing
    if 0 < found.until <= now:
        found = Standing()
    spent = by_allowance(seat.candidate, now) if found.status in PASSING else None
    return found if spent is None else Standing(Status.EXHAUSTED, cooldown.TABLE[cooldown.EXHAUSTED].reason, int(spent.until))


def _breakers(seat: Seat, now: float) -> list[BreakerView]:
    """The last to end first."""
    found = sorted(seat.candidate.breakers.values(), key=lambda one: -one.until)
    return [BreakerView(one.cause, one.model, breaker.state(one, now).value, int(one.until), one.reason) for one in found]


def _forecast(seat: Seat, now: float) -> Forecast | None:
    allowance = seat.allowance
    if allowance is None or allowance.overage:
        return None
    # Time itself changes a forecast only by these two; who looks every second shall not have it made every second.
    times = 0 < allowance.resets_at <= now, now - allowance.checked_at > STALE
    basis = allowance, len(seat.readings), seat.readings[-1] if seat.readings else None, seat.began_at, times
    if seat.foreseen is None or seat.foreseen[0] != basis:
        last = Reading(allowance.checked_at, allowance.used, allowance.limit)
        seat.foreseen = basis, forecast([*seat.readings, last], allowance.resets_at, now, seat.began_at)
    return seat.foreseen[1]
