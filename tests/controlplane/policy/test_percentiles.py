from collections import Counter
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.percentiles import NONE, bounds, bucket, percentile

TIMES = st.integers(0, 2**31 - 1)


@pytest.mark.parametrize(("time", "of"), [(None, NONE), (0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 5), (1000, 20), (1024, 20), (1025, 21)])
def test_classes_are_half_powers_of_two(time, of):
    assert bucket(time) == of


@given(TIMES)
def test_a_time_lies_in_its_class(time):
    low, high = bounds(bucket(time))
    assert low <= time <= high
    assert time < 2 or bucket(time) == ceil(2 * log2(time))


@given(st.lists(TIMES, min_size=1, max_size=200), st.sampled_from([0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_wrong_by_less_than_its_class_is_wide(times, share):
    true = sorted(times)[ceil(share * len(times)) - 1]
    low, high = bounds(bucket(true))
    told = percentile(Counter(map(bucket, times)), share)
    assert low <= told <= high
    assert abs(told - true) <= high - low


def test_within_a_class_times_are_thought_to_be_spread_evenly():
    low, high = bounds(20)
    assert percentile({20: 4}, 0.5) == pytest.approx((low + high) / 2)
    assert percentile({19: 1, 20: 3}, 0.5) == pytest.approx(low + (high - low) / 3)


def test_what_had_no_first_event_has_no_time():
    assert percentile({NONE: 5}, 0.5) is None
    assert percentile({}, 0.5) is None
    assert percentile({NONE: 500, 20: 1, 21: -1}, 0.95) == pytest.approx(percentile({20: 1}, 0.95))
