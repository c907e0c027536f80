"""Settings that are decided at run time."""

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.compression import USUAL
from controlplane.domain.errors import Invalid
from controlplane.policy.scheduling import Mode
from controlplane.service.runtime_settings import RuntimeSettings
from tests.controlplane.fakes import MemorySettings

DEFAULTS = {
    "schedulingMode": "smart",
    "compressionEnabled": True,
    "compressionTokens": None,
    "compressionMessages": 200,
    "compressionKeep": 30,
    "compressionToolLookback": 8,
    "compressionBatchMessages": 20,
    "compressionBatchCharacters": 40_000,
    "compressionRatio": 0.15,
    "compressionTtlMinutes": 60,
    "compressionEntries": 500,
    "summaryModel": "claude-haiku-4.5",
    "compressionKeyTokensPerDay": 2_000_000,
    "compressionSeconds": 60,
    "compressionOriginalHours": 24,
}
OTHER = {
    "schedulingMode": "priority",
    "compressionEnabled": False,
    "compressionTokens": 10_000,
    "compressionMessages": 20,
    "compressionKeep": 4,
    "compressionToolLookback": 20,
    "compressionBatchMessages": 2,
    "compressionBatchCharacters": 100_000,
    "compressionRatio": 0.5,
    "compressionTtlMinutes": 1,
    "compressionEntries": 2000,
    "summaryModel": "other",
    "compressionKeyTokensPerDay": 0,
    "compressionSeconds": 300,
    "compressionOriginalHours": 0,
}


async def opened(store, *installed):
    made = RuntimeSettings(store, *installed)
    await made.load()
    return made


@pytest.fixture
async def settings():
    return await opened(MemorySettings())


async def test_the_mode_is_smart_until_it_is_changed_and_outlives_a_restart(settings):
    assert settings.scheduling_mode is Mode.SMART
    for mode in Mode:
        before = settings.read()
        assert await settings.change({"schedulingMode": mode.value}) == (before, before | {"schedulingMode": mode.value})
        assert settings.scheduling_mode is mode
    again = await opened(settings._store)
    assert again.scheduling_mode is Mode.BALANCED
    await again.change({"schedulingMode": None})
    assert again.scheduling_mode is Mode.SMART


async def test_all_of_them_can_be_changed_and_outlive_a_restart(settings):
    assert settings.read() == DEFAULTS
    assert settings.compression == USUAL
    assert await settings.change(OTHER) == (DEFAULTS, OTHER)
    again = await opened(settings._store)
    assert again.read() == OTHER
    assert again.compression == settings.compression
    assert (again.compression.tokens, again.compression.ratio, again.compression.summary_model) == (10_000, 0.5, "other")
    assert await again.change(dict.fromkeys(OTHER)) == (OTHER, DEFAULTS)
    assert again.compression == USUAL


async def test_null_is_whatever_the_environment_says_then():
    store = MemorySettings()
    first = await opened(store, replace(USUAL, tokens=50_000, summary_model="small"))
    await first.change({"compressionTokens": 60_000})
    await first.change({"compressionTokens": None, "summaryModel": None})
    assert (first.compression.tokens, first.compression.summary_model) == (50_000, "small")
    again = await opened(store, replace(USUAL, tokens=70_000))
    assert (again.compression.tokens, again.compression.summary_model) == (70_000, USUAL.summary_model)


async def test_what_the_environment_switches_off_stays_off():
    store = MemorySettings()
    await (await opened(store)).change({"compressionEnabled": True})
    off = await opened(store, replace(USUAL, enabled=False))
    assert off.read()["compressionEnabled"] is False
    assert off.compression.enabled is False
    with pytest.raises(Invalid, match="ENABLE_COMPRESSION=false") as caught:
        await off.change({"compressionEnabled": True})
    assert caught.value.field == "compressionEnabled"
    await off.change({"compressionEnabled": None})
    await off.change({"compressionEnabled": False, "compressionSeconds": 30})
    assert off.compression.seconds == 30
    assert (await opened(store)).compression.enabled is False


