import pytest

from controlplane.adapters.vault import FileVault
from controlplane.domain.errors import Invalid, StartError
from controlplane.domain.user import ADMIN_ID, Origin, Refused, SignedIn
from controlplane.service import first_start, identity, proving
from controlplane.service.administration import Attempt


@pytest.fixture
async def door(world):
    world.door.passwords.give(None)
    await world.door.administration.load()
    return world.door


async def test_a_proxy_key_is_made_once_and_stored_as_a_hash(world):
    first = await first_start.access(world.settings, world.vault, None)
    (made,) = first.made
    assert made.name == "proxy key (PROXY_API_KEY)"
    assert len(made.secret) >= 24
    assert made.secret not in repr(world.setting_store.stored) + repr(first)
    assert first.proxy_digest == world.vault.digest(identity.DIGEST, made.secret)
    again = await first_start.access(world.settings, world.vault, None)
    assert (again.made, again.proxy_digest) == ((), first.proxy_digest)


async def test_a_password_is_made_once_and_stored_as_a_slow_hash(world, door):
    (made,) = await first_start.administrator(door, None)
    assert made.name == "admin password (ADMIN_PASSWORD)"
    assert len(made.secret) >= 24
    hashed = world.door_stores.users.stored[ADMIN_ID].password_hash
    assert hashed == await world.door_stores.hashes.hash(made.secret)
    assert made.secret not in repr(made) + repr(world.setting_store.stored)
    assert "adminPasswordDigest" not in world.setting_store.stored
    assert await first_start.administrator(door, None) == ()
    assert await door.passwords.right(door.users.admin, made.secret)


async def test_the_environment_wins_and_is_not_stored(world, door):
    await first_start.access(world.settings, world.vault, None)
    await first_start.administrator(door, None)
    before, users = dict(world.setting_store.stored), dict(world.door_stores.users.stored)
    given = await first_start.access(world.settings, world.vault, "proxy")
    assert (given.made, given.proxy_digest) == ((), world.vault.digest(identity.DIGEST, "proxy"))
    assert await first_start.administrator(door, "given password") == ()
    assert await door.passwords.right(door.users.admin, "given password")
    assert (world.setting_store.stored, world.door_stores.users.stored) == (before, users)


async def test_what_an_older_release_stored_is_good_until_there_is_a_slow_hash(world, door):
    await world.settings.put({proving.OLD_DIGEST: world.vault.digest(proving.PASSWORD, "old password")})
    assert await first_start.administrator(door, None) == ()
    assert await door.passwords.right(door.users.admin, "old password")
    await world.settings.put({proving.OLD_DIGEST: world.vault.digest(proving.PASSWORD, "of the older release again")})
    assert await first_start.administrator(door, None) == ()
    assert world.setting_store.stored[proving.OLD_DIGEST] == ""
    assert not await door.passwords.right(door.users.admin, "of the older release again")


@pytest.mark.parametrize("given", [None, "given password"])
async def test_a_reset_lets_the_administrator_in_again(world, door, given):
    (old,) = await first_start.administrator(door, None)
    here = Origin("192.0.2.1", "192.0.2.1")
    opened = await door.administration.sign_in(Attempt("admin", old.secret), here)
    await door.users.change(ADMIN_ID, {"totp_secret": "JBSWY3DPEHPK3PXP", "totp_step": 5})
    made = await first_start.reset(door, given)
    user = world.door_stores.users.stored[ADMIN_ID]
    assert (user.totp_secret, world.door_stores.sessions.stored) == ("", {})
    assert isinstance(await door.administration.cookie(opened.cookie, here), Refused)
    assert len(made) == (0 if given else 1)
    assert await door.passwords.right(door.users.admin, old.secret) == bool(given)
    for one in made:
        assert isinstance(await door.administration.sign_in(Attempt("admin", one.secret), here), SignedIn)


async def test_a_database_knows_its_key(world):
    await first_start.check_seal(world.settings, world.vault)
    await first_start.check_seal(world.settings, world.vault)
    with pytest.raises(StartError, match="key file is not the one"):
        await first_start.check_seal(world.settings, FileVault(b"x" * 32))


async def test_run_time_settings(world):
    before = world.settings.read()
    assert before["schedulingMode"] == "smart"
    await first_start.check_seal(world.settings, world.vault)
    assert await world.settings.change({"schedulingMode": None}) == (before, before)
    for name, value in (("schedulingMode", "fast"), ("sealCheck", "x"), ("invented", "x")):
        with pytest.raises(Invalid):
            await world.settings.change({name: value})
