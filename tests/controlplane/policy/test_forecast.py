import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.account import Forecast, Reading
from controlplane.policy.forecast import forecast

HOUR = 3600


def told(known, resets_at=0, now=None, began_at=0):
    """The forecast at the time of the last reading."""
    return forecast(known, resets_at, now if now is not None else known[-1].at if known else 0, began_at)


def readings(*pairs, limit=100):
    return [Reading(at, used, limit) for at, used in pairs]


def test_at_the_rate_it_went_it_runs_out_then():
    assert told(readings((0, 10), (HOUR, 20)), 0) == Forecast(10, 9 * HOUR)
    assert told(readings((0, 10), (HOUR, 20)), 20 * HOUR) == Forecast(10, 9 * HOUR)


def test_it_lasts_until_the_reset():
    assert told(readings((0, 10), (HOUR, 20)), 9 * HOUR) == Forecast(10, 0)
    assert told(readings((0, 10), (HOUR, 10)), 0) == Forecast(0, 0)


def test_what_is_gone_is_gone_since_it_was_seen():
    assert told(readings((0, 90), (HOUR, 100)), 5 * HOUR) == Forecast(10, HOUR)


def test_of_a_period_that_has_ended_nothing_is_told():
    known = readings((0, 10), (HOUR, 20))
    assert told(known, HOUR + 60, now=HOUR + 59) is not None
    assert told(known, HOUR + 60, now=HOUR + 60) is None
    assert told(known, HOUR) is None


def test_what_was_read_long_ago_tells_nothing_of_now():
    known = readings((0, 10), (HOUR, 20))
    assert told(known, now=2 * HOUR) == Forecast(10, 9 * HOUR)
    assert told(known, now=2 * HOUR + 1) is None


def test_a_reset_after_which_more_was_used_than_before_is_known_by_its_time():
    known = readings((0, 0), (9 * HOUR, 5), (10 * HOUR, 30), (11 * HOUR, 40))
    assert told(known).per_hour == pytest.approx(40 / 11)
    assert told(known, began_at=9.5 * HOUR) == Forecast(10, 17 * HOUR)
    assert told(known, began_at=12 * HOUR, now=11 * HOUR) is None


@pytest.mark.parametrize(
    "known",
    [
        [],
        readings((0, 1)),
        readings((0, 1), (599, 2)),
        readings((0, 10), (HOUR, 20), limit=0),
        # the period has just begun
        readings((0, 10), (HOUR, 60), (2 * HOUR, 0)),
        readings((0, 10), (HOUR, 60), (2 * HOUR, 0), (2 * HOUR + 60, 1)),
    ],
)
def test_too_little_is_known(known):
    assert told(known, 0) is None


def test_an_earlier_period_does_not_count():
    known = readings((0, 10), (HOUR, 90), (2 * HOUR, 0), (3 * HOUR, 5))
    assert told(known, 0) == Forecast(5, 3 * HOUR + 19 * HOUR)


def test_the_last_day_counts_where_it_was_seen_else_what_there_is():
    day = 24 * HOUR
    quiet = readings((0, 0), (10 * day, 10), (11 * day, 34))
    assert told(quiet, 0).per_hour == 1
    assert told(readings((0, 0), (10 * day, 24)), 0).per_hour == pytest.approx(0.1)
    assert told(readings((0, 0), (10 * day - 60, 24), (10 * day, 24)), 0).per_hour == pytest.approx(0.1), "a minute tells nothing"


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 200)), max_size=30).map(sorted), st.integers(0, 10**7), st.integers(0, 2 * HOUR)
)
def test_whatever_was_read(pairs, resets_at, later):
    known = [Reading(at, used, 100) for at, used in pairs]
    found = told(known, resets_at, now=(known[-1].at if known else 0) + later)
    if found is not None:
        assert found.per_hour >= 0
        assert found.runs_out_at == 0 or found.runs_out_at >= known[-1].at
        assert not found.runs_out_at or known[-1].used >= 100 or not resets_at or found.runs_out_at < resets_at
