"""Settings that are decided at run time."""

import asyncio

import pytest

from controlplane.domain.errors import Invalid
from controlplane.policy.scheduling import Mode
from controlplane.service.runtime_settings import RuntimeSettings
from tests.controlplane.fakes import MemorySettings


@pytest.fixture
async def settings():
    made = RuntimeSettings(MemorySettings())
    await made.load()
    return made


async def test_the_mode_is_smart_until_it_is_changed_and_outlives_a_restart(settings):
    assert settings.scheduling_mode is Mode.SMART
    for mode in Mode:
        before = settings.read()
        assert await settings.change({"schedulingMode": mode.value}) == (before, {"schedulingMode": mode.value})
        assert settings.scheduling_mode is mode
    again = RuntimeSettings(settings._store)
    await again.load()
    assert again.scheduling_mode is Mode.BALANCED
    await again.change({"schedulingMode": None})
    assert again.scheduling_mode is Mode.SMART


async def test_changes_at_once_make_a_chain():
    class Slow(MemorySettings):
        async def put(self, values):
            await asyncio.sleep(0)
            await super().put(values)

    settings = RuntimeSettings(Slow())
    pairs = await asyncio.gather(*(settings.change({"schedulingMode": mode}) for mode in ("balanced", "priority")))
    modes = [[said["schedulingMode"] for said in pair] for pair in pairs]
    assert modes == [["smart", "balanced"], ["balanced", "priority"]]


@pytest.mark.parametrize(("values", "field"), [({"schedulingMode": "random"}, "schedulingMode"), ({"sealCheck": "x"}, "sealCheck")])
async def test_what_cannot_be(settings, values, field):
    with pytest.raises(Invalid) as caught:
        await settings.change(values)
    assert caught.value.field == field
    assert settings.scheduling_mode is Mode.SMART


async def test_a_mode_of_a_newer_release_is_the_default_here(settings):
    await settings.put({"schedulingMode": "clairvoyant"})
    assert settings.scheduling_mode is Mode.SMART
    assert settings.read() == {"schedulingMode": "smart"}


async def test_what_administrators_never_see(settings):
    await settings.put({"adminPasswordDigest": "d"})
    assert settings.hidden("adminPasswordDigest") == "d"
    assert settings.read() == {"schedulingMode": "smart"}
