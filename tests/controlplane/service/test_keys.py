import asyncio
import re

import pytest

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.key import KeyDraft
from controlplane.domain.limits import MILLION, NO_LIMITS, Caps, Limits
from tests.controlplane.fakes import NOW


async def test_a_key_is_shown_once_and_stored_as_a_hash(world):
    key, secret = await world.keys.create(KeyDraft(" team "))
    assert re.fullmatch(r"kg-[0-9a-f]{48}", secret)
    assert key.name == "team"
    assert secret.startswith(key.prefix)
    assert len(key.prefix) == 9
    assert secret[9:] not in repr(key) + repr(world.key_store.stored) + str(vars(world.keys))
    assert world.keys.find(secret) == key
    assert world.keys.find(secret[:-1] + "x") is None
    assert world.keys.find(key.digest) is None


async def test_keys_survive_a_restart(world):
    key, secret = await world.keys.create(KeyDraft("team"))
    await world.restart()
    assert world.keys.find(secret) == key
    assert world.keys.list() == (key,)


async def test_rotation_with_and_without_grace(world):
    key, first = await world.keys.create(KeyDraft("team"))
    before, after, second = await world.keys.rotate(key.id, grace_seconds=60)
    assert (before, after) == (key, world.keys.get(key.id))
    assert world.keys.find(first).id == world.keys.find(second).id == key.id
    world.clock.time = NOW + 60
    assert world.keys.find(first) is None
    _, _, third = await world.keys.rotate(key.id)
    assert world.keys.find(second) is None
    assert world.keys.find(third).id == key.id
    with pytest.raises(Invalid):
        await world.keys.rotate(key.id, grace_seconds=-1)


async def test_a_second_rotation_within_the_grace_ends_the_first_key(world):
    key, first = await world.keys.create(KeyDraft("team"))
    _, _, second = await world.keys.rotate(key.id, grace_seconds=3600)
    _, _, third = await world.keys.rotate(key.id, grace_seconds=60)
    assert world.keys.find(first) is None
    await world.restart()
    assert world.keys.find(first) is None
    assert world.keys.find(second).id == world.keys.find(third).id == key.id
    _, _, fourth = await world.keys.rotate(key.id)
    assert [world.keys.find(secret) for secret in (first, second, third)] == [None] * 3
    assert world.keys.find(fourth).id == key.id


async def test_a_change_within_the_grace_leaves_the_old_key_its_time(world):
    key, first = await world.keys.create(KeyDraft("team"))
    await world.keys.rotate(key.id, grace_seconds=60)
    await world.keys.update(key.id, {"name": "crew"})
    assert world.keys.find(first).name == "crew"
    world.clock.time = NOW + 60
    assert world.keys.find(first) is None


async def test_limits_are_kept_merged_and_survive_a_restart(world):
    limits = Limits(Caps(minute=5, day=100), credits=Caps(total=MILLION), concurrency=2)
    key, _ = await world.keys.create(KeyDraft("team", limits=limits))
    assert world.keys.limits(key.id) == limits
    _, changed = await world.keys.update(key.id, {"limits": {"requests": {"day": None, "month": 7}, "concurrency": None}})
    assert changed.limits == Limits(Caps(minute=5, month=7), credits=Caps(total=MILLION))
    await world.restart()
    assert world.keys.limits(key.id) == changed.limits
    _, changed = await world.keys.update(key.id, {"limits": limits})
    assert changed.limits == limits
    _, changed = await world.keys.update(key.id, {"limits": None})
    assert changed.limits == NO_LIMITS
    assert world.keys.limits("proxy") == world.keys.limits("own_1") == NO_LIMITS


async def test_changes_of_different_limits_at_once_are_both_kept(world):
    key, _ = await world.keys.create(KeyDraft("team"))
    await asyncio.gather(
        world.keys.update(key.id, {"limits": {"requests": {"day": 5}}}), world.keys.update(key.id, {"limits": {"requests": {"minute": 1}}})
    )
    assert world.keys.limits(key.id) == Limits(Caps(minute=1, day=5))


async def test_changes_and_removal(world):
    key, secret = await world.keys.create(KeyDraft("team"))
    other, _ = await world.keys.create(KeyDraft("other"))
    before, changed = await world.keys.update(key.id, {"name": "crew", "allowed_models": ("claude-*",)})
    assert before == key
    assert world.keys.list() == (changed, other)
    assert world.keys.find(secret) == world.keys.get(key.id) == changed
    assert await world.keys.remove(key.id) == changed
    assert world.keys.find(secret) is None
    for work in (world.keys.remove(key.id), world.keys.update(key.id, {}), world.keys.rotate(key.id)):
        with pytest.raises(Absent):
            await work


async def test_a_change_does_not_bring_back_a_secret_that_was_rotated_away_meanwhile(world):
    key, first = await world.keys.create(KeyDraft("team"))
    _, (_, _, second) = await asyncio.gather(world.keys.update(key.id, {"name": "crew"}), world.keys.rotate(key.id))
    assert world.keys.find(first) is None
    assert world.keys.find(second).name == "crew"


async def test_changes_at_once_make_a_chain(world):
    key, _ = await world.keys.create(KeyDraft("team"))
    made = await asyncio.gather(
        world.keys.update(key.id, {"name": "crew"}), world.keys.rotate(key.id), world.keys.update(key.id, {"name": "band"})
    )
    assert [before for before, *_ in made] == [key, *(after for _, after, *_ in made[:2])]


async def test_the_same_name_twice_at_once(world):
    made = await asyncio.gather(*(world.keys.create(KeyDraft("team")) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, Duplicate) for one in made) == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\0"}, "name"),
        ({"allowed_models": ("",)}, "allowedModels"),
        ({"allowed_ips": ("10.0.0.0/33",)}, "allowedIps"),
        ({"expires_at": -5}, "expiresAt"),
        ({"limits": Limits(Caps(day=-1))}, "limits.requests.day"),
        ({"limits": Limits(tokens=Caps(month=10**11 + 1))}, "limits.tokens.month"),
        ({"limits": Limits(credits=Caps(minute=10**5 * MILLION + 1))}, "limits.credits.minute"),
        ({"limits": Limits(concurrency=0)}, "limits.concurrency"),
    ],
)
async def test_fields_that_cannot_be(world, given, field):
    with pytest.raises(Invalid) as caught:
        await world.keys.create(KeyDraft(**{"name": "team", **given}))
    assert caught.value.field == field
