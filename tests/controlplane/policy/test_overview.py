import pytest

from controlplane.domain.account import Account, AccountBrief, AuthMethod, Forecast, Status
from controlplane.domain.hour import HOUR, Hour, HourCount
from controlplane.domain.limits import Budget, Leaf, Period, Unit
from controlplane.domain.outcome import Ending
from controlplane.policy import overview
from controlplane.policy.percentiles import bounds

NOON = 1_800_000_000 - 1_800_000_000 % HOUR


def view(name, status=Status.ACTIVE, until=0, runs_out_at=None):
    account = Account(name, "kiro", name, AuthMethod.SOCIAL)
    forecast = None if runs_out_at is None else Forecast(1.0, runs_out_at)
    return AccountBrief(account, status, until, None, forecast)


def budget(*leaves):
    made = [(unit, period, Leaf(used, reserved, 0, limit, None, 0)) for unit, period, used, reserved, limit in leaves]
    return Budget(made, Leaf(0, 0, 0, 1, 1, 0))


@pytest.mark.parametrize("now", [NOON, NOON + 0.5, NOON + HOUR - 0.001])
def test_the_hour_under_way_is_the_last(now):
    assert overview.span(now, 1) == (NOON, NOON + HOUR)
    assert overview.span(now, 24) == (NOON - 23 * HOUR, NOON + HOUR)


def test_every_hour_is_there_with_what_it_had():
    counts = [
        HourCount(NOON, Ending.SERVED, 20, 3, 600, 1.0),
        HourCount(NOON, Ending.SERVED, 22, 1, 100, 0.5),
        HourCount(NOON, Ending.FAILED, 0, 2),
        HourCount(NOON, Ending.CUT, 20, 1),
        HourCount(NOON + HOUR, Ending.SERVED, 0, 0, 9, 0.5),
        HourCount(NOON + 2 * HOUR, Ending.CANCELLED, 0, 4),
    ]
    first, own, last = overview.series(counts, NOON, NOON + 3 * HOUR)
    assert (first.served, first.failed, first.cut, first.cancelled) == (4, 2, 1, 0)
    assert (first.tokens, first.cost) == (700, 1.5)
    assert bounds(20)[0] < first.p50 < bounds(20)[1]
    assert bounds(22)[0] < first.p95 < bounds(22)[1]
    assert own == Hour(NOON + HOUR, tokens=9, cost=0.5)
    assert last == Hour(NOON + 2 * HOUR, cancelled=4)
    assert overview.series([], NOON, NOON + HOUR) == [Hour(NOON)]


def test_who_comes_back_first():
    views = [
        view("later", Status.EXHAUSTED, NOON + 500),
        view("sooner", Status.COOLING, NOON + 60),
        view("over", Status.COOLING, NOON - 1),
        view("off", Status.DISABLED, NOON + 5),
        view("for good", Status.SUSPENDED, 0),
    ]
    assert overview.next_return(views, NOON).account.id == "sooner"
    assert overview.next_return(views[2:], NOON) is None


def test_whose_allowance_ends_first():
    views = [
        view("later", runs_out_at=NOON + 500),
        view("sooner", Status.COOLING, NOON + 9, runs_out_at=NOON + 60),
        view("lasts", runs_out_at=0),
        view("unknown"),
        view("spent", Status.EXHAUSTED, NOON + 9, runs_out_at=NOON - 5),
        view("off", Status.DISABLED, runs_out_at=NOON + 5),
    ]
    assert overview.runs_out(views, NOON).account.id == "sooner"
    assert overview.runs_out(views[2:], NOON) is None


def test_limits_that_are_nearest_to_their_end():
    one = budget((Unit.TOKENS, Period.DAY, 40, 20, 100), (Unit.TOKENS, Period.MONTH, 10, 0, None), (Unit.REQUESTS, Period.DAY, 1, 0, 10))
    two = budget((Unit.CREDITS, Period.TOTAL, 9, 0, 10), (Unit.REQUESTS, Period.MINUTE, 0, 0, 0))
    found = overview.spending([("one", one), ("two", two)])
    assert [(entry.key_id, entry.unit, entry.period, entry.share) for entry in found] == [
        ("two", Unit.REQUESTS, Period.MINUTE, 1.0),
        ("two", Unit.CREDITS, Period.TOTAL, 0.9),
        ("one", Unit.TOKENS, Period.DAY, 0.6),
        ("one", Unit.REQUESTS, Period.DAY, 0.1),
    ]
    many = [(str(number), budget((Unit.TOKENS, Period.DAY, number, 0, 100))) for number in range(30)]
    assert [entry.key_id for entry in overview.spending(many)] == [str(number) for number in range(29, 19, -1)]
