from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.ceiling import FEWEST, HOUR, ROOM, RUN, Ceiling, lasting, lowered, served

NOW = 1000.0


def test_three_quarters_of_what_was_under_way_and_never_less_than_two():
    assert lowered(None, 9, NOW) == Ceiling(6, 13, NOW)
    assert [lowered(None, count, NOW).limit for count in (2, 3, 4)] == [2, 2, 3]
    assert lowered(Ceiling(2, 9, NOW), 20, NOW).limit == 2, "only if it is lower"
    assert lowered(Ceiling(8, 20, NOW), 8, NOW).limit == 6


def test_a_request_that_was_alone_tells_nothing_of_how_many_are_too_many():
    before = Ceiling(5, 9, NOW - 60)
    assert [lowered(None, count, NOW) for count in (0, 1)] == [None, None]
    assert lowered(before, 1, NOW) is before


def test_it_grows_by_one_after_each_run_and_goes_once_more_than_then_was_shown_to_go_well():
    ceiling = lowered(None, 4, NOW)
    limits = []
    for number in range(1, 1000):
        ceiling = served(ceiling, NOW + 1)
        if ceiling is None:
            break
        if number % RUN == 0:
            limits.append(ceiling.limit)
    assert limits == [4, 5, 6, 7, 8]
    assert number == RUN * 6


def test_it_goes_after_a_quiet_hour():
    ceiling = lowered(None, 4, NOW)
    assert lasting(ceiling, NOW + HOUR - 1) is ceiling
    assert lasting(ceiling, NOW + HOUR) is None
    assert served(ceiling, NOW + HOUR) is None


@given(st.lists(st.one_of(st.none(), st.integers(0, 50)), max_size=80))
def test_it_is_always_two_places_at_least_and_never_above_its_bound(events):
    ceiling = None
    for event in events:
        if event is not None:
            before, ceiling = ceiling, lowered(ceiling, event, NOW)
            assert before is None or ceiling.limit <= before.limit
            assert before is not None or (ceiling is None) == (event < FEWEST)
        elif ceiling is not None:
            ceiling = served(ceiling, NOW)
        assert ceiling is None or FEWEST <= ceiling.limit <= ceiling.bound
        assert ceiling is None or ceiling.bound >= ROOM
