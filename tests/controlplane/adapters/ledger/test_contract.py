"""What both ledgers promise."""

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.limits import (
    INSTALLATION,
    NOTHING,
    Amounts,
    Booked,
    Booking,
    Caps,
    Denied,
    Full,
    Granted,
    Limits,
    Payer,
    Period,
    Spent,
    Unit,
    Window,
)
from tests.controlplane.adapters.ledger.desk import DAY, NOW, ONE, Records, account, key

R, T, C = Unit.REQUESTS, Unit.TOKENS, Unit.CREDITS
MIDNIGHT = 1_800_057_600.0
NEXT_MONTH = 1_801_440_000.0


def stands(denied, unit, period, retry_at):
    """That this limit stands against the claim until then."""
    assert isinstance(denied, Denied), denied
    assert (denied.unit, denied.period, denied.retry_at) == (unit, period, retry_at)
    return denied


async def test_a_payer_without_limits_may_do_anything_and_is_counted(desk):
    assert await desk.reserve("l", [key()], place=account()) == Granted(1)
    assert await desk.settle("l", Amounts(1, 70, 900)) == Booked(True, "a", 0)
    leaf = await desk.leaf(key(), T, Period.MONTH)
    assert (leaf.used, leaf.reserved, leaf.limit, leaf.left, leaf.resets_at) == (70, 0, None, None, NEXT_MONTH)


@pytest.mark.parametrize("period", ["day", "month", "total"])
@pytest.mark.parametrize(("unit", "amount"), [("requests", 1), ("tokens", 100), ("credits", 1000)])
async def test_no_cap_is_passed_by_what_is_spent_and_reserved(desk, unit, amount, period):
    payer = key(**{f"{unit}_{period}": 3 * amount})
    for lease_id in "abc":
        assert isinstance(await desk.reserve(lease_id, [payer]), Granted)
    again = {"day": MIDNIGHT, "month": NEXT_MONTH, "total": None}[period]
    denied = stands(await desk.reserve("d", [payer]), Unit(unit), Period(period), again)
    assert (denied.payer_id, denied.limit, denied.left) == ("k", 3 * amount, 0)
    # One that spends all frees nothing, one that spends nothing frees its reservation.
    await desk.settle("a", ONE)
    assert isinstance(await desk.reserve("d", [payer]), Denied)
    await desk.settle("b")
    assert isinstance(await desk.reserve("d", [payer]), Granted)
    assert isinstance(await desk.reserve("e", [payer]), Denied)


async def test_a_claim_that_just_fits_passes_and_one_more_does_not(desk):
    assert isinstance(await desk.reserve("a", [key(tokens_day=100)], Amounts(1, 100)), Granted)
    await desk.settle("a", Amounts(1, 60))
    assert isinstance(await desk.reserve("b", [key(tokens_day=100)], Amounts(1, 41)), Denied)
    assert isinstance(await desk.reserve("b", [key(tokens_day=100)], Amounts(1, 40)), Granted)


@pytest.mark.parametrize("limit", ["tokens_minute", "tokens_day", "tokens_month", "tokens_total"])
async def test_what_is_larger_than_a_limit_never_passes(desk, limit):
    denied = await desk.reserve("a", [key(**{limit: 99})])
    stands(denied, T, Period(limit.partition("_")[2]), None)
    assert denied.left == 99


async def test_a_limit_of_nothing_lets_nothing_pass(desk):
    stands(await desk.reserve("a", [key(requests_minute=0)]), R, Period.MINUTE, None)
    stands(await desk.reserve("a", [key(credits_day=0)]), C, Period.DAY, None)
    stands(await desk.reserve("a", [key(requests_month=0)]), R, Period.MONTH, None)
    stands(await desk.reserve("a", [key(tokens_total=0)]), T, Period.TOTAL, None)
    stands(await desk.reserve("a", [key(concurrency=0)]), None, None, NOW + 1)


async def test_requests_at_a_time_are_limited(desk):
    payer = key(concurrency=2)
    await desk.reserve("a", [payer])
    await desk.reserve("b", [payer])
    denied = stands(await desk.reserve("c", [payer]), None, None, NOW + 1)
    assert (denied.limit, denied.left) == (2, 0)
    await desk.settle("a", ONE)
    assert isinstance(await desk.reserve("c", [payer]), Granted)


