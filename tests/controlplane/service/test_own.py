"""Signing in with a token that the caller brings along."""

import asyncio
import logging
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.account import AuthMethod, Credentials, Status
from controlplane.domain.errors import AccessRejected, AccountSuspended, GrantRejected, ProviderUnavailable
from controlplane.domain.lease import Reason, Refusal
from controlplane.policy.families import machine_id
from controlplane.service.roster import Seat
from tests.controlplane.fakes import NOW
from tests.controlplane.own_accounts import OTHER, TOKEN, Harness

ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/OWN"


@pytest.fixture
async def own():
    made = Harness()
    yield made
    await made.own.close()
    await made.background.close()


async def test_a_new_account_is_social_in_the_default_region_with_a_machine_of_its_own(own):
    account = (await own.ask()).account
    assert (account.kind, account.label, account.auth_method, account.region) == ("kiro", "own account", AuthMethod.SOCIAL, "us-east-1")
    assert account.id == own.token().account_id
    assert account.machine_id == own.row().machine_id == machine_id("", Credentials(refresh_token=TOKEN))


async def test_a_first_token_is_stored_before_anybody_is_served(own):
    put, seen = own.store.put, []

    async def watched(row, version):
        seen.append(own.own.find(row.account_id))
        return await put(row, version)

    own.store.put = watched
    assert (await own.ask()).credentials == own.row().credentials
    assert seen == [None]
    assert own.row().credentials.refresh_token == TOKEN + "+1"


async def test_a_rotated_token_is_stored_before_the_access_token_is_seen(own):
    seat = await own.ask()
    put, seen = own.store.put, []

    async def watched(row, version):
        seen.append((row.credentials.refresh_token, seat.credentials.access_token))
        return await put(row, version)

    own.store.put = watched
    own.clock.time += 3600
    assert (await own.ask()).credentials.bearer == "access-2"
    assert seen == [(TOKEN + "+1+2", "access-1")]


async def test_a_restart_finds_rotated_token_access_token_machine_and_profile(own):
    own.provider.profile = ARN
    before = (await own.ask()).account
    own.restart()
    seat = await own.ask()
    assert seat.account == before
    assert seat.account.profile_arn == ARN
    assert seat.credentials.bearer == "access-1"
    assert own.provider.traded == [TOKEN], "an access token is used to its end"
    own.clock.time += 3600
    await own.ask()
    assert own.provider.traded == [TOKEN, TOKEN + "+1"]
    assert own.row().machine_id == before.machine_id


async def test_a_dead_token_is_refused_and_leaves_nothing(own):
    own.provider.failure, own.provider.for_ever = GrantRejected("the refresh token is no longer valid; sign in again"), True
    said = await own.ask()
    assert said == Refusal(
        Reason.UNAUTHENTICATED, "the account's sign-in is not valid: the refresh token is no longer valid; sign in again"
    )
    assert own.store.rows == {}
    assert len(own.own) == 0
    # it is remembered, and not for ever
    for _ in range(20):
        assert own.own.seat(own.token()) == said
    assert own.provider.traded == [TOKEN]
    own.clock.time += 60
    assert await own.ask() == said
    assert own.provider.traded == [TOKEN, TOKEN]


async def test_a_token_that_is_refused_in_unclear_words_is_refused_too(own):
    own.provider.failure = AccessRejected("Kiro refused the sign-in (status 401)")
    assert (await own.ask()).reason is Reason.UNAUTHENTICATED
    assert own.store.rows == {}


async def test_the_presented_token_is_tried_once_when_what_became_of_it_is_dead(own):
    seat = await own.ask()
    own.clock.time += 3600
    own.provider.failure = GrantRejected("dead")
    again = await own.ask()
    assert own.provider.traded == [TOKEN, TOKEN + "+1", TOKEN]
    assert again is seat
    assert seat.standing.status is Status.ACTIVE
    assert own.row().credentials == seat.credentials
    assert seat.credentials.refresh_token == TOKEN + "+3"


