"""Limits as trees."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.limits import MILLION, NO_LIMITS, Caps, Limits, Period, Unit
from controlplane.service import limiting

CAP = st.none() | st.integers(0, 10**11)
CAPS = st.builds(Caps, CAP, CAP, CAP, CAP)
LIMITS = st.builds(Limits, CAPS, CAPS, CAPS, st.none() | st.integers(1, 100))
LEAVES = st.none() | st.dictionaries(st.sampled_from([period.value for period in Period]), CAP)
TREES = st.none() | st.fixed_dictionaries(
    {}, optional={"requests": LEAVES, "tokens": LEAVES, "credits": LEAVES, "concurrency": st.none() | st.integers(1, 100)}
)


@given(LIMITS, TREES)
def test_what_is_named_changes_and_nothing_else(before, named):
    after = limiting.merged(before, named)
    for unit in Unit:
        for period in Period:
            expected = getattr(getattr(before, unit), period)
            if named is None or (unit in named and named[unit] is None):
                expected = None
            elif period in named.get(unit, {}):
                expected = named[unit][period]
            assert getattr(getattr(after, unit), period) == expected
    assert after.concurrency == (None if named is None else named.get("concurrency", before.concurrency))


@given(LIMITS)
def test_a_whole_tree_makes_the_limits_themselves(limits):
    assert limiting.merged(NO_LIMITS, asdict(limits)) == limits
    assert limiting.merged(limits, None) == NO_LIMITS


@given(LIMITS)
def test_only_what_is_set_is_shown(limits):
    shown = limiting.shown(limits)
    for unit in Unit:
        caps = {period: cap for period, cap in asdict(getattr(limits, unit)).items() if cap is not None}
        assert {period: round(cap * MILLION) if unit is Unit.CREDITS else cap for period, cap in shown.get(unit, {}).items()} == caps
    assert shown.get("concurrency") == limits.concurrency
    assert {} not in shown.values()


def test_a_limit_of_nothing_is_a_limit():
    limits = limiting.merged(NO_LIMITS, {"requests": {"day": 0}})
    limiting.check(limits)
    assert limiting.shown(limits) == {"requests": {"day": 0}}
