"""Who may sign in, and whether somebody is who it says."""

import asyncio
import logging

import pyotp
import pytest

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.user import ADMIN_ID, Origin, Refused, Role, SignedIn
from controlplane.policy.guesses import LOCKED_SECONDS, STRIKES
from controlplane.policy.passwords import SHORTEST
from controlplane.service import proving
from controlplane.service.administration import Attempt
from controlplane.service.tokens import TokenDraft
from tests.controlplane.fakes import PASSWORD, World

HERE = Origin("192.0.2.1", "192.0.2.1", "Browser/1")
THERE = Origin("192.0.2.2", "192.0.2.2", "Browser/2")
SECRET = "twelve letters and more"


@pytest.fixture
async def door(world):
    await world.door.administration.load()
    return world.door


async def sign_in(door, name, password, code="", origin=HERE):
    return await door.administration.sign_in(Attempt(name, password, code), origin)


def code(world, secret, steps=0):
    return pyotp.TOTP(secret).at(int(world.clock.now()) + 30 * steps)


async def with_totp(world, name="eve", role=Role.VIEWER):
    """A user with a second device; its secret."""
    await world.door.users.create(name, SECRET, role)
    who = (await sign_in(world.door, name, SECRET)).who
    secret = await world.door.administration.begin_totp(who)
    who = (await sign_in(world.door, name, SECRET)).who
    assert await world.door.administration.switch_totp(who, code(world, secret), HERE, on=True) is None
    world.clock.time += 60
    return secret


async def test_the_built_in_administrator_is_there_from_the_start(door):
    assert [(user.id, user.name, user.role, user.built_in) for user in door.users.list()] == [(ADMIN_ID, "admin", Role.ADMIN, True)]
    again = await sign_in(door, "Admin", PASSWORD)
    assert isinstance(again, SignedIn)


async def test_it_cannot_be_lost(door):
    for changes, field in (({"role": Role.VIEWER}, "role"), ({"enabled": False}, "enabled")):
        with pytest.raises(Invalid) as caught:
            await door.users.update(ADMIN_ID, changes)
        assert caught.value.field == field
    with pytest.raises(Invalid):
        await door.users.remove(ADMIN_ID)
    assert door.users.admin.enabled


async def test_names_are_taken_however_they_are_spelled(door):
    await door.users.create("Zoë", SECRET, Role.VIEWER)
    for name in ("zoë", "ZOË", "Zoe\u0308", "ADMIN", "ａｄｍｉｎ"):
        with pytest.raises(Duplicate):
            await door.users.create(name, SECRET, Role.VIEWER)
    for name in ("", " a", "a\u202eb", "token:x", "TOKEN:x", "x" * 65):
        with pytest.raises(Invalid) as caught:
            await door.users.create(name, SECRET, Role.VIEWER)
        assert caught.value.field == "name"


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * 201, "twelve letters\0", " twelve letters", "twelve letters\n"])
async def test_passwords_that_nobody_may_have(door, password):
    with pytest.raises(Invalid) as caught:
        await door.users.create("eve", password, Role.VIEWER)
    assert caught.value.field == "password"
    assert not password or password not in caught.value.message


async def test_an_unknown_name_costs_the_same(world, door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    checked = world.door_stores.hashes.checked
    for name, password in (("nobody", SECRET), ("eve", "wrong")):
        refused = await sign_in(door, name, password)
        assert isinstance(refused, Refused)
        assert refused.code == "wrong_credentials"
    assert [bool(hashed) for hashed in checked] == [False, True]


async def test_who_is_disabled_is_told_nothing_else(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    await door.users.update(user.id, {"enabled": False})
    assert (await sign_in(door, "eve", SECRET)) == (await sign_in(door, "nobody", SECRET))


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({"password": SECRET + "!"}, True),
        ({"role": Role.ADMIN}, True),
        ({"enabled": False}, True),
        ({"role": Role.VIEWER}, False),
        ({"totp": False}, False),
        ({}, False),
    ],
)
async def test_changes_end_sessions(world, door, changes, ends):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    eve, admin = await sign_in(door, "eve", SECRET), await sign_in(door, "admin", PASSWORD)
    await door.users.update(user.id, changes)
    assert (door.sessions.find(eve.cookie) is None) == ends
    assert (eve.session.id not in world.door_stores.sessions.stored) == ends
    assert door.sessions.find(admin.cookie) is not None