async def test_all_payers_reserve_or_none(desk):
    installation = key(INSTALLATION, requests_total=1)
    await desk.reserve("a", [key(), installation])
    denied = await desk.reserve("b", [key("other", tokens_total=500), installation], place=account())
    assert denied.payer_id == INSTALLATION
    leaf = await desk.leaf(key("other"), T, Period.TOTAL)
    assert (leaf.used, leaf.reserved) == (0, 0)
    assert await desk.in_flight() == {}


async def test_limits_are_told_before_a_full_account(desk):
    await desk.reserve("a", [key(concurrency=1)], place=account(limit=1))
    assert isinstance(await desk.reserve("b", [key(concurrency=1)], place=account(limit=1)), Denied)
    assert await desk.reserve("b", [key(concurrency=2)], place=account(limit=1)) == Full(1)
    [budget] = await desk.read(key(concurrency=2))
    assert budget.concurrency.used == 1


async def test_of_several_limits_the_one_that_stands_longest_is_told(desk):
    limits = {"requests_minute": 1, "tokens_day": 100, "credits_month": 1000}
    await desk.reserve("a", [key(**limits, concurrency=1)])
    stands(await desk.reserve("b", [key(**limits, concurrency=1)]), C, Period.MONTH, NEXT_MONTH)
    stands(await desk.reserve("b", [key(requests_minute=1, tokens_day=100, concurrency=1)]), T, Period.DAY, MIDNIGHT)
    stands(await desk.reserve("b", [key(requests_minute=1, concurrency=1)]), R, Period.MINUTE, NOW + 60)
    # None is longer than any time, whoever it is that has it.
    stands(await desk.reserve("b", [key(**limits), key("i", requests_total=0)]), R, Period.TOTAL, None)


async def test_what_is_told_of_a_bucket_is_how_it_stands_now(desk):
    shared = key("i", tokens_minute=600)
    await desk.reserve("a", [key(concurrency=1), shared], Amounts(1, 500))
    desk.now += 6
    denied = stands(await desk.reserve("b", [key(concurrency=1), shared], Amounts(1, 500)), T, Period.MINUTE, NOW + 40)
    assert denied.left == 160


async def test_a_payer_that_is_limited_later_is_right_at_once(desk):
    await desk.reserve("a", [key()])
    await desk.settle("a", Amounts(1, 900, 0))
    await desk.reserve("b", [key()])
    assert isinstance(await desk.reserve("c", [key(tokens_day=1099)]), Denied)
    assert isinstance(await desk.reserve("c", [key(tokens_day=1100)]), Granted)
    assert isinstance(await desk.reserve("d", [key(concurrency=2)]), Denied)


async def test_days_and_months_end_and_what_is_reserved_goes_on(desk):
    payer = key(tokens_day=300, tokens_month=600, tokens_total=10_000)
    await desk.reserve("a", [payer])
    await desk.reserve("b", [payer])
    await desk.settle("b", Amounts(1, 200))
    stands(await desk.reserve("c", [payer]), T, Period.DAY, MIDNIGHT)
    desk.now = MIDNIGHT - 0.001
    assert isinstance(await desk.reserve("c", [payer]), Denied)
    desk.now = MIDNIGHT
    assert isinstance(await desk.reserve("c", [payer]), Granted)
    # Booked in the new day, though it was reserved in the old one.
    await desk.settle("a", Amounts(1, 150))
    day, month = await desk.leaf(payer, T, Period.DAY), await desk.leaf(payer, T, Period.MONTH)
    assert (day.used, day.reserved, day.left, day.resets_at) == (150, 100, 50, MIDNIGHT + DAY)
    assert (month.used, month.reserved, month.left) == (350, 100, 150)
    desk.now = NEXT_MONTH
    month, total = await desk.leaf(payer, T, Period.MONTH), await desk.leaf(payer, T, Period.TOTAL)
    assert (month.used, month.reserved, total.used, total.resets_at) == (0, 100, 350, 0)


async def test_what_ends_after_midnight_counts_in_the_new_day(desk):
    await desk.reserve("a", [key()])
    desk.now = MIDNIGHT
    await desk.settle("a", ONE)
    assert (await desk.leaf(key(), T, Period.DAY)).used == 100


