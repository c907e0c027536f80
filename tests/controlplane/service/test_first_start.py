import pytest

from controlplane.adapters.vault import FileVault
from controlplane.domain.errors import Invalid, StartError
from controlplane.service import administration, first_start, identity


async def test_secrets_are_made_once_and_stored_as_hashes(world):
    made = await first_start.access(world.settings, world.vault, None, None)
    assert [one.name for one in made.made] == ["proxy key (PROXY_API_KEY)", "admin password (ADMIN_PASSWORD)"]
    stored = repr(world.setting_store.stored)
    for one in made.made:
        assert len(one.secret) >= 24
        assert one.secret not in stored + repr(made)
    assert made.proxy_digest == world.vault.digest(identity.DIGEST, made.made[0].secret)
    again = await first_start.access(world.settings, world.vault, None, None)
    assert again.made == []
    assert (again.proxy_digest, again.admin_digest) == (made.proxy_digest, made.admin_digest)


async def test_the_environment_wins_and_is_not_stored(world):
    await first_start.access(world.settings, world.vault, None, None)
    before = dict(world.setting_store.stored)
    given = await first_start.access(world.settings, world.vault, "proxy", "admin")
    assert given.made == []
    assert given.proxy_digest == world.vault.digest(identity.DIGEST, "proxy")
    assert given.admin_digest == world.vault.digest(administration.PASSWORD, "admin")
    assert world.setting_store.stored == before


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