async def test_fewer_stay_than_make_a_conversation_long(settings):
    for values, field in (
        ({"compressionKeep": 100, "compressionMessages": 100}, "compressionKeep"),
        ({"compressionMessages": 30}, "compressionMessages"),
    ):
        with pytest.raises(Invalid, match="compressionKeep must be less than compressionMessages") as caught:
            await settings.change(values)
        assert caught.value.field == field
    assert settings.compression == USUAL
    await settings.change({"compressionMessages": 31})
    with pytest.raises(Invalid):
        await settings.change({"compressionKeep": 31})
    await settings.change({"compressionKeep": 99, "compressionMessages": 100})
    with pytest.raises(Invalid):
        await settings.change({"compressionKeep": None, "compressionMessages": 30})


async def test_a_change_of_something_else_is_not_refused_for_what_does_not_go_together():
    store = MemorySettings()
    await (await opened(store)).change({"compressionMessages": 40})
    settings = await opened(store, replace(USUAL, keep=50))
    assert settings.compression.keep == 39
    await settings.change({"compressionSeconds": 30})
    with pytest.raises(Invalid):
        await settings.change({"compressionMessages": 45})
    await settings.change({"compressionMessages": 51})
    assert settings.compression.keep == 50


async def test_who_listens_is_told_of_changes_only(settings):
    told = []
    settings.changed = lambda: told.append(settings.compression.seconds)
    await settings.change({"compressionSeconds": 30})
    await settings.change({"compressionSeconds": 30, "schedulingMode": "balanced"})
    await settings.put({"sealCheck": "x"})
    await settings.change({"compressionSeconds": None})
    assert told == [30, 60]


async def test_changes_at_once_make_a_chain():
    class Slow(MemorySettings):
        async def put(self, values):
            await asyncio.sleep(0)
            await super().put(values)

    settings = RuntimeSettings(Slow())
    pairs = await asyncio.gather(*(settings.change({"schedulingMode": mode}) for mode in ("balanced", "priority")))
    modes = [[said["schedulingMode"] for said in pair] for pair in pairs]
    assert modes == [["smart", "balanced"], ["balanced", "priority"]]


async def test_two_changes_at_once_cannot_make_together_what_none_may_alone():
    class Slow(MemorySettings):
        async def put(self, values):
            await asyncio.sleep(0)
            await super().put(values)

    settings = RuntimeSettings(Slow())
    changes = (settings.change(values) for values in ({"compressionKeep": 90}, {"compressionMessages": 50}))
    first, second = await asyncio.gather(*changes, return_exceptions=True)
    assert not isinstance(first, Invalid)
    assert isinstance(second, Invalid)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"schedulingMode": "random"}, "schedulingMode"),
        ({"sealCheck": "x"}, "sealCheck"),
        ({"sealCheck": None}, "sealCheck"),
        ({"schedulingMode": "balanced", "compressionTokens": 9_999}, "compressionTokens"),
        ({"schedulingMode": "balanced", "summaryModel": ""}, "summaryModel"),
    ],
)
async def test_what_cannot_be(settings, values, field):
    with pytest.raises(Invalid) as caught:
        await settings.change(values)
    assert caught.value.field == field
    assert settings.scheduling_mode is Mode.SMART
    assert settings._store.stored == {}


async def test_what_a_newer_release_stored_is_the_default_here(settings):
    await settings.put({"schedulingMode": "clairvoyant", "compressionTokens": "5000000", "compressionRatio": "auto"})
    assert settings.scheduling_mode is Mode.SMART
    assert settings.read() == DEFAULTS


async def test_what_administrators_never_see(settings):
    await settings.put({"adminPasswordDigest": "d"})
    assert settings.hidden("adminPasswordDigest") == "d"
    assert settings.read() == DEFAULTS