async def test_a_clock_that_runs_behind_takes_nobody_back(desk):
    payer = key(tokens_day=100, requests_minute=2)
    desk.now = MIDNIGHT
    await desk.reserve("a", [payer])
    await desk.settle("a", ONE)
    desk.now = MIDNIGHT - 1
    denied = stands(await desk.reserve("b", [payer]), T, Period.DAY, MIDNIGHT + DAY)
    assert (denied.left, denied.windows[0].left) == (0, 1)
    desk.now = MIDNIGHT
    leaf = await desk.leaf(payer, R, Period.MINUTE)
    assert (leaf.used, leaf.left, leaf.resets_at) == (1, 1, MIDNIGHT + 30)


async def test_a_minute_is_a_bucket(desk):
    payer = key(requests_minute=2)
    assert isinstance(await desk.reserve("a", [payer]), Granted)
    assert isinstance(await desk.reserve("b", [payer]), Granted)
    stands(await desk.reserve("c", [payer]), R, Period.MINUTE, NOW + 30)
    desk.now = NOW + 29.999
    stands(await desk.reserve("c", [payer]), R, Period.MINUTE, NOW + 30)
    desk.now = NOW + 30
    assert isinstance(await desk.reserve("c", [payer]), Granted)
    # Never more than the limit at once, however long nobody came.
    desk.now = NOW + DAY
    for lease_id in "de":
        assert isinstance(await desk.reserve(lease_id, [payer]), Granted)
    assert isinstance(await desk.reserve("f", [payer]), Denied)


async def test_a_request_that_is_given_back_returns_its_token(desk):
    payer = key(requests_minute=1)
    await desk.reserve("a", [payer])
    await desk.settle("a", Amounts(0, 0, 0))
    assert isinstance(await desk.reserve("b", [payer]), Granted)
    await desk.settle("b", Amounts(1, 0, 0))
    assert isinstance(await desk.reserve("c", [payer]), Denied)


async def test_a_bucket_gets_back_what_was_not_spent_and_no_more_than_it_holds(desk):
    payer = key(tokens_minute=600)
    await desk.reserve("a", [payer], Amounts(1, 500))
    desk.now += 30
    await desk.settle("a", Amounts(1, 450))
    leaf = await desk.leaf(payer, T, Period.MINUTE)
    assert (leaf.used, leaf.left, leaf.resets_at) == (150, 450, desk.now + 15)
    await desk.reserve("b", [payer], Amounts(1, 100))
    desk.now += 60
    await desk.settle("b", Amounts(1, 50))
    assert (await desk.leaf(payer, T, Period.MINUTE)).left == 600


async def test_what_was_spent_beyond_is_taken_and_nothing_passes_until_it_is_made_up_for(desk):
    payer = key(tokens_minute=600)
    await desk.reserve("a", [payer], Amounts(1, 600))
    await desk.settle("a", Amounts(1, 900))
    stands(await desk.reserve("b", [payer], Amounts(1, 0)), T, Period.MINUTE, NOW + 30)
    denied = stands(await desk.reserve("b", [payer], Amounts(1, 10)), T, Period.MINUTE, NOW + 31)
    assert denied.left == 0
    desk.now = NOW + 31
    assert isinstance(await desk.reserve("b", [payer], Amounts(1, 10)), Granted)


@pytest.mark.parametrize(("limit", "left"), [(2, 2), (5, 5), (100, 97)])
async def test_a_changed_minute_gives_no_more_than_the_new_one_at_once(desk, limit, left):
    for lease_id in "abc":
        await desk.reserve(lease_id, [key(requests_minute=10)])
    granted = 0
    while isinstance(await desk.reserve(f"later{granted}", [key(requests_minute=limit)]), Granted):
        granted += 1
    assert granted == left


async def test_a_raised_minute_shows_what_was_used_and_gives_the_rest(desk):
    for lease_id in "ab":
        await desk.reserve(lease_id, [key(requests_minute=2, tokens_minute=200)])
    raised = key(requests_minute=10, tokens_minute=200)
    granted = await desk.reserve("c", [raised], Amounts(1, 0, 0))
    assert [window.left for window in granted.windows] == [7, 0]
    leaf = await desk.leaf(raised, R, Period.MINUTE)
    assert (leaf.used, leaf.left, leaf.resets_at) == (3, 7, NOW + 18)


