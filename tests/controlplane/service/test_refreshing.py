import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.account import AuthMethod, Status
from controlplane.domain.errors import AccessRejected, AccountSuspended, GrantRejected, ProviderUnavailable
from tests.controlplane.fakes import NOW


@pytest.fixture
async def seat(world):
    """An account whose token has ended, with nothing going on."""
    seat = world.seat(await world.account("one"))
    world.clock.time = NOW + 4000
    world.provider.calls.clear()
    world.account_store.log.clear()
    return seat


async def test_twenty_concurrent_asks_are_one_trade(world, seat):
    world.provider.gate.clear()
    asks = [asyncio.create_task(world.refreshing.bearer(seat)) for _ in range(20)]
    await world.idle()
    world.provider.gate.set()
    assert await asyncio.gather(*asks) == ["access-1"] * 20
    assert world.provider.traded == ["refresh-one"]


async def test_one_who_gives_up_does_not_end_it_for_the_others(world, seat):
    world.provider.gate.clear()
    first, second = (asyncio.create_task(world.refreshing.bearer(seat)) for _ in range(2))
    await world.idle()
    first.cancel()
    await world.idle()
    world.provider.gate.set()
    assert await second == "access-1"


async def test_the_rotated_token_is_stored_before_the_access_token_is_seen(world, seat):
    seen = []
    world.account_store.before_replace = lambda: seen.append(seat.credentials.access_token)
    await world.refreshing.bearer(seat)
    assert seen == ["access-one"]
    stored = world.account_store.stored[seat.account.id].credentials
    assert stored.refresh_token == "refresh-one+1"
    assert stored == seat.credentials


async def test_without_rotation_the_old_refresh_token_stays(world, seat):
    world.provider.rotates = False
    await world.refreshing.bearer(seat)
    assert world.account_store.stored[seat.account.id].credentials.refresh_token == "refresh-one"


async def test_a_crash_between_trade_and_commit_uses_no_token_and_loses_none(world, seat):
    world.account_store.down = True
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    assert seat.credentials.access_token == "access-one"
    # the database is back: what was traded is stored, the dead old token is not presented again
    world.account_store.down = False
    world.clock.time += 31
    assert await world.refreshing.bearer(seat) == "access-1"
    assert world.provider.traded == ["refresh-one"]
    assert world.account_store.stored[seat.account.id].credentials.refresh_token == "refresh-one+1"


async def test_a_restart_after_the_commit_finds_the_rotated_token(world, seat):
    await world.refreshing.bearer(seat)
    await world.restart()
    again = world.seat(seat.account.id)
    assert again.ready(world.clock.now())
    assert again.credentials.refresh_token == "refresh-one+1"


async def test_an_administrators_change_wins_over_a_late_refresh(world, seat):
    world.provider.gate.clear()
    waiting = asyncio.create_task(world.refreshing.bearer(seat))
    await world.idle()
    await world.accounts.update(seat.account.id, {"refresh_token": "new-login"})
    assert world.account_store.stored[seat.account.id].credentials.refresh_token == "new-login"
    world.provider.gate.set()
    # who waited gets a token of the new login
    assert await waiting == "access-2"
    assert world.provider.traded == ["refresh-one", "new-login"]
    assert seat.credentials.refresh_token == "new-login+2"


async def test_an_administrators_change_wins_over_a_refresh_that_has_just_committed(world, seat):
    changes = []

    def change():
        world.account_store.before_replace = lambda: None
        changes.append(asyncio.create_task(world.accounts.update(seat.account.id, {"refresh_token": "new-login"})))

    world.account_store.before_replace = change
    await world.refreshing.refresh(seat)
    await changes[0]
    await world.idle()
    assert world.account_store.stored[seat.account.id].credentials.refresh_token.startswith("new-login")
    assert seat.credentials.refresh_token.startswith("new-login")


async def test_the_failure_of_an_old_token_does_not_condemn_the_new_one(world, seat):
    world.provider.gate.clear()
    world.provider.failure = GrantRejected("dead")
    waiting = asyncio.create_task(world.refreshing.bearer(seat))
    await world.idle()
    await world.accounts.update(seat.account.id, {"refresh_token": "new-login"})
    world.provider.gate.set()
    assert await waiting == "access-2"
    assert world.accounts.get(seat.account.id).status is Status.ACTIVE


