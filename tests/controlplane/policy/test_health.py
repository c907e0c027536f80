import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.health import WINDOW, Tally, gained, lost, smoothed

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


def test_the_latency_begins_with_the_first_sample_and_forgets():
    latency = smoothed(0.0, 2.0)
    assert latency == 2.0
    assert smoothed(latency, 12.0) == pytest.approx(4.0)


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
