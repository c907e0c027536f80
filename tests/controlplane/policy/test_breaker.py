"""Every transition of the breaker's table, and what it keeps out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.breaker import FORGIVEN_AFTER, TRANSITIONS, Breaker, Event, State, Step, longest, obstacle, state, step, strikes

NOW = 1000.0
DOCS = Path(__file__).parents[3] / "docs" / "scheduling.md"


def breaker(until=NOW + 10, probe="", model="", cause="throttled", count=1):
    return Breaker(cause, model, "why", NOW - 5, until, count, probe=probe)


STATES = {
    State.CLOSED: None,
    State.OPEN: breaker(),
    State.HALF_OPEN: breaker(until=NOW),
    State.PROBING: breaker(until=NOW, probe="ls_1"),
}
KEEP, PROLONG, REOPEN, CLOSE, FREE = Step.KEEP, Step.PROLONG, Step.REOPEN, Step.CLOSE, Step.FREE
EXPECTED = {
    # fault, served, the probe's fault, its success, its silence
    State.CLOSED: (Step.OPEN, KEEP, KEEP, KEEP, KEEP),
    State.OPEN: (PROLONG, KEEP, KEEP, KEEP, KEEP),
    State.HALF_OPEN: (PROLONG, KEEP, REOPEN, CLOSE, FREE),
    State.PROBING: (PROLONG, KEEP, REOPEN, CLOSE, FREE),
}


@pytest.mark.parametrize("there", State)
@pytest.mark.parametrize("event", Event)
def test_every_transition(there, event):
    assert state(STATES[there], NOW) is there
    assert step(STATES[there], event, NOW) is EXPECTED[there][list(Event).index(event)]


def test_the_table_is_whole():
    assert set(TRANSITIONS) == set(State)
    assert all(set(row) == set(Event) for row in TRANSITIONS.values())


# How docs/scheduling.md tells a step; what cannot happen is left empty there.
WORDS = {
    "opens": Step.OPEN,
    "stays": KEEP,
    "stays; later if the upstream asks for it": PROLONG,
    "opens, for longer": REOPEN,
    "closes": CLOSE,
    "the next one tries": FREE,
}


def test_the_documentation_tells_these_transitions():
    rows = {}
    for line in DOCS.read_text().splitlines():
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for there in State:
            if name.split(":")[0] == there.value.replace("-", " ") and len(cells) == len(Event):
                rows[there] = cells
    assert set(rows) == set(State)
    for there, cells in rows.items():
        for event, cell in zip(Event, cells, strict=True):
            assert cell or TRANSITIONS[there][event] is KEEP, (there, event)
            assert not cell or WORDS[cell] is TRANSITIONS[there][event], (there, event)


def test_a_healed_breaker_is_probed_while_it_is_open():
    healed = breaker(until=NOW + 99, probe="ls_1")
    assert state(healed, NOW) is State.PROBING
    assert step(healed, Event.PROBE_SERVED, NOW) is CLOSE


def test_whose_probe_it_is():
    one = breaker(probe="ls_1")
    one.overdue = ("ls_0",)
    assert [one.tried_by(lease_id) for lease_id in ("ls_1", "ls_0", "ls_2", "")] == [True, True, False, False]
    assert not breaker().tried_by("")


def table(*breakers):
    return {(one.cause, one.model): one for one in breakers}


def test_what_keeps_a_request_out():
    short, long = breaker(until=NOW + 5), breaker(until=NOW + 50, cause="forbidden")
    assert obstacle({}, "m", NOW) is None
    assert obstacle(table(short, long), "m", NOW) is long
    assert obstacle(table(short), "m", NOW + 5) is None, "half open: it may try"
    probed = breaker(until=NOW, probe="ls_1")
    assert obstacle(table(probed), "m", NOW) is probed
    assert obstacle(table(breaker(model="other")), "m", NOW) is None
    own = breaker(model="m")
    assert obstacle(table(own), "m", NOW) is own


def test_how_an_account_stands_is_told_by_the_longest_of_its_own():
    whole, model = breaker(until=NOW + 5), breaker(until=NOW + 500, model="m")
    assert longest(table(whole, model)) is whole
    assert longest(table(model)) is None


def test_strikes_are_forgiven_some_time_after_the_rest_and_not_within_it():
    one = breaker(until=NOW, count=3)
    assert strikes(None, NOW) == 0
    assert strikes(one, NOW - 300) == 3
    assert strikes(one, NOW + FORGIVEN_AFTER) == 3
    assert strikes(one, NOW + FORGIVEN_AFTER + 1) == 0


@given(
    st.lists(st.builds(breaker, until=st.floats(NOW - 50, NOW + 50), model=st.sampled_from(["", "m", "n"]), cause=st.text(max_size=1))),
    st.floats(0, 100),
)
def test_none_keeps_anybody_out_for_ever(breakers, later):
    found = table(*breakers)
    assert obstacle(found, "m", NOW + 50 + later) is None
