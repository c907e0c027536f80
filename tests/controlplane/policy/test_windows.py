from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.limits import Period, Unit, Window
from controlplane.policy.windows import DEEPEST, LARGEST, SCALE, Bucket, calendar, full, milliseconds, tightest

MOMENTS = st.integers(0, 4_000_000_000_000)


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "day", "day_end", "month", "month_end"),
    [
        ("2027-01-15T08:30:00", "2027-01-15", "2027-01-16", "2027-01-01", "2027-02-01"),
        ("2027-01-31T23:59:59.999", "2027-01-31", "2027-02-01", "2027-01-01", "2027-02-01"),
        ("2027-02-01T00:00:00", "2027-02-01", "2027-02-02", "2027-02-01", "2027-03-01"),
        ("2028-02-29T12:00:00", "2028-02-29", "2028-03-01", "2028-02-01", "2028-03-01"),
        ("2026-12-31T23:00:00", "2026-12-31", "2027-01-01", "2026-12-01", "2027-01-01"),
    ],
)
def test_days_and_months_are_those_of_utc(moment, day, day_end, month, month_end):
    found = calendar(ms(moment))
    assert (found.day, found.day_end, found.month, found.month_end) == (ms(day), ms(day_end), ms(month), ms(month_end))


@given(MOMENTS)
def test_every_moment_lies_in_its_day_and_month(moment):
    found = calendar(moment)
    assert found.day <= moment < found.day_end == found.day + 86_400_000
    assert found.month <= found.day < found.day_end <= found.month_end
    # The next period begins where this one ends.
    assert calendar(found.day_end).day == found.day_end
    assert calendar(found.month_end).month == found.month_end
    assert timedelta(days=28) <= timedelta(milliseconds=found.month_end - found.month) <= timedelta(days=31)


@given(MOMENTS)
def test_a_time_that_was_told_in_seconds_comes_back_as_it_was(moment):
    assert milliseconds(moment / 1000) == moment


def test_a_bucket_gives_no_more_than_its_limit_at_once_and_gains_it_in_a_minute():
    bucket = full(3, 1000)
    bucket.change(-3)
    assert (bucket.left(), bucket.holds(1), bucket.holds(3), bucket.holds(4), bucket.whole()) == (0, 21_000, 61_000, None, 61_000)
    bucket.refill(20_999)
    assert bucket.left() == 0
    bucket.refill(21_000)
    assert bucket.left() == 1
    bucket.refill(10**12)
    assert bucket.left() == 3
    assert bucket.whole() == 10**12


def test_a_bucket_that_was_overdrawn_gives_nothing_until_it_is_level_again():
    bucket = full(10, 0)
    bucket.change(-15)
    assert bucket.left() == 0
    assert bucket.holds(0) == 30_000
    assert bucket.holds(1) == 36_000


def test_a_bucket_of_nothing_gives_nothing_and_is_never_filled():
    bucket = full(0, 0)
    assert (bucket.left(), bucket.holds(0), bucket.holds(1), bucket.whole()) == (0, 0, None, 0)
    bucket.change(-1)
    bucket.refill(10**12)
    assert (bucket.holds(0), bucket.whole()) == (None, None)


@pytest.mark.parametrize(("limit", "left", "later"), [(2, 2, 2), (4, 4, 4), (20, 14, 20)])
def test_another_limit_never_gives_more_than_it_allows_and_a_larger_one_what_it_allows_more(limit, left, later):
    bucket = full(10, 0)
    bucket.change(-6)
    bucket.adapt(limit)
    assert bucket.left() == left
    bucket.refill(60_000)
    assert bucket.left() == later


@given(st.integers(1, 1000), st.integers(0, 1500), st.lists(st.integers(0, 2000), max_size=5))
def test_limits_that_change_to_and_fro_give_no_more_than_the_largest(limit, used, limits):
    bucket = full(limit, 0)
    bucket.change(-used)
    for other in limits:
        before = bucket.left()
        bucket.adapt(other)
        assert bucket.left() == min(before, other) or other > before
    largest = max(limit, *limits, 0)
    bucket.adapt(largest)
    assert bucket.level == (largest - used) * SCALE


def test_what_a_smaller_limit_does_not_show_is_made_up_for_by_time():
    bucket = full(100, 0)
    bucket.change(-50)
    bucket.adapt(10)
    assert bucket.left() == 10
    bucket.refill(120_000)
    bucket.adapt(100)
    assert bucket.left() == 70
    bucket.refill(180_000)
    bucket.adapt(200)
    assert bucket.left() == 200


def test_time_does_not_run_back():
    bucket = full(60, 60_000)
    bucket.change(-60)
    bucket.refill(0)
    bucket.refill(60_000)
    assert bucket.left() == 0


EVENTS = st.lists(st.tuples(st.integers(-LARGEST * 2, LARGEST * 2), st.integers(0, 200_000)), max_size=20)


@given(st.integers(0, LARGEST), EVENTS)
def test_buckets_are_exact_and_their_numbers_small_enough_for_doubles(limit, events):
    bucket = full(limit, 0)
    now, level = 0, Fraction(limit)
    for amount, passed in events:
        now += passed
        bucket.refill(now)
        level = min(Fraction(limit), level + Fraction(limit * passed, 60_000))
        bucket.change(amount)
        level = min(Fraction(limit), max(level + max(min(amount, LARGEST), -LARGEST), Fraction(DEEPEST, SCALE)))
        assert Fraction(bucket.level, SCALE) == level
        assert limit * SCALE - bucket.level < 2**53


@given(st.integers(1, LARGEST), st.integers(-LARGEST, LARGEST), st.integers(0, LARGEST))
def test_when_it_holds_enough_is_told_to_the_millisecond(limit, level, amount):
    bucket = Bucket(limit, min(level, limit) * SCALE, 1000)
    when = bucket.holds(amount)
    if when is None:
        assert amount > limit
        return
    before = Bucket(bucket.limit, bucket.level, bucket.at)
    before.refill(when - 1)
    bucket.refill(when)
    assert bucket.level >= amount * SCALE
    assert when == 1000 or before.level < amount * SCALE


def window(left, resets_at, unit=Unit.TOKENS):
    return Window(unit, Period.DAY, 100, left, resets_at)


@pytest.mark.parametrize(
    ("windows", "found"),
    [
        ((), None),
        ((window(1, 5, Unit.REQUESTS),), None),
        ((window(7, 5), window(3, 1), window(9, 0)), window(3, 1)),
        ((window(3, 5), window(3, 9), window(3, 1)), window(3, 9)),
        # what is never whole again resets last of all
        ((window(3, 5), window(3, 0)), window(3, 0)),
    ],
)
def test_the_tightest_window_leaves_least_and_resets_last(windows, found):
    assert tightest(windows, Unit.TOKENS) == found
