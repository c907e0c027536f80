import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy import estimating
from controlplane.policy.estimating import WINDOW, Experience

CREDITS = st.floats(0, 1000, allow_nan=False)


@pytest.mark.parametrize(
    ("model", "rate"),
    [("claude-opus-4.5", 5.0), ("CLAUDE_OPUS_4", 5.0), ("claude-haiku-4.5", 0.2), ("claude-sonnet-4.5", 1.0), ("auto", 1.0), ("", 1.0)],
)
def test_rates_that_nobody_told(model, rate):
    assert estimating.assumed(model) == rate


def test_before_anything_is_learned_a_request_is_worth_its_rate():
    one = Experience(2.2, told=True)
    assert (one.most(), one.usual()) == (2.2, 2.2)


def test_the_99th_percentile_leaves_out_the_rare_one():
    one = Experience(1.0)
    for number in range(200):
        one.learn(50.0 if number == 7 else 2.0 + number / 1000)
    assert one.most() == pytest.approx(2.198)
    for _ in range(2):
        one.learn(50.0)
    assert one.most() == 50.0


def test_less_than_one_request_is_never_reserved():
    one = Experience(1.3, told=True)
    for _ in range(50):
        one.learn(0.05)
    assert one.most() == 1.3
    assert one.usual() == pytest.approx(0.05)


@given(samples=st.lists(CREDITS, min_size=1, max_size=3 * WINDOW), rate=st.sampled_from([0.2, 1.0, 1.3, 5.0]))
def test_what_is_known_is_that_of_the_last_samples(samples, rate):
    one = Experience(rate, told=True)
    for credit in samples:
        one.learn(credit)
    kept = sorted(credit / rate for credit in samples[-WINDOW:])
    assert one.ordered == kept
    assert len(one.latest) == len(kept)
    assert one.usual() == pytest.approx(statistics.fmean(kept) * rate)
    within = sum(credit <= one.most() / rate * (1 + 1e-12) for credit in kept)
    assert within >= math.ceil(0.99 * len(kept))


@given(samples=st.lists(st.floats(0.01, 100), min_size=1, max_size=20), told=st.floats(0.1, 10))
def test_a_rate_that_was_only_assumed_spoils_nothing(samples, told):
    """What was learned before the upstream told the rate is as if it had been known from the start."""
    early, late = Experience(5.0), Experience(told, told=True)
    for credit in samples:
        early.learn(credit)
        late.learn(credit)
    early.tell(told)
    assert early.usual() == pytest.approx(late.usual())
    assert early.most() == pytest.approx(late.most())


def test_a_rate_that_changes_changes_what_everything_costs():
    one = Experience(1.0, told=True)
    one.learn(3.0)
    one.tell(2.0)
    assert (one.most(), one.usual()) == (6.0, 6.0)
    one.learn(6.0)
    assert one.usual() == 6.0
