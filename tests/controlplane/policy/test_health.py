import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.candidates import LATENCY_HALF
from controlplane.policy.health import ORDINARY, WINDOW, Tally, gained, lost, pardoned, smoothed

NOW = 1000.0


def test_health_falls_with_blame_and_is_full_again_after_some_successes():
    health = 100.0
    for _ in range(3):
        health = lost(health)
    assert 30 < health < 40
    for _ in range(40):
        health = gained(health)
    assert health == 100


@given(st.lists(st.sampled_from([gained, lost]), max_size=60))
def test_health_stays_a_mark(events):
    health = 100.0
    for event in events:
        health = event(health)
        assert 0 <= health <= 100


def test_the_latency_forgets():
    assert smoothed(2.0, 12.0, 0) == pytest.approx(4.0)
    assert smoothed(12.0, 2.0, 0) == pytest.approx(10.0)


def test_one_slow_answer_makes_no_slow_account_whether_it_is_the_first_or_the_first_for_hours():
    first = smoothed(0.0, 20.0, 0)
    assert first == pytest.approx(ORDINARY + (20 - ORDINARY) * 0.2)
    assert smoothed(1.0, 20.0, 10**6) == pytest.approx(first)
    assert smoothed(0.0, 0.4, 0) == 0.4, "a fast one is believed"


def test_a_latency_of_long_ago_gives_way_to_what_is_seen_now():
    assert smoothed(20.0, 1.0, 0) == pytest.approx(16.2)
    assert smoothed(20.0, 1.0, LATENCY_HALF) == pytest.approx(1 + 9.5 * 0.8)
    assert smoothed(20.0, 1.0, 10**6) == pytest.approx(1.0)
    assert smoothed(20.0, 1.0, -5) == smoothed(20.0, 1.0, 0), "clocks run back"


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(-100, 10**9))
def test_a_latency_is_between_what_was_seen_and_what_is_ordinary(before, sample, elapsed):
    bounds = [sample, min(sample, ORDINARY), *([before] if before else [])]
    assert min(bounds) - 1e-9 <= smoothed(before, sample, elapsed) <= max(bounds) + 1e-9


@given(st.floats(0, 100), st.floats(0, 100), st.floats(-10, 10**6))
def test_what_is_given_back_is_what_was_taken_less_what_came_back_by_itself(health, loss, elapsed):
    assert health <= pardoned(health, loss, elapsed) <= 100
    taken = lost(health)
    assert pardoned(taken, health - taken, 0) == pytest.approx(health, abs=0.11)


def test_a_fault_that_was_none_leaves_the_tally():
    tally = Tally()
    tally.fail("cut", NOW)
    tally.fail("cut", NOW + WINDOW)
    tally.pardon("cut", NOW + WINDOW)
    assert tally.causes(NOW + WINDOW) == {"cut": 1}
    tally.pardon("cut", NOW + WINDOW)
    tally.pardon("cut", NOW + WINDOW)
    assert tally.causes(NOW + WINDOW) == {}
    tally.fail("cut", NOW + WINDOW)
    tally.pardon("cut", NOW + 5 * WINDOW)
    assert tally.causes(NOW + 5 * WINDOW) == {}


def test_the_tally_knows_what_was_lately():
    tally = Tally()
    assert (tally.share(NOW), tally.causes(NOW)) == (None, {})
    for _ in range(3):
        tally.serve(NOW)
    tally.fail("throttled", NOW)
    tally.fail("model_unknown", NOW)
    assert tally.share(NOW) == 0.75, "what the account is not to blame for is no failure of it"
    assert tally.causes(NOW) == {"throttled": 1, "model_unknown": 1}
    tally.fail("throttled", NOW + WINDOW)
    assert (tally.share(NOW + WINDOW), tally.causes(NOW + WINDOW)["throttled"]) == (0.6, 2)
    assert (tally.share(NOW + 2 * WINDOW), tally.causes(NOW + 2 * WINDOW)) == (0.0, {"throttled": 1})
    assert tally.share(NOW + 9 * WINDOW) is None