async def test_a_minute_that_changes_to_and_fro_gives_no_more_than_the_larger_one(desk):
    # As when two processes do not know the same limit.
    large, small = key(requests_minute=100), key(requests_minute=10)
    answers = [await desk.reserve(f"l{number}", [small if number % 2 else large]) for number in range(300)]
    assert sum(isinstance(answer, Granted) for answer in answers) == 100


async def test_very_large_limits_are_exact(desk):
    large = 10**11
    payer = key(tokens_minute=large, credits_total=large, tokens_total=2 * large)
    assert isinstance(await desk.reserve("a", [payer], Amounts(1, large - 1, large - 1)), Granted)
    assert isinstance(await desk.reserve("b", [payer], Amounts(1, 2, 0)), Denied)
    assert isinstance(await desk.reserve("b", [payer], Amounts(1, 0, 2)), Denied)
    assert isinstance(await desk.reserve("b", [payer], Amounts(1, 1, 1)), Granted)
    beyond = large // 10
    await desk.settle("a", Amounts(1, large + beyond, large - 1))
    leaf = await desk.leaf(payer, T, Period.MINUTE)
    assert (leaf.used, leaf.left, leaf.resets_at) == (large + beyond + 1, 0, NOW + 66.001)
    assert (await desk.leaf(payer, T, Period.TOTAL)).used == large + beyond


