import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.kiro.asking.depth import MAX_DEPTH, TooDeep, bounded


def nested(kinds, leaf):
    value = leaf
    for kind in kinds:
        value = [0, value] if kind == "array" else {"b": "x", "a": value}
    return value


@given(st.lists(st.sampled_from(["array", "object"]), min_size=MAX_DEPTH, max_size=MAX_DEPTH), st.sampled_from([1, None, "[[[", "{"]))
def test_as_many_levels_as_are_allowed_pass_and_one_more_does_not(kinds, leaf):
    value = nested(kinds, leaf)
    assert bounded(value, 10_000) is value
    for outer in ([value], {"a": value}, {"a": 1, "b": [], "c": value}):
        with pytest.raises(TooDeep):
            bounded(outer, 10_000)


def test_an_empty_structure_is_a_level_too():
    for empty in ([], {}):
        bounded(nested(["array"] * (MAX_DEPTH - 1), empty), 10_000)
        with pytest.raises(TooDeep):
            bounded(nested(["array"] * MAX_DEPTH, empty), 10_000)


def test_what_is_too_short_to_be_deep_is_not_looked_into():
    """The shortest that is too deep is one bracket longer on both sides."""
    with pytest.raises(TooDeep):
        bounded(nested(["array"] * MAX_DEPTH, []), 2 * MAX_DEPTH + 2)
    bounded(nested(["array"] * MAX_DEPTH, []), 2 * MAX_DEPTH)


@pytest.mark.parametrize("value", [1, None, "x", [1] * 1000, {str(n): [n] for n in range(1000)}])
def test_wide_values_are_not_deep(value):
    assert bounded(value, 10_000) is value
