"""Credentials for scripts."""

import re

import pytest

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.user import Origin, Refused, Role
from controlplane.service.tokens import USED_EVERY, TokenDraft
from tests.controlplane.fakes import NOW

HERE = Origin("192.0.2.1", "192.0.2.1")


@pytest.fixture
async def door(world):
    await world.door.administration.load()
    return world.door


async def test_a_token_opens_and_is_stored_as_a_hash(world, door):
    token, secret = await door.tokens.create(TokenDraft("ci", Role.VIEWER), "admin")
    assert re.fullmatch(r"hg-[0-9a-f]{48}", secret)
    assert secret.startswith(token.prefix)
    assert (token.created_by, token.created_at) == ("admin", int(NOW))
    assert secret not in repr(world.door_stores.tokens.stored) + repr(token)
    assert token.digest not in repr(token)
    who = await door.administration.bearer(secret, HERE)
    assert (who.name, who.role, who.user) == ("token:ci", Role.VIEWER, None)
    assert isinstance(await door.administration.bearer(secret[:-1], HERE), Refused)


async def test_what_a_token_may_be(door):
    await door.tokens.create(TokenDraft("ci", Role.VIEWER), "admin")
    with pytest.raises(Duplicate):
        await door.tokens.create(TokenDraft("CI", Role.ADMIN), "admin")
    for draft, field in ((TokenDraft("", Role.ADMIN), "name"), (TokenDraft("x", Role.ADMIN, int(NOW)), "expiresAt")):
        with pytest.raises(Invalid) as caught:
            await door.tokens.create(draft, "admin")
        assert caught.value.field == field


async def test_one_that_expired_says_so_and_is_no_guess(world, door):
    _, secret = await door.tokens.create(TokenDraft("ci", Role.ADMIN, int(NOW) + 10), "admin")
    assert not isinstance(await door.administration.bearer(secret, HERE), Refused)
    world.clock.time += 10
    for _ in range(30):
        refused = await door.administration.bearer(secret, HERE)
        assert (refused.code, refused.message) == ("unauthenticated", "this token has expired")
    assert len(door.tokens.list()) == 1


async def test_its_use_is_noted_once_a_minute_and_by_nobody_who_waits(world, door):
    _, secret = await door.tokens.create(TokenDraft("ci", Role.ADMIN), "admin")
    touched = world.door_stores.tokens.touched
    await door.administration.bearer(secret, HERE)
    assert touched == []
    await world.idle()
    for _ in range(4):
        world.clock.time += USED_EVERY / 2
        await door.administration.bearer(secret, HERE)
        await world.idle()
    assert touched == [int(NOW), int(NOW) + 60, int(NOW) + 120]
    assert door.tokens.list()[0].used_at == int(NOW) + 120


async def test_a_removed_one_opens_nothing(world, door):
    token, secret = await door.tokens.create(TokenDraft("ci", Role.ADMIN), "admin")
    assert await door.tokens.remove(token.id) == token
    assert isinstance(await door.administration.bearer(secret, HERE), Refused)
    with pytest.raises(Absent):
        await door.tokens.remove(token.id)


async def test_one_that_another_control_plane_removed_opens_nothing_soon(world, door):
    token, secret = await door.tokens.create(TokenDraft("ci", Role.ADMIN), "admin")
    await world.door_stores.tokens.remove(token.id)
    await door.administration.reload()
    assert isinstance(await door.administration.bearer(secret, HERE), Refused)
