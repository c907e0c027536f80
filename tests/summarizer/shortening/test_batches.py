"""What is summarised together, and what its summary is called."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.shortening.batches import batches, names
from summarizer.shortening.conversation import Call, Conversation, Result
from summarizer.shortening.pairs import pairs
from summarizer.shortening.plan import plan
from summarizer.shortening.policy import Policy
from summarizer.shortening.transcript import length
from tests.summarizer.conversations import Maker, assistant, chat, conversations, system, talks, user, work

POLICY = Policy(tokens=6000, turns=40, keep_turns=8, batch_turns=8, batch_characters=10_000)
BOUNDS = st.builds(Policy, batch_turns=st.integers(2, 20), batch_characters=st.sampled_from((1000, 10_000, 100_000)))


@pytest.mark.parametrize(
    ("cuts", "ends"),
    [((), []), ((8,), [8]), ((20,), [8, 16, 20]), ((20, 30), [8, 16, 20, 28, 30]), ((20, 30, 31), [8, 16, 20, 28, 30, 31])],
)
def test_batches_end_at_every_cut_and_at_their_bounds(cuts, ends):
    assert batches(chat(30), cuts, POLICY) == ends


def test_batches_are_bounded_by_what_is_in_them():
    turns = [user("x" * 3000) for _ in range(12)]
    assert batches(turns, (12,), POLICY) == [3, 6, 9, 12]
    assert batches([user("x" * 200_000), user("y"), user("z")], (3,), POLICY) == [3]  # of the first only the ends are shown
    assert batches([user("x" * 5000, "y" * 6000), user("z")], (2,), POLICY) == [1, 2]


def test_a_call_stays_with_its_result():
    assert batches(work(10), (21,), replace(POLICY, batch_turns=4)) == [3, 7, 11, 15, 19, 21]
    large = [assistant(Call("a", "Write", "y" * 9000)), user(Result("a", "x" * 9000)), user("and " * 400), *chat(2)]
    assert batches(large, (8,), replace(POLICY, batch_characters=4000)) == [2, 8]


def test_a_pair_that_is_far_apart_is_parted_in_the_end():
    turns = [assistant(Call("far", "Task", "{}")), *chat(20), user(Result("far", "done"))]
    assert batches(turns, (43,), POLICY) == [8, 16, 24, 32, 43]
    near = [assistant(Call("far", "Task", "{}")), *chat(5), user(Result("far", "done"))]
    assert batches(near, (13,), POLICY) == [13]


@settings(max_examples=150, deadline=None)
@given(talks(longest=40), BOUNDS, st.data())
def test_batches_fill_what_is_cut_and_keep_to_their_bounds(turns, policy, data):
    found = pairs(turns)
    places = [place for place in range(1, len(turns) + 1) if not found.parted(place)]
    cuts = sorted(data.draw(st.sets(st.sampled_from(places), max_size=4)))
    ends = batches(turns, cuts, policy)
    assert ends == sorted(set(ends))
    assert set(cuts) <= set(ends)
    assert ends[-1:] == cuts[-1:]
    for begin, end in pairwise((0, *ends)):
        size = sum(length(turn, policy.batch_characters) for turn in turns[begin:end])
        parts_pair = any(not found.parted(place) for place in range(begin + 1, end))
        if end - begin > 1 and parts_pair:  # it could have been smaller
            assert end - begin <= policy.batch_turns
            assert size <= policy.batch_characters
        assert end - begin <= 2 * policy.batch_turns
    for earlier in range(len(cuts)):
        assert batches(turns, cuts[:earlier], policy) == [end for end in ends if end <= (0, *cuts)[earlier]]


@settings(max_examples=100, deadline=None)
@given(talks(longest=40))
def test_a_conversation_that_grows_keeps_its_batches(turns):
    before = []
    for end in range(1, len(turns) + 1):
        if turns[end - 1].role == "assistant":
            continue
        now = batches(turns[:end], plan(Conversation(turns[:end]), POLICY).cuts, POLICY)
        assert now[: len(before)] == before
        before = now


def test_names_follow_content_and_grow_with_it():
    turns = chat(10)
    long = names(turns, [4, 8, 12], POLICY)
    assert names(turns[:9], [4, 8], POLICY) == long[:2]
    assert names(turns, [8], POLICY) == long[1:2]
    assert len(set(long)) == 3
    assert {len(name) for name in long} == {32}


@pytest.mark.parametrize(
    "other",
    [
        {"model": "claude-sonnet-4.5"},
        {"ratio": 0.2},
        {"batch_turns": 9},
        {"batch_characters": 10_001},
    ],
)
def test_names_tell_what_shapes_a_summary(other):
    turns = chat(4)
    assert names(turns, [4], POLICY) != names(turns, [4], replace(POLICY, **other))


@pytest.mark.parametrize("other", [{"tokens": 9000}, {"keep_turns": 4}, {"seconds": 5}, {"entries": 10}, {"turns": 30}])
def test_names_tell_nothing_of_when_there_is_one(other):
    turns = chat(4)
    assert names(turns, [4], POLICY) == names(turns, [4], replace(POLICY, **other))


def test_what_is_said_by_another_has_another_name():
    one, other, rule = user("yes"), assistant("yes"), system("yes")
    same = [replace(turn, digest=b"same") for turn in (one, other, rule)]
    assert len({names([turn], [1], POLICY)[0] for turn in same}) == 3


def test_what_is_parted_elsewhere_has_another_name():
    parted = [[b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"c", b"ab"], [b"abuc"]]
    found = {names([replace(user("x"), digest=digest) for digest in each], [len(each)], POLICY)[0] for each in parted}
    assert len(found) == len(parted)


@settings(max_examples=100, deadline=None)
@given(st.lists(conversations(longest=8), min_size=2, max_size=6))
def test_different_beginnings_have_different_names(many):
    named = {}
    for conversation in many:
        turns = conversation.turns
        ends = range(1, len(turns) + 1)
        for end, name in zip(ends, names(turns, ends, POLICY), strict=True):
            content = tuple((turn.role, turn.digest) for turn in turns[:end])
            assert named.setdefault(name, content) == content
    assert len(named) == len(set(named.values()))


def test_many_names_are_cheap():
    maker = Maker(1, 5)
    while len(maker.turns) < 2000:
        maker.add("tools")
    ends = batches(maker.turns, [1999], POLICY)
    assert len(set(names(maker.turns, ends, POLICY))) == len(ends) >= 1999 / 8