async def test_a_bucket_is_overdrawn_by_no_more_than_can_be_counted_exactly(desk):
    large = 10**11
    payer = key(tokens_minute=large)
    await desk.reserve("a", [payer], Amounts(1, large))
    await desk.settle("a", Amounts(1, 10 * large))
    leaf = await desk.leaf(payer, T, Period.MINUTE)
    assert (leaf.used, leaf.resets_at) == (large + large // 2, NOW + 90)


async def test_the_key_is_shown_its_limits_of_requests_and_tokens(desk):
    payer = key(requests_minute=10, tokens_day=1000, tokens_total=5000, credits_day=10**9, concurrency=5)
    granted = await desk.reserve("a", [payer, key(INSTALLATION, requests_minute=1)])
    assert list(granted.windows) == [
        Window(R, Period.MINUTE, 10, 9, NOW + 6),
        Window(T, Period.DAY, 1000, 900, MIDNIGHT),
        Window(T, Period.TOTAL, 5000, 4900, 0),
    ]
    denied = await desk.reserve("b", [payer, key(INSTALLATION, requests_minute=1)])
    assert denied.payer_id == INSTALLATION
    assert list(denied.windows) == list(granted.windows)
    only_credits = await desk.reserve("c", [key("other", credits_day=10**9, concurrency=9)])
    assert list(only_credits.windows) == []


async def test_a_lease_is_reserved_once_whatever_is_asked_twice(desk):
    payer = key(requests_minute=5, tokens_day=1000)
    first = await desk.reserve("a", [payer], place=account())
    again = await desk.reserve("a", [payer], place=account())
    assert isinstance(again, Granted)
    assert (again.in_flight, list(again.windows)) == (1, list(first.windows))
    assert (await desk.leaf(payer, T, Period.DAY)).reserved == 100


async def test_places_are_counted_limited_and_returned(desk):
    assert await desk.reserve("a", [key()], place=account(limit=2)) == Granted(1)
    assert await desk.reserve("b", [key()], place=account(limit=2)) == Granted(2)
    assert await desk.reserve("c", [key()], place=account(limit=2)) == Full(2)
    assert await desk.reserve("c", [key()], place=account(limit=0)) == Granted(3)
    assert await desk.reserve("d", [key()], place=account("other")) == Granted(1)
    assert await desk.in_flight() == {"a": 3, "other": 1}
    assert await desk.settle("a") == Booked(True, "a", 2)
    assert await desk.settle("d") == Booked(True, "other", 0)
    assert await desk.in_flight() == {"a": 2}


async def test_a_lease_moves(desk):
    await desk.reserve("l", [key()])
    await desk.reserve("m", [key()], place=account("b"))
    assert await desk.move("l", account("a", 1)) == Granted(1)
    # Its own place does not stand in its way.
    assert await desk.move("l", account("a", 1)) == Granted(1)
    assert await desk.move("l", account("b", 1)) == Full(1)
    assert await desk.in_flight() == {"b": 1}
    assert await desk.move("l", account("b", 2)) == Granted(2)
    # Without a new place, who is left at the old one is told.
    assert await desk.move("l", None) == Granted(1)
    assert await desk.in_flight() == {"b": 1}
    assert await desk.settle("l") == Booked(True, "", 0)
    assert await desk.move("l", account("a")) is None


async def test_more_tokens_are_reserved_under_the_same_limits(desk):
    payer = key(tokens_day=1000, tokens_minute=400, requests_minute=1, concurrency=1)
    await desk.reserve("a", [payer], Amounts(1, 100), account())
    assert await desk.extend("a", 200) == Granted(1)
    denied = stands(await desk.extend("a", 101), T, Period.MINUTE, NOW + 0.15)
    assert denied.left == 100
    assert (await desk.leaf(payer, T, Period.DAY)).reserved == 300
    desk.now += 60
    assert await desk.extend("a", 400) == Granted(1)
    desk.now += 60
    stands(await desk.extend("a", 301), T, Period.DAY, MIDNIGHT)
    assert await desk.extend("a", 300) == Granted(1)
    # What was reserved in all is what counts as claimed.
    assert await desk.settle("a", Amounts(1, 1005)) == Booked(True, "a", 0, Amounts(0, 5, 0))
    assert (await desk.leaf(payer, T, Period.DAY)).reserved == 0
    assert await desk.extend("a", 1) is None


async def test_all_payers_extend_or_none(desk):
    await desk.reserve("a", [key(tokens_day=1000), key("i", tokens_day=150)])
    assert (await desk.extend("a", 51)).payer_id == "i"
    assert (await desk.leaf(key(), T, Period.DAY)).reserved == 100
    await desk.extend("a", 50)
    assert (await desk.leaf(key(), T, Period.DAY)).reserved == 150


async def test_settling_ends_a_lease_once(desk):
    await desk.reserve("a", [key(), key("i")], place=account())
    assert await desk.settle("a", Amounts(1, 150, 900)) == Booked(True, "a", 0, Amounts(0, 50, 0))
    assert await desk.settle("a", Amounts(1, 150, 900)) == Booked(False)
    assert await desk.settle("never there", ONE) == Booked(False)
    for budget in await desk.read(key(), key("i")):
        assert budget.overrun == Amounts(0, 50, 0)
        assert [leaf.used for unit, period, leaf in budget.leaves if period is Period.TOTAL] == [1, 150, 900]
        assert budget.concurrency.used == 0


async def test_leases_are_settled_in_the_order_given(desk):
    for lease_id in "abc":
        await desk.reserve(lease_id, [key()], place=account())
    booked = await desk.settle_all([Booking("b", "k", ONE), Booking("x", "k", ONE), Booking("a", "k", ONE), Booking("b", "k", ONE)])
    assert booked == [Booked(True, "a", 2), Booked(False), Booked(True, "a", 1), Booked(False)]
    assert (await desk.leaf(key(), R, Period.TOTAL)).used == 2


async def test_what_comes_late_is_booked_once(desk):
    await desk.reserve("a", [key(tokens_minute=600)], Amounts(1, 100), deadline=int(NOW) + 10)
    desk.now += 10
    assert await desk.expire() == ["a"]
    for _ in range(2):
        await desk.book("a", Amounts(1, 90, 0))
    await desk.book("b", Amounts(1, 10, 0), "never seen")
    assert (await desk.leaf(key(), T, Period.DAY)).used == 90
    assert (await desk.leaf(key(tokens_minute=600), T, Period.MINUTE)).left == 510
    assert (await desk.leaf(key("never seen"), T, Period.TOTAL)).used == 10


async def test_what_was_settled_is_not_booked_again(desk):
    await desk.reserve("a", [key()])
    await desk.settle("a", ONE)
    await desk.book("a", ONE)
    assert (await desk.leaf(key(), R, Period.TOTAL)).used == 1


async def test_what_was_booked_is_not_settled_again_but_returns(desk):
    payer = key(tokens_minute=600, concurrency=1)
    await desk.reserve("a", [payer, key("i")], Amounts(1, 100), account())
    await desk.book("a", Amounts(1, 150, 0))
    assert await desk.settle("a", Amounts(1, 150, 0)) == Booked(True, "a", 0)
    total, minute = await desk.leaf(payer, T, Period.TOTAL), await desk.leaf(payer, T, Period.MINUTE)
    assert (total.used, total.reserved, minute.used) == (150, 0, 150)
    [budget] = await desk.read(payer)
    assert (budget.concurrency.used, budget.overrun) == (0, NOTHING)


async def test_a_lease_that_was_given_back_unspent_may_be_booked(desk):
    await desk.reserve("a", [key()])
    await desk.settle("a", NOTHING)
    await desk.book("a", ONE)
    assert (await desk.leaf(key(), R, Period.TOTAL)).used == 1


async def test_leases_expire_unless_they_are_kept(desk):
    for lease_id in "abc":
        await desk.reserve(lease_id, [key(requests_minute=3)], place=account(), deadline=int(NOW) + 10)
    await desk.keep(["b", "never there"], int(NOW) + 20)
    desk.now = NOW + 9.999
    assert await desk.expire() == []
    desk.now = NOW + 10
    assert await desk.expire() == ["a", "c"]
    assert await desk.in_flight() == {"a": 1}
    [budget] = await desk.read(key(requests_minute=3))
    assert (budget.concurrency.used, budget.overrun) == (1, NOTHING)
    # Their tokens went back with them; b has had time to make up for its own only in part.
    assert (await desk.leaf(key(requests_minute=3), R, Period.MINUTE)).left == 2
    assert await desk.settle("a", ONE) == Booked(False)
    desk.now = NOW + 20
    assert await desk.expire() == ["b"]
    assert await desk.expire() == []


async def test_what_a_data_plane_holds_is_taken_back_whatever_the_limits_say(desk):
    payer = key(requests_minute=1, tokens_day=150, concurrency=1)
    await desk.reserve("a", [payer], place=account(limit=1))
    assert await desk.restore("b", [payer], place=account(limit=1)) == 2
    assert await desk.restore("b", [payer], place=account(limit=1)) == 2
    assert await desk.restore("c", [payer]) == 0
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 3
    leaf = await desk.leaf(payer, T, Period.DAY)
    assert (leaf.used, leaf.reserved, leaf.left) == (0, 300, 0)
    assert (await desk.extend("b", 1)).period is Period.DAY
    # A minute's limit learns of it when it is settled.
    assert (await desk.leaf(payer, R, Period.MINUTE)).used == 1
    await desk.settle("b", ONE)
    assert (await desk.leaf(payer, R, Period.MINUTE)).used == 2
    assert await desk.restore("b", [payer]) == 0
    assert (await desk.leaf(payer, T, Period.DAY)).reserved == 200


async def test_the_books_begin_with_what_was_spent(begun):
    spent = Spent(NOW, Amounts(1, 100, 5), Amounts(2, 200, 10), Amounts(3, 300, 15))
    desk = await begun(Records(k=spent, old=replace(spent, at=NOW - 40 * DAY)))
    by_period = {Period.DAY: 100, Period.MONTH: 200, Period.TOTAL: 300}
    for period, used in by_period.items():
        assert (await desk.leaf(key(), T, period)).used == used
        assert (await desk.leaf(key("old"), T, period)).used == (300 if period is Period.TOTAL else 0)
    assert isinstance(await desk.reserve("a", [key(tokens_day=199)]), Denied)
    assert isinstance(await desk.reserve("a", [key(tokens_day=200)]), Granted)
    desk.now = MIDNIGHT
    assert (await desk.leaf(key(), T, Period.DAY)).used == 0
    assert (await desk.leaf(key(), T, Period.MONTH)).used == 200


async def test_a_budget_has_a_leaf_for_all_that_is_counted(desk):
    payer = key(requests_minute=4, credits_total=5000, concurrency=3)
    await desk.reserve("a", [payer])
    [budget] = await desk.read(payer)
    assert [(unit, period) for unit, period, _ in budget.leaves] == [
        (R, Period.MINUTE),
        *((unit, period) for unit in (R, T, C) for period in (Period.DAY, Period.MONTH, Period.TOTAL)),
    ]
    minute, total = await desk.leaf(payer, R, Period.MINUTE), await desk.leaf(payer, C, Period.TOTAL)
    assert (minute.used, minute.reserved, minute.limit, minute.left, minute.resets_at) == (1, 0, 4, 3, NOW + 15)
    assert (total.used, total.reserved, total.limit, total.left, total.resets_at) == (0, 1000, 5000, 4000, 0)
    assert (budget.concurrency.used, budget.concurrency.limit, budget.concurrency.left) == (1, 3, 2)
    [unknown] = await desk.read(key("unknown", requests_minute=4))
    assert unknown.leaves[0][2].left == 4


async def test_of_200_claims_at_once_a_cap_of_50_lets_50_pass(desk):
    payer = Payer("k", Limits(requests=Caps(day=50)))
    answers = await asyncio.gather(*(desk.reserve(f"l{number}", [payer]) for number in range(200)))
    assert sum(isinstance(answer, Granted) for answer in answers) == 50
    assert sum(isinstance(answer, Denied) for answer in answers) == 150


async def test_a_cap_is_passed_by_no_more_than_open_requests_spend_beyond_their_claims(desk):
    payer = key(credits_total=10)
    claim = Amounts(1, 0, 1)
    passed = []

    async def request(number):
        if isinstance(await desk.reserve(f"l{number}", [payer], claim), Granted):
            passed.append(number)
            # The last one that is settled costs twice what it claimed.
            await desk.settle(f"l{number}", Amounts(1, 0, 2 if len(passed) == 10 else 1))

    await asyncio.gather(*(request(number) for number in range(50)))
    await request("after")
    [budget] = await desk.read(payer)
    assert len(passed) == 10
    assert (await desk.leaf(payer, C, Period.TOTAL)).used <= 11
    assert budget.overrun.credits <= 1
    assert isinstance(await desk.reserve("more", [payer], Amounts(1, 0, 0)), Denied if budget.overrun.credits else Granted)


CALL = Amounts(0, 100, 1000)


async def test_a_claim_without_a_request_is_none_of_those_at_a_time(desk):
    payer = key(concurrency=1)
    assert await desk.reserve("call", [payer], CALL, place=account()) == Granted(1)
    assert isinstance(await desk.reserve("request", [payer]), Granted)
    assert isinstance(await desk.reserve("another", [payer], CALL), Granted)
    assert isinstance(await desk.reserve("refused", [payer]), Denied)
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 1
    assert await desk.extend("call", 50) == Granted(1)
    assert await desk.settle("call", Amounts(0, 150, 1000)) == Booked(True, "a", 0)
    desk.now += 900
    assert await desk.expire() == ["another", "request"]
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 0
    assert (await desk.leaf(payer, T, Period.DAY)).used == 150


@pytest.mark.parametrize("given", [{"requests_minute": 1}, {"requests_day": 1}, {"requests_total": 1}, {"concurrency": 1}])
async def test_no_limit_of_requests_stands_against_a_claim_without_one(desk, given):
    """Not even one that was lowered below what is used."""
    for lease_id in "ab":
        await desk.reserve(lease_id, [key(**dict.fromkeys(given, 2))])
    assert isinstance(await desk.reserve("call", [key(**given)], CALL), Granted)
    assert isinstance(await desk.reserve("c", [key(**given)]), Denied)


async def test_all_other_limits_stand_against_it(desk):
    payer = key(requests_day=0, concurrency=0, tokens_day=150, credits_total=1500)
    assert isinstance(await desk.reserve("a", [payer], CALL), Granted)
    stands(await desk.reserve("b", [payer], CALL), C, Period.TOTAL, None)
    stands(await desk.reserve("b", [payer], Amounts(0, 51)), T, Period.DAY, MIDNIGHT)


async def test_a_claim_without_a_request_is_restored_as_one(desk):
    payer = key(concurrency=1)
    assert await desk.restore("call", [payer], CALL, place=account()) == 1
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 0
    assert (await desk.leaf(payer, T, Period.DAY)).reserved == 100
    await desk.settle("call", CALL)
    [budget] = await desk.read(payer)
    assert budget.concurrency.used == 0


async def test_requests_at_a_time_are_never_fewer_than_none(desk):
    """The previous release ends a claim without a request as if it were one: one too many is taken from those at a time."""
    payer = key(concurrency=1)
    await desk.reserve("a", [payer])
    await desk.miscount("k", 0)
    await desk.settle("a", ONE)
    [budget] = await desk.read(payer)
    assert (budget.concurrency.used, budget.concurrency.left) == (0, 1)
    assert isinstance(await desk.reserve("b", [payer]), Granted)
    assert isinstance(await desk.reserve("c", [payer]), Denied)
