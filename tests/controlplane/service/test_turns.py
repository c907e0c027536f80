"""How often somebody may try to get in."""

import pytest

from controlplane.domain.user import Origin, Refused, Role, SignedIn
from controlplane.policy.guesses import ADDRESSES, COOKIES, GUESSES, NAMED, Names
from controlplane.service.administration import Attempt
from controlplane.service.users import Crowded
from tests.controlplane.fakes import PASSWORD

SECRET = "twelve letters and more"
HOME = Origin("192.0.2.1", "192.0.2.1")
AWAY = Origin("192.0.2.2", "192.0.2.2")


@pytest.fixture
async def door(world):
    await world.door.administration.load()
    return world.door


def many(count):
    """As many addresses, each of its own network."""
    return [Origin(f"198.51.{number // 250}.{number % 250}", f"198.51.{number // 250}.{number % 250}") for number in range(count)]


async def sign_in(door, name, password, origin):
    return await door.administration.sign_in(Attempt(name, password), origin)


async def guessed(door, name):
    """Wrong passwords from many networks, until they are not looked at any more; how many were."""
    said = [await sign_in(door, name, f"wrong {number}", origin) for number, origin in enumerate(many(2 * NAMED))]
    return sum(one.code == "wrong_credentials" for one in said)


@pytest.mark.parametrize("name", ["eve", "nobody"])
async def test_one_name_is_not_guessed_from_many_networks(world, door, name):
    await door.users.create("eve", SECRET, Role.VIEWER)
    assert await guessed(door, name) == NAMED
    refused = await sign_in(door, name.upper(), SECRET, AWAY)
    assert (refused.code, 0 < refused.wait <= 60) == ("too_many_attempts", True)
    assert isinstance(await sign_in(door, "admin", PASSWORD, AWAY), SignedIn)
    world.clock.time += 61
    assert (await sign_in(door, name, "wrong", AWAY)).code == "wrong_credentials"


async def test_who_was_there_before_is_not_locked_out_by_it(door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    eve = await sign_in(door, "eve", SECRET, HOME)
    await guessed(door, "eve")
    assert isinstance(await sign_in(door, "eve", SECRET, HOME), SignedIn)
    assert not isinstance(await door.administration.cookie(eve.cookie, AWAY), Refused)
    for _ in range(GUESSES):
        await sign_in(door, "eve", "wrong", HOME)
    assert (await sign_in(door, "eve", SECRET, HOME)).code == "too_many_attempts", "but its address is counted as ever"


async def test_the_built_in_administrator_too_however_it_comes(door):
    said = [await door.administration.bearer(f"wrong {number}", origin) for number, origin in enumerate(many(NAMED + 1))]
    assert [one.code for one in said[-2:]] == ["unauthenticated", "too_many_attempts"]
    assert (await sign_in(door, "admin", PASSWORD, AWAY)).code == "too_many_attempts"


async def test_forged_cookies_keep_nobody_from_signing_in(world, door):
    for number in range(COOKIES):
        assert (await door.administration.cookie(f"forged {number}", HOME)).code == "unauthenticated"
    assert (await door.administration.cookie("one more", HOME)).code == "too_many_attempts"
    assert world.door_stores.sessions.found == COOKIES
    assert isinstance(await sign_in(door, "admin", PASSWORD, HOME), SignedIn)


async def test_a_crowd_is_sent_away_and_counted_for_nobody(world, door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    who = (await sign_in(door, "eve", SECRET, HOME)).who
    door.passwords.give(None)
    await door.users.set_password(door.users.admin, SECRET, "new")
    hashes = world.door_stores.hashes
    quick = hashes.matches

    async def crowded(_hashed, _password):
        raise Crowded

    hashes.matches = crowded
    for _ in range(2 * GUESSES):
        for said in (
            await sign_in(door, "eve", SECRET, HOME),
            await door.administration.bearer(SECRET, HOME),
            await door.administration.change_password(who, SECRET, SECRET + "!", HOME),
        ):
            assert (said.code, said.wait) == ("too_many_attempts", 1.0)
    hashes.matches = quick
    assert isinstance(await sign_in(door, "eve", SECRET, HOME), SignedIn)


def test_so_many_known_addresses_are_remembered_and_not_more():
    names = Names()
    for number in range(ADDRESSES + 1):
        names.right("eve", str(number))
    for _ in range(NAMED):
        names.wrong("eve", 0.0)
    assert [names.wait("eve", address, 0.0) for address in ("1", str(ADDRESSES))] == [0.0, 0.0]
    assert names.wait("eve", "0", 1.0) == 59.0
