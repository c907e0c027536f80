import asyncio
import dataclasses
from dataclasses import replace

import pytest

from controlplane.domain.account import AccountDraft, Allowance, AuthMethod, Status
from controlplane.domain.errors import Absent, AccessRejected, AccountSuspended, Duplicate, Invalid
from controlplane.service import accounts
from tests.controlplane.fakes import NOW


async def settled(world):
    """Let the background do its visits."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_refresh_token_alone_makes_an_account_that_is_ready_soon(world):
    made = await world.accounts.create(AccountDraft(refresh_token="aorAAAA"))
    assert made.account.label.startswith("kiro-")
    assert made.account.auth_method is AuthMethod.SOCIAL
    assert (made.status, made.has_refresh_token, made.has_access_token) == (Status.ACTIVE, True, False)
    await settled(world)
    seen = world.accounts.get(made.account.id)
    assert seen.has_access_token
    assert seen.expires_at == int(NOW) + 3600
    assert [model.id for model in seen.models] == ["claude-haiku-4.5", "claude-sonnet-4.5"]
    assert world.provider.calls == ["refresh", "models"]


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({"refresh_token": "r"}, AuthMethod.SOCIAL),
        ({"refresh_token": "r", "client_id": "c", "client_secret": "s"}, AuthMethod.IDC),
        ({"api_key": "ksk_1"}, AuthMethod.API_KEY),
        ({"access_token": "a"}, AuthMethod.SOCIAL),
    ],
)
async def test_the_way_of_signing_in_is_told_from_what_is_given(world, given, method):
    assert (await world.accounts.create(AccountDraft(**given))).account.auth_method is method


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"refresh_token": ""}, "refreshToken"),
        ({"refresh_token": "aor...xyz"}, "refreshToken"),
        ({"kind": "gemini"}, "kind"),
        ({"kind": "openai"}, "refreshToken"),
        ({"label": "a/b"}, "label"),
        ({"label": "a\0b"}, "label"),
        ({"label": "\ud800"}, "label"),
        ({"client_id": "c", "client_secret": "\ud800"}, "clientSecret"),
        ({"client_id": "c"}, "clientSecret"),
        ({"client_secret": "s"}, "clientId"),
        ({"base_url": "http://x/\0"}, "baseUrl"),
        ({"label": "kiro"}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"region": "moon"}, "region"),
        ({"profile_arn": "arn:aws:iam::1:role/x"}, "profileArn"),
        ({"base_url": "ftp://x"}, "baseUrl"),
        ({"base_url": "http://x:99999"}, "baseUrl"),
        ({"max_concurrency": -1}, "maxConcurrency"),
        ({"priority": 10**6}, "priority"),
        ({"auth_method": AuthMethod.API_KEY}, "apiKey"),
        ({"auth_method": AuthMethod.IDC}, "clientId"),
        ({"auth_method": AuthMethod.NONCE}, "authMethod"),
        ({"proxy_url": "ftp://proxy:1"}, "proxyUrl"),
    ],
)
async def test_fields_that_cannot_be(world, given, field):
    with pytest.raises(Invalid) as caught:
        await world.accounts.create(AccountDraft(**{"refresh_token": "r", **given}))
    assert caught.value.field == field
    assert world.accounts.list() == []


async def test_no_account_twice(world):
    await world.accounts.create(AccountDraft(label="Work", refresh_token="r1"))
    for draft in (AccountDraft(label="work", refresh_token="r2"), AccountDraft(refresh_token="r1+1"), AccountDraft(refresh_token="r1")):
        await settled(world)
        with pytest.raises(Duplicate):
            await world.accounts.create(draft)


async def test_the_same_account_twice_at_once(world):
    drafts = [AccountDraft(label=f"{number}", refresh_token="r1") for number in range(5)]
    made = await asyncio.gather(*map(world.accounts.create, drafts), return_exceptions=True)
    assert sum(isinstance(one, Duplicate) for one in made) == 4
    assert len(world.accounts.list()) == 1


async def test_an_update_of_the_record_leaves_the_sign_in_alone(world):
    made = await world.account("one")
    before = world.seat(made).credentials
    there = world.seat(made).account
    was, seen = await world.accounts.update(made, {"label": "renamed", "max_concurrency": 3, "models": ("claude-haiku-4.5",)})
    assert was.account == there
    assert (seen.account.label, seen.account.max_concurrency) == ("renamed", 3)
    assert [model.id for model in seen.models] == ["claude-haiku-4.5"]
    assert [listed.facts.id for listed in world.catalogue.models()] == ["claude-haiku-4.5"]
    assert world.seat(made).credentials == before
    assert world.account_store.stored[made].account == seen.account
    with pytest.raises(Invalid):
        await world.accounts.update(made, {"kind": "openai"})


async def test_changes_at_once_make_a_chain(world):
    made = await world.account("one")
    pairs = await asyncio.gather(
        *(world.accounts.update(made, {"priority": number}) for number in (1, 2)),
        world.accounts.disable(made),
        world.accounts.update(made, {"priority": 3}),
        world.accounts.enable(made),
    )
    decided = [[(seen.account.priority, seen.account.disabled) for seen in pair] for pair in pairs]
    assert [after for _, after in decided] == [(1, False), (2, False), (2, True), (3, True), (3, False)]
    assert [before for before, _ in decided] == [(0, False), *(after for _, after in decided[:-1])]
    assert (await world.accounts.remove(made)).account == pairs[-1][1].account


async def test_new_credentials_bring_a_lost_account_back(world):
    made = await world.account("one")
    world.standings.put(world.seat(made), Status.NEEDS_LOGIN, "dead")
    await world.accounts.update(made, {"refresh_token": "again"})
    await settled(world)
    seen = world.accounts.get(made)
    assert (seen.status, seen.has_access_token) == (Status.ACTIVE, True)
    assert world.provider.traded == ["again"]


async def test_switching_off_and_on(world):
    made = await world.account("one")
    world.standings.put(world.seat(made), Status.SUSPENDED, "locked")
    assert [seen.status for seen in await world.accounts.disable(made)] == [Status.SUSPENDED, Status.DISABLED]
    assert world.catalogue.models() == ()
    assert [seen.status for seen in await world.accounts.enable(made)] == [Status.DISABLED, Status.ACTIVE]
    assert len(world.catalogue.models()) == 2
    stored = world.account_store.stored[made]
    assert (stored.account.disabled, stored.standing.status) == (False, Status.ACTIVE)


async def test_verifying_sets_the_status_by_the_answer(world):
    made = await world.account("one")
    world.standings.put(world.seat(made), Status.SUSPENDED, "locked")
    seen = await world.accounts.verify(made)
    assert (seen.status, seen.allowance) == (Status.ACTIVE, Allowance(1, 50, checked_at=int(NOW)))
    world.provider.left = Allowance(50, 50, resets_at=int(NOW) + 99)
    seen = await world.accounts.verify(made)
    assert (seen.status, seen.until) == (Status.EXHAUSTED, int(NOW) + 99)
    world.provider.left = replace(world.provider.left, overage=True)
    assert (await world.accounts.verify(made)).status is Status.ACTIVE
    world.provider.failure = AccountSuspended("locked again")
    with pytest.raises(AccountSuspended):
        await world.accounts.verify(made)
    assert world.accounts.get(made).status is Status.SUSPENDED


async def test_a_refused_token_is_renewed_once_on_the_way(world):
    made = await world.account("one")
    world.provider.failure = AccessRejected("401")
    assert (await world.accounts.allowance(made)).limit == 50
    assert world.provider.traded == ["refresh-one"]


async def test_an_ended_rest_is_not_shown(world):
    made = await world.account("one")
    world.standings.put(world.seat(made), Status.COOLING, "throttled", int(NOW) + 10)
    assert world.accounts.get(made).status is Status.COOLING
    world.clock.time += 10
    seen = world.accounts.get(made)
    assert (seen.status, seen.reason, seen.until) == (Status.ACTIVE, "", 0)


async def test_a_failing_database_changes_nothing_in_memory(world):
    made = await world.account("one")
    world.account_store.down = True
    for work in (world.accounts.disable(made), world.accounts.update(made, {"label": "x"}), world.accounts.remove(made)):
        with pytest.raises(OSError):
            await work
    world.account_store.down = False
    seen = world.accounts.get(made)
    assert (seen.account.label, seen.status) == ("one", Status.ACTIVE)


async def test_removal(world):
    made = await world.account("one")
    await world.accounts.remove(made)
    assert world.accounts.list() == []
    assert world.account_store.stored == {}
    assert world.catalogue.models() == ()
    for work in (world.accounts.remove, world.accounts.disable, world.accounts.refresh):
        with pytest.raises(Absent):
            await work(made)


async def test_no_secret_in_what_is_shown(world):
    await world.account("one", client_id="c", client_secret="hush", proxy_url="http://u:hush@proxy:1")
    shown = repr(world.accounts.list()) + repr(AccountDraft(refresh_token="hush", proxy_url="http://u:hush@p"))
    for secret in ("refresh-one", "access-one", "hush"):
        assert secret not in shown


async def test_a_new_access_token_does_not_end_with_the_old_one(world):
    made = await world.accounts.create(AccountDraft(access_token="old", expires_at=int(NOW) + 10))
    await settled(world)
    world.clock.time += 100
    await world.accounts.update(made.account.id, {"access_token": "new"})
    seat = world.seat(made.account.id)
    assert (seat.credentials.access_token, seat.credentials.expires_at) == ("new", 0)
    assert await world.refreshing.bearer(seat) == "new"
    await world.accounts.update(made.account.id, {"access_token": "newer", "expires_at": int(NOW) + 5000})
    assert seat.credentials.expires_at == int(NOW) + 5000


async def test_how_an_account_signs_in_is_told_anew_from_new_credentials(world):
    made = await world.account("one", profile_arn="arn:aws:codewhisperer:us-east-1:123456789012:profile/OWN")
    seat = world.seat(made)
    assert (await world.accounts.update(made, {"refresh_token": "r2"}))[1].account.profile_arn.endswith("OWN")
    _, seen = await world.accounts.update(made, {"refresh_token": "r3", "client_id": "c", "client_secret": "s"})
    assert (seen.account.auth_method, seen.account.profile_arn) == (AuthMethod.IDC, "")
    _, seen = await world.accounts.update(made, {"api_key": "ksk_1"})
    assert (seen.account.auth_method, seen.has_refresh_token) == (AuthMethod.API_KEY, False)
    assert (seat.credentials.bearer, seat.credentials.client_secret) == ("ksk_1", "")
    assert "profile_arn" not in seat.attributes
    _, seen = await world.accounts.update(made, {"refresh_token": "r4"})
    assert (seen.account.auth_method, seat.credentials.api_key) == (AuthMethod.SOCIAL, "")
    assert seat.attributes["profile_arn"].endswith("EHGA3GRVQMUK")
    named = {"client_id": "c", "client_secret": "s", "auth_method": AuthMethod.SOCIAL}
    assert (await world.accounts.update(made, named))[1].account.auth_method is AuthMethod.SOCIAL


async def test_a_sign_in_and_its_record_are_stored_together(world):
    made = await world.account("one")
    world.account_store.log.clear()
    changes = {"refresh_token": "r2", "client_id": "c", "client_secret": "s", "region": "eu-west-1"}
    await world.accounts.update(made, changes)
    assert world.account_store.log[0] == "replace"
    assert "save" not in world.account_store.log
    stored = world.account_store.stored[made]
    assert (stored.account.auth_method, stored.account.region, stored.credentials.client_id) == (AuthMethod.IDC, "eu-west-1", "c")
    assert world.seat(made).account == stored.account


async def test_a_change_whose_reply_was_lost_can_be_made_again(world):
    made = await world.account("one")
    changes = {"client_id": "c", "client_secret": "s"}
    world.account_store.replies_lost = 1
    with pytest.raises(OSError, match="lost"):
        await world.accounts.update(made, changes)
    assert (await world.accounts.update(made, changes))[1].account.auth_method is AuthMethod.IDC
    await settled(world)
    assert world.seat(made).credentials == world.account_store.stored[made].credentials
    assert world.account_store.stored[made].account.auth_method is AuthMethod.IDC


async def test_a_reset_that_cannot_be_is_not_waited_for(world):
    made = await world.account("one")
    world.provider.left = Allowance(50, 50, resets_at=10**12)
    assert (await world.accounts.verify(made)).until == int(NOW) + 6 * 3600


async def test_hundreds_are_listed_a_few_at_a_time(world, monkeypatch):
    made = [await world.account(name) for name in "abcde"]
    monkeypatch.setattr(accounts, "SLICE", 2)
    listing = asyncio.create_task(world.accounts.listed())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not listing.done(), "others come in between"
    assert [view.account.id for view in await listing] == made
    assert await world.accounts.listed() == world.accounts.list()


async def test_what_is_told_in_brief_is_what_is_told_at_length(world):
    made = await world.account("a")
    world.seat(made).measure(Allowance(50, 50, resets_at=int(NOW) + 100, checked_at=int(NOW)))
    await world.accounts.disable(await world.account("b"))
    for brief, view in zip(world.accounts.briefs(), world.accounts.list(), strict=True):
        names = [one.name for one in dataclasses.fields(brief)]
        assert [getattr(brief, name) for name in names] == [getattr(view, name) for name in names]