async def test_when_all_is_dead_the_row_stays_and_each_minute_is_one_try(own):
    await own.ask()
    own.clock.time += 3600
    own.provider.failure, own.provider.for_ever = GrantRejected("dead"), True
    for _ in range(20):
        said = await own.ask()
        assert (said.reason, said.message) == (Reason.UNAUTHENTICATED, "the account's sign-in is not valid: dead")
    assert own.provider.traded == [TOKEN, TOKEN + "+1", TOKEN]
    assert own.row().credentials.refresh_token == TOKEN + "+1", "nothing is thrown away"
    own.clock.time += 60
    own.provider.failure = None
    assert (await own.ask()).credentials.bearer
    assert own.row().credentials.version == 2


async def test_what_another_process_renewed_is_used_and_not_traded_again(own):
    seat = await own.ask()
    row = own.row()
    theirs = replace(row.credentials, refresh_token="theirs", access_token="their-access", expires_at=int(NOW) + 9000, version=2)
    own.store.rows[row.account_id] = replace(row, credentials=theirs)
    own.clock.time += 3600
    assert (await own.ask()).credentials == theirs == seat.credentials
    assert own.provider.traded == [TOKEN]


async def test_what_another_process_renewed_during_the_trade_is_used_instead_of_the_dead_one(own):
    await own.ask()
    own.clock.time += 3600
    row = own.row()
    theirs = replace(row.credentials, refresh_token="theirs", access_token="their-access", expires_at=int(NOW) + 9000, version=2)

    async def beaten(account, credentials):
        own.provider.traded.append(credentials.refresh_token)
        own.store.rows[row.account_id] = replace(row, credentials=theirs)
        raise GrantRejected("dead")

    own.provider.refresh = beaten
    assert (await own.ask()).credentials == theirs
    assert own.provider.traded == [TOKEN, TOKEN + "+1"]
    assert own.own.find(row.account_id).standing.status is Status.ACTIVE


async def test_who_loses_a_race_for_the_first_row_uses_the_winners(own):
    winner = Credentials("theirs", "their-access", expires_at=int(NOW) + 9000, version=1)
    put = own.store.put

    async def late(row, version):
        own.store.rows.setdefault(row.account_id, replace(row, credentials=winner))
        return await put(row, version)

    own.store.put = late
    assert (await own.ask()).credentials == winner == own.row().credentials


@settings(max_examples=40)
@given(st.text("abcAZ09+/=-_.", min_size=0, max_size=300), st.text("xyz", min_size=1, max_size=3), st.text("uvw", min_size=1, max_size=3))
def test_tokens_that_begin_alike_share_nothing(prefix, one, other):
    async def both():
        own = Harness()
        seats = [await own.ask("aorAAAAA" + prefix + tail) for tail in (one, other)]
        accounts, bearers = {seat.account.id for seat in seats}, {seat.credentials.bearer for seat in seats}
        machines, rows = {seat.account.machine_id for seat in seats}, set(own.store.rows)
        assert len(accounts) == len(bearers) == len(machines) == len(rows) == 2
        assert [
            seat.credentials.refresh_token.startswith("aorAAAAA" + prefix + tail) for seat, tail in zip(seats, (one, other), strict=True)
        ]
        await own.background.close()

    asyncio.run(both())


async def test_they_and_the_pool_never_meet(own):
    pooled = own.pooled("another-token")
    seat = await own.ask()
    assert own.pool.find(seat.account.id) is None
    assert list(own.pool) == [pooled]
    assert seat.candidate not in own.pool.candidates
    assert own.own.find(pooled.account.id) is None


async def test_a_token_of_the_pool_is_refused_untraded(own):
    seat = own.pooled(TOKEN)
    said = await own.ask()
    assert said.reason is Reason.UNAUTHENTICATED
    assert "manages already" in said.message
    # the pool's token rotates; what it began with is still known by its machine
    seat.take(replace(seat.credentials, refresh_token="rotated", version=1))
    own.clock.time += 60
    assert "manages already" in (await own.ask()).message
    assert own.provider.traded == []
    own.pool.remove(seat.account.id)
    own.clock.time += 60
    assert isinstance(await own.ask(), Seat)


async def test_a_token_that_was_given_to_the_pool_later_is_not_traded_under_it(own):
    await own.ask()
    own.pooled(TOKEN + "+1", machine="f" * 64)
    own.clock.time += 3600
    assert "manages already" in (await own.ask()).message
    assert own.provider.traded == [TOKEN]


