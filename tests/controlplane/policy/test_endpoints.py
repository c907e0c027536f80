import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.endpoints import FORGIVEN_AFTER, LONGEST_COOLING, Endpoints

NOW = 1000.0
URLS = ("a", "b", "c")


def after(*events):
    """What is known after events: (seconds after NOW, "ok" | "bad", url[, retry_after])."""
    endpoints = Endpoints()
    for seconds, what, url, *asked in events:
        if what == "ok":
            endpoints.served(url)
        else:
            endpoints.failed(url, NOW + seconds, *asked)
    return endpoints


def until(endpoints, url):
    return endpoints.cooling[url].until - NOW


@pytest.mark.parametrize(
    ("events", "seconds", "order"),
    [
        ((), 0, "abc"),
        (((0, "ok", "b"),), 0, "bac"),
        (((0, "ok", "a"),), 0, "abc"),
        (((0, "bad", "a"),), 0, "bca"),
        (((0, "bad", "a"),), 29.9, "bca"),
        (((0, "bad", "a"),), 30, "abc"),
        # the one that served last is preferred, until it fails
        (((0, "bad", "a"), (0, "ok", "b")), 0, "bca"),
        (((0, "bad", "a"), (0, "ok", "b")), 31, "bac"),
        (((0, "ok", "b"), (1, "bad", "b")), 2, "acb"),
        (((0, "ok", "b"), (1, "bad", "b")), 32, "bac"),
        # who served cools no more
        (((0, "bad", "a"), (1, "ok", "a")), 2, "abc"),
        # all cool: the first to end comes first
        (((0, "bad", "a"), (1, "bad", "c"), (2, "bad", "b", 5)), 3, "bac"),
        (((0, "ok", "c"), (1, "bad", "a"), (1, "bad", "b"), (2, "bad", "c")), 3, "abc"),
    ],
)
def test_the_order(events, seconds, order):
    assert "".join(after(*events).order(URLS, NOW + seconds)) == order


def test_cooling_doubles_up_to_ten_minutes_and_starts_anew_with_success():
    endpoints, now, seen = Endpoints(), NOW, []
    for _ in range(7):
        endpoints.failed("a", now)
        seen.append(endpoints.cooling["a"].until - now)
        now = endpoints.cooling["a"].until
    assert seen == [30, 60, 120, 240, 480, 600, 600]
    endpoints.served("a")
    endpoints.failed("a", now)
    assert endpoints.cooling["a"].until - now == 30


def test_what_fails_while_it_cools_is_the_same_occasion():
    assert until(after((0, "bad", "a"), (1, "bad", "a"), (29, "bad", "a")), "a") == 30
    assert until(after((0, "bad", "a"), (10, "bad", "a", 60)), "a") == 70
    assert until(after((0, "bad", "a"), (10, "bad", "a", 1), (30, "bad", "a")), "a") == 90


def test_an_address_that_was_let_alone_is_forgiven():
    assert until(after((0, "bad", "a"), (30 + FORGIVEN_AFTER, "bad", "a")), "a") == 30 + FORGIVEN_AFTER + 60
    assert until(after((0, "bad", "a"), (31 + FORGIVEN_AFTER, "bad", "a")), "a") == 31 + FORGIVEN_AFTER + 30


@pytest.mark.parametrize(("asked", "seconds"), [(0, 1), (7, 7), (600, 600), (86_400, 600)])
def test_what_an_address_asks_for_is_believed_within_reason(asked, seconds):
    assert until(after((0, "bad", "a", asked)), "a") == seconds


def test_addresses_that_are_not_configured_any_more_change_nothing():
    endpoints = after((0, "ok", "gone"), (0, "bad", "away"))
    assert endpoints.order(URLS, NOW) == URLS


events = st.lists(
    st.tuples(st.floats(0, 5000), st.sampled_from(("ok", "bad")), st.sampled_from("abcde"), st.none() | st.integers(-5, 10**6))
)


@given(events, st.lists(st.sampled_from("abcde"), unique=True, min_size=1), st.floats(0, 10_000))
def test_no_address_is_ever_lost_and_free_ones_come_first(events, urls, seconds):
    endpoints = Endpoints()
    for at, what, url, asked in sorted(events, key=lambda event: event[0]):
        if what == "ok":
            endpoints.served(url)
        else:
            endpoints.failed(url, NOW + at, asked)
            assert NOW + at < endpoints.cooling[url].until <= NOW + at + LONGEST_COOLING
    now = NOW + seconds
    found = endpoints.order(urls, now)
    assert sorted(found) == sorted(urls)
    assert endpoints.order(urls, now) == found
    cools = [url in endpoints.cooling and endpoints.cooling[url].until > now for url in found]
    assert cools == sorted(cools)
    free = [url for url, cooling in zip(found, cools, strict=True) if not cooling]
    assert [url for url in free if url != endpoints.preferred] == [url for url in urls if url in free and url != endpoints.preferred]
    if endpoints.preferred in free:
        assert found[0] == endpoints.preferred
