"""Where conversations are cut, and that they are cut there again when they have grown."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summarizer.shortening.assembly import made
from summarizer.shortening.conversation import Call, Conversation, Result
from summarizer.shortening.lengths import lengths
from summarizer.shortening.plan import Plan, plan
from summarizer.shortening.policy import Policy
from tests.summarizer.conversations import KINDS, Maker, assistant, chat, conversations, loose, prompt_faults, system, talks, user, work

POLICIES = st.builds(
    Policy,
    tokens=st.sampled_from((0, 4000, 6000, 10_000)),
    turns=st.sampled_from((20, 40, 200)),
    keep_turns=st.sampled_from((4, 10, 30, 100)),
    tool_lookback=st.integers(4, 20),
    only_to_fit=st.sampled_from((False, False, False, True)),
)
SMALL = Policy(tokens=10_000, turns=2000, keep_turns=10, tool_lookback=8)
MANY = settings(max_examples=400, deadline=None)


def cuts(turns, policy=SMALL, overhead=0, room=0):
    return list(plan(Conversation(turns, overhead, room), policy).cuts)


def opening(turns, boundary, tokens):
    """What takes the place of a beginning, with a summary of that length."""
    summary = replace(made("user", "what was said"), tokens=tokens)
    spoken = [] if turns[boundary].role == "assistant" else [replace(made("assistant", "yes"), tokens=0)]
    return [*(one for one in turns[:boundary] if one.role == "system"), summary, *spoken]


def test_nothing_is_cut_from_what_is_short():
    assert cuts([]) == []
    assert cuts(chat(40)) == []  # 8100 tokens
    assert Plan(()).boundary == 0
    assert Plan((4, 8)).boundary == 8


def test_what_is_long_is_cut_before_its_latest_turns():
    turns = chat(60)
    # 10 100 tokens stand when turn 101 does: 10 of them stay, and the cut falls on a question, not on an answer.
    assert cuts(turns) == [90]
    assert turns[90].role == "user"


def test_many_turns_are_cut_as_well():
    policy = replace(SMALL, turns=60)
    assert cuts(chat(60, tokens=50), policy) == [50, 98]
    assert cuts(chat(60, tokens=5), policy) == []  # nothing is gained


def test_cuts_that_gain_little_wait():
    # What stays is longer than the threshold by itself: a quarter of that has to come before it is cut again.
    assert cuts(chat(20, tokens=1500)) == [4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
    assert cuts(chat(20, tokens=1200)) == [4, 8, 12, 16, 20, 24, 28]
    # More stay than there should be: a quarter of these.
    assert cuts(chat(40, tokens=120), Policy(tokens=10_000, turns=20, keep_turns=30)) == [18, 26, 34, 42, 50]


def test_instructions_of_the_system_count():
    policy = replace(SMALL, turns=60)
    turns = [*(system("rule", tokens=1) for _ in range(20)), *chat(60, tokens=50)]
    assert cuts(turns, policy) == [60, 88, 116]


def test_prompt_and_tools_count():
    assert cuts(chat(30), overhead=2000) == []
    assert cuts(chat(40), overhead=2000) == [70]
    # A little more or less of them changes nothing.
    assert cuts(chat(40), overhead=1) == cuts(chat(40), overhead=2047) == cuts(chat(40), overhead=2048)


def test_cuts_stay_where_they_are_when_the_prompt_changes_a_little():
    """With every size of it but a few, and none of these is a usual one."""
    said, policy = chat(300, tokens=200), Policy(tokens=20_000)
    moved = [overhead for overhead in range(100, 12_000, 100) if cuts(said, policy, overhead) != cuts(said, policy, overhead + 100)]
    assert len(moved) <= 5


@pytest.mark.parametrize(("room", "at"), [(0, 100_000), (40_000, 20_000), (400_000, 200_000)])
def test_the_threshold_is_half_of_the_room(room, at):
    policy = Policy(turns=10_000)
    per_turn = at // 100
    assert cuts(chat(49, tokens=per_turn), policy, room=room) == []
    assert cuts(chat(51, tokens=per_turn), policy, room=room) != []


def test_cuts_stay_where_they_are_when_the_answer_needs_more():
    said = chat(200, tokens=200)
    assert len({tuple(cuts(said, Policy(tokens=20_000), room=room)) for room in (39_000, 36_000, 30_000, 24_000)}) == 1


def test_what_need_only_fit_is_left_alone_while_it_does():
    policy = replace(SMALL, only_to_fit=True)
    assert cuts(chat(60), policy, room=14_000) == []
    assert cuts(chat(70), policy, room=14_000) != []
    assert cuts(chat(70), policy) == []


def test_what_must_fit_keeps_fewer_turns():
    turns = [*chat(60, tokens=20), *(one for n in range(4) for one in (assistant(f"{n}", tokens=10), user(f"q{n}", tokens=2500)))]
    boundary = plan(Conversation(turns, room=10_000), replace(SMALL, keep_turns=100)).boundary
    assert len(turns) - boundary in range(4, 10)


def test_what_must_fit_leaves_room_for_the_next_turns():
    policy = replace(SMALL, only_to_fit=True, keep_turns=60)
    # 60 turns and a summary would fit, but a few turns later no more.
    assert cuts(chat(40, tokens=100), policy, room=8000) == [42]


def test_what_cannot_fit_is_not_cut():
    huge = [*chat(10), assistant("well"), user("all of it", tokens=50_000)]
    assert cuts(huge, room=20_000) == []
    # Once it lies behind, it can.
    assert cuts([*huge, assistant("read", tokens=10), *chat(3)], room=20_000) == [23]


def test_cuts_spare_tool_work():
    turns = [*chat(40), *work(10)]  # work begins at turn 81
    policy = replace(SMALL, keep_turns=14, tool_lookback=8)
    assert cuts(turns, policy) == [81]
    # Where it has gone on for longer than one looks back, it is cut between a result and the next call.
    (cut,) = cuts([*chat(40), *work(20)], replace(policy, keep_turns=4))
    assert cut > 81
    assert turns[cut].calls


def test_a_call_is_never_parted_from_its_result():
    turns = work(60)
    (cut,) = cuts(turns)
    assert turns[cut].calls
    held = [turns[0], assistant(Call("far", "Task", "{}"), tokens=100), *turns[1:], user(Result("far", "done"), tokens=100)]
    assert cuts(held) == []


def test_calls_that_wait_for_their_results_stay():
    policy = replace(SMALL, tokens=4000, keep_turns=4)
    waits = [*chat(20), assistant(Call("a", "Bash", "{}"), Call("b", "Bash", "{}"), tokens=100)]
    meanwhile = [user(Result("a", "done"), tokens=100), *(user(f"{n}", tokens=100) for n in range(60))]
    assert max(cuts([*waits, *meanwhile], policy)) <= 41
    # One that nobody has waited for, since the model has spoken again, does not hold anything up.
    assert max(cuts([*waits, *meanwhile, assistant("never mind", tokens=100), *chat(20)], policy)) > 100


def test_ids_may_repeat():
    turns = [
        one for n in range(80) for one in (assistant(Call("call_1", "Bash", "{}"), tokens=100), user(Result("call_1", f"{n}"), tokens=100))
    ]
    assert cuts([user("go", tokens=100), *turns]) != []


def test_instructions_of_the_system_are_no_gain():
    turns = [user("go", tokens=10), *(system(f"rule {n}", tokens=300) for n in range(40)), *chat(5)]
    assert cuts(turns) == []
    ruled = [system("rule", tokens=10), *work(8, tokens=1000)]
    assert cuts(ruled, replace(SMALL, keep_turns=4, tool_lookback=20)) == [8, 14]


@pytest.mark.parametrize("keep", [4, 5, 6, 7])
def test_the_kept_part_never_begins_with_the_system(keep):
    rounds = ((*work(1, tokens=300)[1:], system("rule", tokens=1)) for _ in range(40))
    turns = [user("go", tokens=300), *(one for some in rounds for one in some)]
    found = cuts(turns, replace(SMALL, keep_turns=keep))
    assert found
    assert {turns[cut].role for cut in found} == {"assistant"}


def test_an_answer_that_the_client_began_is_cut_only_to_fit():
    begun = [*chat(48), assistant("so", tokens=3000)]
    assert cuts(begun) == []
    assert cuts(begun, room=12_000) == [*cuts(begun[:-1], room=12_000), 88]


@MANY
@given(conversations(), POLICIES)
def test_no_cut_makes_a_conversation_invalid(conversation, policy):
    turns = conversation.turns
    found = cuts(turns, policy, conversation.overhead, conversation.room)
    assert found == sorted(set(found))
    before = prompt_faults(turns)
    for cut in found:
        assert 0 < cut < len(turns)
        assert any(one.role != "system" for one in turns[:cut])
        assert turns[cut].role != "system"
        sent = [*opening(turns, cut, 500), *turns[cut:]]
        assert next(one for one in sent if one.role != "system").role == "user"
        for was, now in zip(loose(turns), loose(sent), strict=True):
            assert now <= was
        assert prompt_faults(sent) <= before


@MANY
@given(conversations(odd=False, longest=120), POLICIES, st.floats(0.1, 1))
def test_what_is_shortened_is_short(conversation, policy, share):
    boundary = plan(conversation, policy).boundary
    if not boundary:
        return
    whole = lengths(policy, conversation.room).whole
    replaced = sum(one.tokens for one in conversation.turns[:boundary] if one.role != "system")
    summary = int(min(whole, replaced) * share)  # never longer than what it stands for, as assembly sees to
    shorter = replace(conversation, turns=[*opening(conversation.turns, boundary, summary), *conversation.turns[boundary:]])
    assert plan(shorter, policy).cuts == ()


@settings(max_examples=100, deadline=None)
@given(talks(longest=50), POLICIES, st.sampled_from((0, 6000, 30_000)))
def test_a_conversation_that_grows_is_cut_where_it_was(turns, policy, room):
    before = []
    for end in range(1, len(turns) + 1):
        if turns[end - 1].role == "assistant":
            continue
        now = cuts(turns[:end], policy, room=room)
        assert now[: len(before)] == before
        assert len(now) <= len(before) + 1
        before = now


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((4, 10, 30, 100)))
def test_cuts_are_rare(seed, keep):
    maker = Maker(seed, 30)
    for _ in range(500):
        maker.add(maker.chance.choice(KINDS))
    policy = Policy(tokens=20_000, turns=200, keep_turns=keep)
    found = cuts(maker.turns, policy)
    total = sum(one.tokens for one in maker.turns)
    assert 0 < len(found) <= total / (20_000 / 4) + len(maker.turns) / 50 + 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_cuts_that_must_be_made_are_rare_too(seed):
    maker = Maker(seed, 30)
    for _ in range(300):
        maker.add(maker.chance.choice(("plain", "tools", "parallel")))
    found = cuts(maker.turns, Policy(keep_turns=10, only_to_fit=True), room=30_000)
    assert 0 < len(found) <= sum(one.tokens for one in maker.turns) / 5000 + 1