async def test_a_provider_that_is_away_at_first_is_left_alone_for_the_backoff(own):
    own.provider.failure = ProviderUnavailable("503")
    said = await own.ask()
    assert (said.reason, said.retry_after) == (Reason.ACCOUNTS_BUSY, 30)
    assert await own.ask() == said
    assert own.provider.traded == [TOKEN]
    assert len(own.own) == 0
    own.clock.time += 30
    assert isinstance(await own.ask(), Seat)


async def test_a_provider_that_is_away_later_rests_the_account(own):
    seat = await own.ask()
    own.clock.time += 3600
    own.provider.failure, own.provider.for_ever = ProviderUnavailable("503"), True
    for _ in range(5):
        assert await own.ask() is seat
        assert not seat.ready(own.clock.now())
    assert len(own.provider.traded) == 2
    own.provider.failure = None
    own.clock.time += 31
    assert (await own.ask()).credentials.bearer == "access-3"


async def test_what_could_not_be_stored_is_kept_and_stored_later(own):
    find = own.store.find

    async def then_down(account_id):
        row = await find(account_id)
        own.store.down = True
        return row

    own.store.find = then_down
    seat = await own.ask()
    assert seat.credentials.bearer == "", "nothing is used that is not stored"
    own.store.find, own.store.down = find, False
    own.clock.time += 7200
    await own.own.prune(own.clock.now())
    assert own.row().credentials.refresh_token == TOKEN + "+1"
    assert own.row().machine_id == machine_id("", Credentials(refresh_token=TOKEN))
    own.clock.time = NOW + 60
    assert (await own.ask()).credentials.bearer == "access-1"
    assert own.provider.traded == [TOKEN]


async def test_a_row_that_was_pruned_under_a_trade_comes_back(own):
    await own.ask()
    own.store.rows.clear()
    own.clock.time += 3600
    seat = await own.ask()
    assert own.row().credentials == seat.credentials
    assert own.row().machine_id == seat.account.machine_id


async def test_a_suspended_account_is_left_alone_for_an_hour(own):
    seat = await own.ask()
    own.own.standings.put(seat, Status.SUSPENDED, "the upstream suspended it")
    for _ in range(5):
        said = await own.ask()
        assert (said.reason, said.message) == (Reason.NO_ACCOUNT, "the account cannot be used: the upstream suspended it")
    own.clock.time += 3599
    assert isinstance(await own.ask(), Refusal)
    own.clock.time += 1
    assert await own.ask() is seat
    assert seat.standing.status is Status.ACTIVE


async def test_a_token_of_a_suspended_account(own):
    own.provider.failure = AccountSuspended("Kiro has suspended this account")
    assert (await own.ask()).reason is Reason.NO_ACCOUNT
    assert (await own.ask()).reason is Reason.NO_ACCOUNT
    assert own.provider.traded == [TOKEN]


async def test_an_account_whose_bearer_is_refused_renews_it_once_a_minute(own):
    seat = await own.ask()
    for trades in (2, 3):
        own.own.standings.put(seat, Status.NEEDS_LOGIN, "the upstream refuses its renewed token")
        assert await own.ask() is seat, "a renewed one may work"
        assert seat.standing.status is Status.ACTIVE
        own.own.standings.put(seat, Status.NEEDS_LOGIN, "the upstream refuses its renewed token")
        assert (await own.ask()).reason is Reason.UNAUTHENTICATED
        assert len(own.provider.traded) == trades
        own.clock.time += 60


async def test_a_database_that_is_away_is_told_to_all_who_wait_and_forgotten(own):
    own.store.down = True
    results = await asyncio.gather(*(own.ask() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3
    assert own.provider.traded == []
    own.store.down = False
    assert isinstance(await own.ask(), Seat)


async def test_secrets_stay_out_of_logs_and_reprs(own, caplog):
    caplog.set_level(logging.DEBUG)
    seat = await own.ask()
    row = own.row()
    own.provider.failure, own.provider.for_ever = GrantRejected("dead"), True
    refusal = await own.ask(OTHER)
    own.clock.time += 3600
    await own.ask()
    shown = repr((seat, row, refusal, own.token(), own.own)) + caplog.text
    assert own.token().account_id in shown
    for secret in (TOKEN, OTHER, "access-1"):
        assert secret not in shown
