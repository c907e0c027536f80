import pytest

from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.anthropic.rates import moment
from dataplane.windows import Window, Windows

NOON = 1_767_268_800_000


def test_each_limit_is_told_as_it_stands():
    windows = Windows(Window(60, 12, NOON), Window(1_000_000, 0, NOON + 30_000))
    assert Anthropic().rate_headers(windows, NOON) == [
        ("anthropic-ratelimit-requests-limit", "60"),
        ("anthropic-ratelimit-requests-remaining", "12"),
        ("anthropic-ratelimit-requests-reset", "2026-01-01T12:00:00Z"),
        ("anthropic-ratelimit-tokens-limit", "1000000"),
        ("anthropic-ratelimit-tokens-remaining", "0"),
        ("anthropic-ratelimit-tokens-reset", "2026-01-01T12:00:30Z"),
    ]


def test_what_is_not_limited_or_never_resets_is_left_out():
    assert Anthropic().rate_headers(Windows(), NOON) == []
    assert [name for name, _ in Anthropic().rate_headers(Windows(tokens=Window(5, 5)), NOON)] == [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
    ]


@pytest.mark.parametrize(("ms", "told"), [(NOON + 1, "2026-01-01T12:00:01Z"), (2**62, "9999-12-31T23:59:59Z")])
def test_a_moment_is_never_too_early_and_always_a_date(ms, told):
    assert moment(ms) == told
