"""A number that never comes is a lost outcome; one that comes late, twice or out of order is none."""

from hypothesis import given
from hypothesis import strategies as st

from controlplane.service import sequences as module
from controlplane.service.sequences import PATIENCE, QUIET, Sequences

LATER = PATIENCE + 1


def told(*numbers, through=None):
    seen = Sequences()
    if through is not None:
        seen.hello("a", through, 0)
    for number in numbers:
        seen.seen("a", number, 0)
    return seen


def test_a_gap_counts_once_it_has_stood():
    seen = told(1, 2, 5, 6)
    assert seen.missing(PATIENCE) == 0
    assert seen.missing(LATER) == 2
    seen.seen("a", 4, LATER)
    seen.seen("a", 3, LATER)
    assert seen.missing(LATER * 3) == 0


def test_a_restarted_control_plane_begins_where_the_data_plane_says():
    assert told(8, 9, through=6).missing(LATER) == 1
    assert told(8, 9).missing(LATER) == 0
    # What was acknowledged to somebody else is not missing.
    seen = told(1, 5)
    seen.hello("a", 5, 0)
    assert seen.missing(LATER) == 0


def test_data_planes_count_apart_and_are_forgotten_when_they_are_silent():
    seen = told(1, 3)
    seen.seen("b", 1, 0)
    seen.seen("b", 4, 0)
    assert seen.missing(LATER) == 3
    seen.seen("b", 5, QUIET)
    seen.forget(QUIET + 1)
    assert seen.missing(QUIET + LATER + 1) == 2


def test_numbers_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST", 10)
    seen = told(1, *range(10, 30))
    assert seen.missing(0) == 8  # taken as lost for good
    assert seen.missing(LATER) == 8


def test_outcomes_without_a_number_say_nothing():
    assert told(0, 0).missing(LATER) == 0


@given(st.permutations(range(1, 20)), st.sets(st.integers(1, 19)), st.data())
def test_whatever_the_order_only_what_never_came_is_missing(order, lost, data):
    seen = told(through=0)
    sent = [number for number in order if number not in lost]
    for number in sent + data.draw(st.lists(st.sampled_from(sent), max_size=5) if sent else st.just([])):
        seen.seen("a", number, 0)
    highest = max(sent, default=0)
    assert seen.missing(LATER) == sum(1 for number in lost if number < highest)
