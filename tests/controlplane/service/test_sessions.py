"""Browsers that are signed in."""

import asyncio

import pytest

from controlplane.domain.errors import Absent
from controlplane.domain.user import Origin, Refused
from controlplane.policy.guesses import COOKIES
from controlplane.service.administration import Attempt
from controlplane.service.sessions import IDLE_SECONDS, LONGEST_SECONDS, SEEN_EVERY
from tests.controlplane.fakes import PASSWORD

HERE = Origin("192.0.2.1", "192.0.2.1", "Browser/1\x1b[31m" + "x" * 300)


@pytest.fixture
async def door(world):
    await world.door.administration.load()
    return world.door


@pytest.fixture
async def opened(door):
    return await door.administration.sign_in(Attempt("admin", PASSWORD), HERE)


async def test_what_is_stored_of_one(world, door, opened):
    stored = world.door_stores.sessions.stored[opened.session.id]
    assert len(opened.cookie) >= 43
    assert opened.cookie not in repr(vars(world.door_stores.sessions))
    assert stored.digest == world.vault.digest("session", opened.cookie)
    assert stored.agent.isprintable()
    assert len(stored.agent) == 200
    assert opened.who.csrf == world.vault.digest("csrf", opened.cookie)


async def test_one_that_is_not_used_ends(world, door, opened):
    world.clock.time += IDLE_SECONDS - 1
    assert await door.administration.cookie(opened.cookie, HERE)
    world.clock.time += IDLE_SECONDS - 1
    assert not isinstance(await door.administration.cookie(opened.cookie, HERE), Refused)
    world.clock.time += IDLE_SECONDS
    assert isinstance(await door.administration.cookie(opened.cookie, HERE), Refused)
    assert door.sessions.list() == ()


async def test_one_that_is_used_ends_after_a_week(world, door, opened):
    for _ in range(7):
        world.clock.time += IDLE_SECONDS - 1
        assert not isinstance(await door.administration.cookie(opened.cookie, HERE), Refused)
    assert door.sessions.expires_at(door.sessions.list()[0]) == opened.session.created_at + LONGEST_SECONDS
    world.clock.time += 8
    assert isinstance(await door.administration.cookie(opened.cookie, HERE), Refused)


async def test_its_use_is_noted_once_a_minute_and_by_nobody_who_waits(world, door, opened):
    stored = world.door_stores.sessions.stored
    begun = opened.session.created_at
    for _ in range(3):
        world.clock.time += SEEN_EVERY / 3
        await door.administration.cookie(opened.cookie, HERE)
    assert stored[opened.session.id].seen_at == begun
    await world.idle()
    assert stored[opened.session.id].seen_at == begun + SEEN_EVERY
    assert world.door_stores.users.stored["usr_admin"].seen_at == begun + SEEN_EVERY


async def test_one_that_another_control_plane_opened_is_found(world, door, opened):
    door.sessions._by_digest.clear()
    who = await door.administration.cookie(opened.cookie, HERE)
    assert who.session.id == opened.session.id
    assert world.door_stores.sessions.found == 1
    await door.administration.cookie(opened.cookie, HERE)
    assert world.door_stores.sessions.found == 1


async def test_unknown_cookies_do_not_hammer_the_database(world, door):
    for _ in range(30):
        assert isinstance(await door.administration.cookie("the same", HERE), Refused)
    assert world.door_stores.sessions.found == 1
    said = [await door.administration.cookie(f"other {number}", HERE) for number in range(COOKIES + 20)]
    assert world.door_stores.sessions.found == COOKIES
    assert said[-1].code == "too_many_attempts"
    many = await asyncio.gather(*(door.administration.cookie(f"more {number}", Origin("a", "a")) for number in range(COOKIES + 20)))
    assert world.door_stores.sessions.found == 2 * COOKIES
    assert {one.code for one in many} == {"unauthenticated", "too_many_attempts"}


async def test_who_is_throttled_but_signed_in_goes_on(door, opened):
    for _ in range(11):
        await door.administration.bearer("wrong", HERE)
    assert (await door.administration.bearer("wrong", HERE)).code == "too_many_attempts"
    assert not isinstance(await door.administration.cookie(opened.cookie, HERE), Refused)


async def test_an_ended_one_is_no_guess(world, door, opened):
    """A browser that still has its cookie may ask often, and sign in after that."""
    await door.sessions.end(opened.session.id)
    for _ in range(30):
        assert (await door.administration.cookie(opened.cookie, HERE)).code == "unauthenticated"
    assert not isinstance(await door.administration.sign_in(Attempt("admin", PASSWORD), HERE), Refused)


async def test_ending_one_leaves_the_others(world, door, opened):
    other = await door.administration.sign_in(Attempt("admin", PASSWORD), HERE)
    await door.sessions.end(opened.session.id)
    assert [session.id for session in door.sessions.list()] == [other.session.id] == [*world.door_stores.sessions.stored]
    with pytest.raises(Absent):
        door.sessions.get(opened.session.id)


async def test_those_that_ended_are_deleted(world, door, opened):
    world.clock.time += IDLE_SECONDS - 10
    kept = await door.administration.sign_in(Attempt("admin", PASSWORD), HERE)
    world.clock.time += 10
    await door.sessions.prune()
    assert [*world.door_stores.sessions.stored] == [kept.session.id]
    assert door.sessions.find(kept.cookie)


async def test_reading_anew_keeps_when_it_was_seen(world, door, opened):
    world.clock.time += 100
    await door.administration.cookie(opened.cookie, HERE)
    await door.administration.reload()
    assert door.sessions.list()[0].seen_at == opened.session.created_at + 100
