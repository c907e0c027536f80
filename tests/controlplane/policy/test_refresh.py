import pytest

from controlplane.policy.refresh import backoff, due, life, near, usable


def test_the_background_renews_ten_minutes_ahead_or_up_to_three_earlier():
    assert not due(10_000, 10_000 - 601, 0.0)
    assert due(10_000, 10_000 - 600, 0.0)
    assert not due(10_000, 10_000 - 781, 1.0)
    assert due(10_000, 10_000 - 780, 1.0)
    assert due(0, 10_000, 0.5)


def test_a_request_waits_for_a_token_that_is_about_to_end():
    assert not near(10_000, 9939)
    assert near(10_000, 9940)
    assert not near(0, 9940)


def test_usable_to_the_last_second():
    assert usable(10_000, 9999)
    assert not usable(10_000, 10_000)
    assert usable(0, 10_000)


@pytest.mark.parametrize(("asked", "seconds"), [(None, 30), (0.0, 30), (31.5, 31.5), (300.0, 300), (10_000_000.0, 300), (1e300, 300)])
def test_what_the_token_endpoint_asks_for_is_believed_within_limits(asked, seconds):
    assert backoff(asked) == seconds


@pytest.mark.parametrize(("said", "seconds"), [(-5, 60), (0, 60), (59, 60), (61, 61), (86_400, 86_400), (10**30, 86_400)])
def test_a_life_is_believed_within_limits(said, seconds):
    assert life(said) == seconds
