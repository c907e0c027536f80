import asyncio
from dataclasses import replace
from functools import partial

import pytest

from controlplane.adapters.kiro.faults import refresh_fault
from controlplane.domain.account import AuthMethod, Status, Tokens
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


async def test_a_commit_whose_reply_was_lost_is_found_again(world, seat):
    world.account_store.replies_lost = 1
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    world.clock.time += 31
    assert await world.refreshing.bearer(seat) == "access-1"
    assert world.provider.traded == ["refresh-one"]
    assert seat.credentials == world.account_store.stored[seat.account.id].credentials


async def test_newer_credentials_from_elsewhere_are_adopted(world, seat):
    elsewhere = replace(seat.credentials, refresh_token="theirs", access_token="their-access", expires_at=int(NOW) + 9000, version=7)
    world.account_store._set(seat.account.id, credentials=elsewhere)
    assert await world.refreshing.bearer(seat) == "their-access"
    assert seat.credentials == elsewhere == world.account_store.stored[seat.account.id].credentials


@pytest.mark.parametrize("changes", [{"access_token": "given"}, {"client_id": "c", "client_secret": "s"}])
async def test_a_partial_change_keeps_the_token_that_a_refresh_rotates_meanwhile(world, seat, changes):
    world.provider.gate.clear()
    waiting = asyncio.create_task(world.refreshing.bearer(seat))
    await world.idle()
    changing = asyncio.create_task(world.accounts.update(seat.account.id, changes))
    await world.idle()
    world.provider.gate.set()
    await asyncio.gather(waiting, changing)
    await world.idle()
    stored = world.account_store.stored[seat.account.id].credentials
    assert stored == seat.credentials
    assert stored.refresh_token.startswith("refresh-one+1")
    assert (stored.client_id, stored.client_secret) == (changes.get("client_id", ""), changes.get("client_secret", ""))
    assert world.provider.traded[1:2] in ([], ["refresh-one+1"]), "no dead token is presented"


@pytest.mark.parametrize(
    ("changes", "bearer"), [({"access_token": "given"}, "given"), ({"client_id": "c", "client_secret": "s"}, "access-1")]
)
async def test_a_refresh_that_began_during_a_partial_change_adds_its_token(world, seat, changes, bearer):
    refreshes = []

    async def begun(store_replace, *given):
        if not refreshes:
            world.provider.gate.clear()
            refreshes.append(asyncio.create_task(world.refreshing.refresh(seat)))
            await world.idle()
        return await store_replace(*given)

    world.account_store.replace = partial(begun, world.account_store.replace)
    await world.accounts.update(seat.account.id, changes)
    world.provider.gate.set()
    await refreshes[0]
    await world.idle()
    stored = world.account_store.stored[seat.account.id].credentials
    assert stored == seat.credentials
    assert (stored.refresh_token, stored.access_token) == ("refresh-one+1", bearer)
    assert stored.client_secret == changes.get("client_secret", "")


async def test_a_partial_change_stores_what_an_earlier_trade_could_not(world, seat):
    world.account_store.down = True
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    with pytest.raises(ProviderUnavailable):
        await world.accounts.update(seat.account.id, {"access_token": "given"})
    world.account_store.down = False
    await world.accounts.update(seat.account.id, {"access_token": "given"})
    stored = world.account_store.stored[seat.account.id].credentials
    assert (stored.refresh_token, stored.access_token) == ("refresh-one+1", "given")


async def test_a_wild_wait_is_cut_and_a_refresh_that_succeeds_ends_it(world, seat):
    world.provider.failure = ProviderUnavailable("throttled", 10_000_000.0)
    with pytest.raises(ProviderUnavailable):
        await world.refreshing.bearer(seat)
    assert (seat.standing.status, seat.standing.until) == (Status.COOLING, int(world.clock.time) + 300)
    assert (await world.accounts.refresh(seat.account.id)).status is Status.ACTIVE
    await world.idle()
    assert world.account_store.stored[seat.account.id].standing.status is Status.ACTIVE


async def test_a_refresh_ends_no_other_rest(world, seat):
    world.standings.put(seat, Status.COOLING, "throttled", int(world.clock.time) + 60)
    assert (await world.accounts.refresh(seat.account.id)).status is Status.COOLING


async def test_an_unclear_refusal_of_the_token_endpoint_passes(world, seat):
    world.provider.failure = refresh_fault(401, {}, {"message": "Internal authorizer hiccup"})
    with pytest.raises(AccessRejected):
        await world.refreshing.bearer(seat)
    assert seat.standing.status is Status.COOLING
    world.clock.time += 30
    await world.refreshing.tend(seat)
    assert seat.standing.status is Status.ACTIVE
    assert seat.credentials.access_token == "access-2"


async def test_only_refusals_are_strikes(world, seat):
    refused = refresh_fault(403, {}, {"message": "Forbidden"})
    for failure in (ProviderUnavailable("503"), ProviderUnavailable("503"), refused, refused):
        world.provider.failure = failure
        with pytest.raises(type(failure)):
            await world.refreshing.bearer(seat)
        assert seat.standing.status is Status.COOLING
        world.clock.time += 31


async def test_an_unclear_refusal_keeps_a_token_that_still_works(world, seat):
    world.clock.time = NOW + 3570
    world.provider.failure = AccessRejected("401")
    assert await world.refreshing.bearer(seat) == "access-one"


async def test_a_profile_that_cannot_be_stored_fails_no_refresh(world, seat):
    async def broken(account_id, arn):
        raise OSError("the database is away")

    world.provider.profile, good, world.account_store.set_profile = OWN, world.account_store.set_profile, broken
    assert await world.refreshing.bearer(seat) == "access-1"
    assert seat.account.profile_arn == ""
    world.account_store.set_profile = good
    await world.refreshing.refresh(seat)
    assert seat.account.profile_arn == OWN


async def test_a_profile_that_is_none_is_not_stored(world, seat):
    world.provider.profile = "arn:nonsense"
    await world.refreshing.bearer(seat)
    assert seat.account.profile_arn == ""


@pytest.mark.parametrize(("said", "seconds"), [(10**30, 86_400), (1, 60)])
async def test_a_token_with_an_odd_life_serves(world, seat, said, seconds):
    async def refresh(account, credentials):
        world.provider.traded.append(credentials.refresh_token)
        return Tokens("odd", said, "rotated")

    world.provider.refresh = refresh
    assert await world.refreshing.bearer(seat) == "odd"
    assert seat.credentials.expires_at == int(world.clock.time) + seconds
    assert world.provider.traded == ["refresh-one"]


async def test_an_api_key_beside_a_refresh_token_is_left_alone(world):
    seat = world.seat(await world.account("key", api_key="ksk_1"))
    world.clock.time += 9000
    await world.refreshing.tend(seat)
    assert seat.standing.status is Status.ACTIVE