async def test_who_loses_the_second_device_is_out(world, door):
    secret = await with_totp(world)
    eve = await sign_in(door, "eve", SECRET, code(world, secret))
    await door.users.update(eve.who.id, {"totp": False}, keep=eve.session.id)
    assert door.sessions.find(eve.cookie) is None


async def test_a_removed_user_is_out_at_once(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    eve = await sign_in(door, "eve", SECRET)
    assert (await door.users.remove(user.id)).name == "eve"
    assert isinstance(await door.administration.cookie(eve.cookie, HERE), Refused)
    with pytest.raises(Absent):
        await door.users.remove(user.id)


async def test_ones_own_password(world, door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    one, other = await sign_in(door, "eve", SECRET), await sign_in(door, "eve", SECRET)
    for current, new, field in (("wrong", SECRET + "!", "current"), (SECRET, "short", "new")):
        with pytest.raises(Invalid) as caught:
            await door.administration.change_password(one.who, current, new, HERE)
        assert caught.value.field == field
    assert door.sessions.find(other.cookie)
    assert await door.administration.change_password(one.who, SECRET, SECRET + "!", HERE) is None
    assert door.sessions.find(one.cookie)
    assert door.sessions.find(other.cookie) is None
    assert isinstance(await sign_in(door, "eve", SECRET), Refused)
    assert isinstance(await sign_in(door, "eve", SECRET + "!"), SignedIn)


async def test_the_old_password_does_not_undo_a_reset(world, door):
    """An administrator gives a new one, here or at another control plane, while the old one is checked, or before."""
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    hashes = world.door_stores.hashes
    eve = await sign_in(door, "eve", SECRET)
    hashes.gate = asyncio.Event()
    changing = asyncio.create_task(door.administration.change_password(eve.who, SECRET, "the old one's choice", HERE))
    await world.idle()
    given = await hashes.hash(SECRET + "!")
    await world.door_stores.users.change(user.id, {"password_hash": given})
    hashes.gate.set()
    for trying in (changing, door.administration.change_password(eve.who, SECRET, "the old one's choice", HERE)):
        with pytest.raises(Invalid) as caught:
            await trying
        assert caught.value.field == "current"
    assert world.door_stores.users.stored[user.id].password_hash == given


async def test_a_removed_users_password(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    eve = await sign_in(door, "eve", SECRET)
    await door.users.remove(user.id)
    assert (await door.administration.change_password(eve.who, SECRET, SECRET + "!", HERE)).code == "unauthenticated"


async def test_whose_passes_are_good(world, door):
    holds = door.administration.administrates
    user = await door.users.create("eve", SECRET, Role.ADMIN)
    token, _ = await door.tokens.create(TokenDraft("ci", Role.ADMIN, int(world.clock.now()) + 60), "admin")
    looks, _ = await door.tokens.create(TokenDraft("looks", Role.VIEWER), "admin")
    assert [holds(one) for one in (ADMIN_ID, user.id, token.id, looks.id, "usr_none")] == [True, True, True, False, False]
    await door.users.update(user.id, {"role": Role.VIEWER})
    world.clock.time += 60
    assert [holds(one) for one in (user.id, token.id)] == [False, False]


async def test_a_password_that_was_taken_away_while_it_was_checked(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    hashes = world.door_stores.hashes
    hashes.gate = asyncio.Event()
    coming = asyncio.create_task(sign_in(door, "eve", SECRET))
    await world.idle()
    await door.users.update(user.id, {"password": SECRET + "!"})
    hashes.gate.set()
    assert isinstance(await coming, Refused)
    assert not world.door_stores.sessions.stored


async def test_a_user_whom_another_control_plane_disabled_does_not_get_in(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    await world.door_stores.users.change(user.id, {"enabled": False})
    assert isinstance(await sign_in(door, "eve", SECRET), Refused)
    assert not world.door_stores.sessions.stored


async def test_what_another_control_plane_changed_is_read(world, door):
    user = await door.users.create("eve", SECRET, Role.VIEWER)
    eve = await sign_in(door, "eve", SECRET)
    await world.door_stores.users.remove(user.id)
    await world.door_stores.sessions.remove([eve.session.id])
    await door.administration.reload()
    assert door.users.find(user.id) is None
    assert isinstance(await door.administration.cookie(eve.cookie, HERE), Refused)


async def test_a_second_device(world, door):
    secret = await with_totp(world)
    assert (await sign_in(door, "eve", SECRET)).code == "code_needed"
    assert (await sign_in(door, "eve", "wrong", code(world, secret))).code == "wrong_credentials"
    for wrong in ("000000x", "", " ", code(world, secret, -2), code(world, secret, 2)):
        assert (await sign_in(door, "eve", SECRET, wrong or "0")).code == "wrong_code"
        world.clock.time += 60
        door.administration._codes._strikes.forget(next(user.id for user in door.users.list() if user.name == "eve"))
    right = code(world, secret)
    assert isinstance(await sign_in(door, "eve", SECRET, f"{right[:3]} {right[3:]}"), SignedIn)


async def test_a_code_is_good_once(world, door):
    secret = await with_totp(world)
    for steps in (0, 1):
        assert isinstance(await sign_in(door, "eve", SECRET, code(world, secret, steps)), SignedIn)
    for steps in (-1, 0, 1):
        assert (await sign_in(door, "eve", SECRET, code(world, secret, steps))).code == "wrong_code"


async def test_of_many_who_give_the_same_code_one_gets_in(world, door):
    secret = await with_totp(world)
    origins = [Origin(f"192.0.2.{number}", f"192.0.2.{number}") for number in range(4)]
    results = await asyncio.gather(*(sign_in(door, "eve", SECRET, code(world, secret), origin) for origin in origins))
    assert sum(isinstance(result, SignedIn) for result in results) == 1


async def test_wrong_codes_lock_the_code_for_a_while(world, door):
    secret = await with_totp(world)
    for number in range(STRIKES):
        origin = Origin(f"192.0.2.{number}", f"192.0.2.{number}")
        assert (await sign_in(door, "eve", SECRET, "000000", origin)).code == "wrong_code"
    locked = await sign_in(door, "eve", SECRET, code(world, secret), THERE)
    assert (locked.code, locked.wait) == ("too_many_attempts", LOCKED_SECONDS)
    assert isinstance(await sign_in(door, "admin", PASSWORD, origin=THERE), SignedIn)
    world.clock.time += LOCKED_SECONDS
    assert isinstance(await sign_in(door, "eve", SECRET, code(world, secret), THERE), SignedIn)


async def test_a_second_device_comes_into_force_with_its_first_code(world, door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    who = (await sign_in(door, "eve", SECRET)).who
    with pytest.raises(Invalid):
        await door.administration.switch_totp(who, "000000", HERE, on=True)
    await door.administration.begin_totp(who)
    who = (await sign_in(door, "eve", SECRET)).who
    assert (await door.administration.switch_totp(who, "000000", HERE, on=True)).code == "wrong_code"
    assert isinstance(await sign_in(door, "eve", SECRET), SignedIn)


async def test_a_second_device_is_put_away_with_a_code_and_replaced_only_then(world, door):
    secret = await with_totp(world)
    who = (await sign_in(door, "eve", SECRET, code(world, secret))).who
    with pytest.raises(Invalid, match="on already"):
        await door.administration.begin_totp(who)
    assert (await door.administration.switch_totp(who, "000000", HERE, on=False)).code == "wrong_code"
    world.clock.time += 60
    assert await door.administration.switch_totp(who, code(world, secret), HERE, on=False) is None
    assert isinstance(await sign_in(door, "eve", SECRET), SignedIn)


async def test_a_password_that_an_older_release_stored(world, door):
    """It keeps working, and the first time it is given a slow hash takes its place."""
    door.passwords.give(None)
    await world.settings.put({proving.OLD_DIGEST: world.vault.digest(proving.PASSWORD, "old password")})
    assert door.passwords.known
    assert isinstance(await sign_in(door, "admin", "wrong"), Refused)
    assert not door.users.admin.password_hash
    assert isinstance(await sign_in(door, "admin", "old password"), SignedIn)
    assert world.setting_store.stored[proving.OLD_DIGEST] == ""
    assert world.door_stores.users.stored[ADMIN_ID].password_hash == await world.door_stores.hashes.hash("old password")
    assert isinstance(await sign_in(door, "admin", "old password"), SignedIn)


async def test_scripts_do_not_pay_for_the_slow_hash_each_time(world, door):
    door.passwords.give(None)
    await door.users.set_password(door.users.admin, SECRET, "new")
    checked = world.door_stores.hashes.checked
    for _ in range(5):
        assert not isinstance(await door.administration.bearer(SECRET, HERE), Refused)
    assert len(checked) == 1
    await door.users.set_password(door.users.admin, SECRET + "!", "new")
    assert isinstance(await door.administration.bearer(SECRET, HERE), Refused)
    assert not isinstance(await door.administration.bearer(SECRET + "!", HERE), Refused)


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(world, door):
    door.passwords.give(None)
    await door.users.set_password(door.users.admin, SECRET, "new")
    results = await asyncio.gather(*(door.administration.bearer(f"wrong {number}", HERE) for number in range(50)))
    assert len(world.door_stores.hashes.checked) == 10
    assert sum(result.code == "too_many_attempts" for result in results) == 40


async def test_with_a_second_device_the_password_alone_opens_no_script(world, door):
    who = (await sign_in(door, "admin", PASSWORD)).who
    secret = await door.administration.begin_totp(who)
    who = (await sign_in(door, "admin", PASSWORD)).who
    await door.administration.switch_totp(who, code(world, secret), HERE, on=True)
    refused = await door.administration.bearer(PASSWORD, HERE)
    assert "token" in refused.message
    assert (await door.administration.bearer("wrong", HERE)).message != refused.message


async def test_others_who_sign_in_do_not_let_guesses_go_on(world, door):
    await door.users.create("eve", SECRET, Role.VIEWER)
    for _ in range(10):
        await door.administration.bearer("wrong", HERE)
        if _ % 3 == 0:
            await sign_in(door, "eve", SECRET)
    assert (await sign_in(door, "eve", SECRET)).code == "too_many_attempts"


async def test_failures_are_counted_and_noted_once_a_minute(world, door):
    for _ in range(4):
        await sign_in(door, "admin", "wrong")
    await sign_in(door, "admin", "wrong", origin=THERE)
    await world.idle()
    assert [(change.address, dict(change.after)) for change in world.audit_store.changes] == [
        ("192.0.2.1", {"count": 1}),
        ("192.0.2.2", {"count": 1}),
    ]
    await door.administration.failures.flush()
    assert len(world.audit_store.changes) == 2
    world.clock.time += 60
    await door.administration.failures.flush()
    assert [(change.address, dict(change.after)) for change in world.audit_store.changes[2:]] == [("192.0.2.1", {"count": 3})]
    world.clock.time += 60
    await door.administration.failures.flush()
    assert len(world.audit_store.changes) == 3


async def test_nothing_of_it_is_in_logs_or_words(world, door, caplog):
    caplog.set_level(logging.DEBUG)
    secret = await with_totp(world)
    eve = await sign_in(door, "eve", SECRET, code(world, secret))
    await sign_in(door, "eve", "MARKED")
    await door.administration.bearer("MARKED", HERE)
    await door.administration.cookie("MARKED", HERE)
    user = next(user for user in door.users.list() if user.name == "eve")
    said = repr([user, eve, eve.who, eve.session, Attempt("eve", SECRET, "123456")]) + caplog.text
    for hidden in (SECRET, secret, eve.cookie, eve.who.csrf, eve.session.digest, user.password_hash, "123456", "MARKED"):
        assert hidden not in said


async def test_a_world_that_starts_again_knows_everybody(world: World):
    await world.door.administration.load()
    await world.door.users.create("eve", SECRET, Role.VIEWER)
    eve = await sign_in(world.door, "eve", SECRET)
    await world.restart()
    who = await world.door.administration.cookie(eve.cookie, HERE)
    assert (who.name, who.role) == ("eve", Role.VIEWER)