async def test_a_passing_failure_keeps_a_token_that_still_works(world, seat):
    world.clock.time = NOW + 3570  # thirty seconds left
    world.provider.failure = ProviderUnavailable("503")
    assert await world.refreshing.bearer(seat) == "access-one"
    assert seat.standing.status is Status.ACTIVE
    # during the back-off the provider is left alone
    assert await world.refreshing.bearer(seat) == "access-one"
    assert len(world.provider.traded) == 1


async def test_a_passing_failure_without_a_token_rests_the_account_for_the_backoff(world, seat):
    world.provider.failure = ProviderUnavailable("503")
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    assert (seat.standing.status, seat.standing.until) == (Status.COOLING, int(world.clock.time) + 30)
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    assert len(world.provider.traded) == 1
    world.clock.time += 30
    assert await world.refreshing.bearer(seat) == "access-2"


async def test_a_dead_grant_needs_a_login_with_its_reason_stored(world, seat):
    world.provider.failure = GrantRejected("the refresh token is dead")
    with pytest.raises(GrantRejected):
        await world.refreshing.bearer(seat)
    await world.idle()
    standing = world.account_store.stored[seat.account.id].standing
    assert (standing.status, standing.reason) == (Status.NEEDS_LOGIN, "the refresh token is dead")
    # nobody bothers the provider with it any more
    world.clock.time += 1000
    await world.refreshing.tend(seat)
    assert len(world.provider.traded) == 1


async def test_suspension_is_told(world, seat):
    world.provider.failure = AccountSuspended("locked")
    with pytest.raises(AccountSuspended):
        await world.refreshing.bearer(seat)
    assert seat.standing.status is Status.SUSPENDED


async def test_other_refusals_condemn_only_the_third_time(world, seat):
    world.provider.failure, world.provider.for_ever = AccessRejected("401"), True
    for status in (Status.COOLING, Status.COOLING, Status.NEEDS_LOGIN):
        with pytest.raises(AccessRejected):
            await world.refreshing.bearer(seat)
        assert seat.standing.status is status
        world.clock.time += 31


async def test_the_background_renews_ahead_once_and_leaves_the_disabled_alone(world):
    one, two = world.seat(await world.account("one")), world.seat(await world.account("two"))
    await world.accounts.disable(two.account.id)
    await world.refreshing.tend(one)
    assert world.provider.traded == []
    world.clock.time = NOW + 3600 - 599
    for seat in (one, two, one):
        await world.refreshing.tend(seat)
    assert world.provider.traded == ["refresh-one"]
    assert one.credentials.expires_at == int(world.clock.time) + 3600


async def test_an_api_key_is_never_traded(world):
    made = await world.account("key", api_key="ksk_1")
    seat = world.seat(made)
    seat.credentials = replace(seat.credentials, refresh_token="", access_token="", expires_at=0)
    seat.settle()
    assert await world.refreshing.bearer(seat) == "ksk_1"
    with pytest.raises(GrantRejected):
        await world.refreshing.bearer(seat, refused="ksk_1")
    assert world.provider.traded == []
    assert seat.standing.status is Status.NEEDS_LOGIN


OWN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/OWN"


async def test_the_profile_comes_from_the_refresh(world, seat):
    world.provider.profile = OWN
    await world.refreshing.bearer(seat)
    assert seat.account.profile_arn == world.account_store.stored[seat.account.id].account.profile_arn == OWN
    assert "profiles" not in world.provider.calls
    assert seat.attributes["profile_arn"] == OWN
    assert seat.attributes["region"] == "eu-central-1"


async def test_an_idc_account_asks_for_its_profiles_and_else_uses_the_familys(world):
    seat = world.seat(await world.account("idc", auth_method=AuthMethod.IDC, client_id="c", client_secret="s"))
    await world.refreshing.refresh(seat)
    assert "profiles" in world.provider.calls
    assert seat.account.profile_arn == ""
    assert seat.attributes["profile_arn"].endswith("AAAACCCCXXXX")
    world.provider.arns = [OWN, "other"]
    await world.refreshing.refresh(seat)
    assert seat.account.profile_arn == OWN


async def test_the_machine_stays_when_the_token_rotates(world, seat):
    machine = seat.attributes["machine_id"]
    await world.refreshing.bearer(seat)
    assert seat.attributes["machine_id"] == machine


async def test_secrets_stay_out_of_reprs(world, seat):
    assert "one" not in repr(seat.credentials)
    assert "one" not in repr(await world.provider.refresh(seat.account, seat.credentials))
