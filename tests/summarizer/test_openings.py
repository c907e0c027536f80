"""Openings that were put together already: the same as those that are made, and nobody else's."""

import asyncio
from dataclasses import replace

import pytest

from summarizer import openings
from summarizer.openings import Openings
from summarizer.shortening.assembly import assemble
from summarizer.shortening.conversation import Conversation
from summarizer.shortening.policy import Policy
from summarizer.shortening.summary import Summary
from tests.summarizer.conversations import assistant, system, user

POLICY = Policy(tokens=10_000)
TURNS = [
    user("fix the parser"),
    assistant("done"),
    system("be brief"),
    user("and the tests"),
    assistant("we decided on pytest"),
    user("go on"),
]
SUMMARY = Summary(b"name", 5, ("the parser was fixed",))


@pytest.fixture
def counted(monkeypatch):
    """How many were made."""
    made = []

    def counting(*args):
        made.append(args)
        return assemble(*args)

    monkeypatch.setattr(openings, "assemble", counting)
    return made


def made(conversation, summary=SUMMARY, policy=POLICY):
    return assemble(conversation, summary.turns, summary.sections, policy)


async def test_it_is_made_once_and_counts_what_is_kept_each_time(counted):
    cache = Openings()
    for more in range(3):
        conversation = Conversation([*TURNS, *[user("more")] * more], overhead=100 * more)
        assert await cache.assemble("k", conversation, SUMMARY, POLICY) == made(conversation)
    assert len(counted) == 1


@pytest.mark.parametrize(
    ("key", "turns", "room", "summary", "policy"),
    [
        ("other", TURNS, 0, SUMMARY, POLICY),
        ("k", [*TURNS[:5], assistant("as I said")], 0, SUMMARY, POLICY),
        ("k", TURNS, 5_000, SUMMARY, POLICY),
        ("k", TURNS, 0, replace(SUMMARY, sections=("shorter",)), POLICY),
        ("k", TURNS, 0, replace(SUMMARY, name=b"other"), POLICY),
        ("k", TURNS, 0, SUMMARY, Policy(tokens=20_000)),
    ],
)
async def test_what_would_be_another_is_made_anew(counted, key, turns, room, summary, policy):
    cache = Openings()
    await cache.assemble("k", Conversation(TURNS), SUMMARY, POLICY)
    conversation = Conversation(turns, 0, room)
    assert await cache.assemble(key, conversation, summary, policy) == made(conversation, summary, policy)
    assert len(counted) == 2


async def test_of_all_the_longest_unused_go(counted):
    size = sum(len(part.text) for turn in made(Conversation(TURNS)).opening for part in turn.parts)
    cache = Openings(room=2 * size + 10)

    async def ask(key):
        before = len(counted)
        await cache.assemble(key, Conversation(TURNS), SUMMARY, POLICY)
        return len(counted) == before

    assert [await ask(key) for key in ("a", "b", "a", "c", "a", "b")] == [False, False, True, False, True, False]
    assert cache._size <= 2 * size + 10


async def test_what_is_larger_than_all_room_is_not_kept(counted):
    cache = Openings(room=10)
    for _ in range(2):
        assert await cache.assemble("k", Conversation(TURNS), SUMMARY, POLICY) == made(Conversation(TURNS))
    assert (len(counted), cache._size) == (2, 0)


async def test_long_ones_hold_up_nobody_and_two_at_once_count_once(counted, monkeypatch):
    monkeypatch.setattr(openings, "THREAD_TOKENS", 1)
    cache = Openings()
    asked = [cache.assemble("k", Conversation(TURNS), SUMMARY, POLICY) for _ in range(2)]
    assert await asyncio.gather(*asked) == [made(Conversation(TURNS))] * 2
    assert len(cache._made) == 1
    assert cache._size == next(iter(cache._made.values())).size
