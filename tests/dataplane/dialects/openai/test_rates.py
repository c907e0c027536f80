import pytest

from dataplane.dialects.openai.rates import duration
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.windows import Window, Windows

NOW = 1_767_268_800_000


def test_each_limit_is_told_as_it_stands():
    windows = Windows(Window(60, 12, NOW + 90_000), Window(1_000_000, 0, NOW - 5))
    assert OpenAIChat().rate_headers(windows, NOW) == [
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "12"),
        ("x-ratelimit-reset-requests", "1m30s"),
        ("x-ratelimit-limit-tokens", "1000000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "0s"),
    ]


def test_what_is_not_limited_or_never_resets_is_left_out():
    assert OpenAIChat().rate_headers(Windows(), NOW) == []
    told = OpenAIChat().rate_headers(Windows(requests=Window(5, 5)), NOW)
    assert [name for name, _ in told] == ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"]


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (250, "250ms"),
        (999, "999ms"),
        (1000, "1s"),
        (1001, "2s"),
        (59_999, "1m0s"),
        (90_000, "1m30s"),
        (21_720_000, "6h2m0s"),
        (30 * 86_400_000, "720h0m0s"),
    ],
)
def test_durations_are_written_as_go_writes_them(ms, told):
    assert duration(ms) == told
