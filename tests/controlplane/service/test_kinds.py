"""Accounts of every kind: what each takes, where its requests go, what it offers, how it is looked after."""

import asyncio
from dataclasses import replace

import pytest

from controlplane.domain.account import AccountDraft, AuthMethod, Status
from controlplane.domain.errors import Absent, AccessRejected, CallForbidden, Duplicate, GrantRejected, Invalid, ProviderUnavailable
from controlplane.domain.kinds import KINDS
from controlplane.domain.lease import Lease
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Attempt
from tests.controlplane.fakes import HOSTS, NOW, ask

LOCAL = "http://127.0.0.1:11434/v1"
LLAMA = ModelFacts("llama3.2:3b", owner="library")
CHEAPEST = {
    "kiro": {"refresh_token": "r"},
    "kimi-web": {},
    "openai": {"api_key": "sk-1"},
    "anthropic": {"api_key": "sk-ant-1"},
}


async def made(world, kind, **given):
    """The seat of a new account, once it was looked after."""
    account = (await world.accounts.create(AccountDraft(kind=kind, **{**CHEAPEST[kind], **given}))).account
    await world.idle()
    return world.seat(account.id)


@pytest.mark.parametrize(
    ("kind", "given", "method"),
    [
        ("kimi-web", {}, AuthMethod.NONCE),
        ("openai", {}, AuthMethod.API_KEY),
        ("openai", {"base_url": LOCAL}, AuthMethod.API_KEY),
        ("openai", {"base_url": LOCAL, "api_key": ""}, AuthMethod.NONE),
        ("anthropic", {"base_url": "http://h"}, AuthMethod.API_KEY),
        ("kiro", {"base_url": "http://h"}, AuthMethod.SOCIAL),
    ],
)
async def test_how_it_signs_in_is_told_from_what_is_given(world, kind, given, method):
    seat = await made(world, kind, **given)
    assert seat.account.auth_method is method
    assert seat.account.label == f"{kind}-{seat.account.id[-6:]}"
    assert (seat.account.region, bool(seat.account.machine_id)) == (("us-east-1", True) if kind == "kiro" else ("", False))


async def test_every_kind_of_the_table_can_be_had(world):
    for kind in KINDS:
        assert (await made(world, kind)).account.kind == kind
    with pytest.raises(Invalid):
        await world.accounts.create(AccountDraft(kind="gemini", api_key="k"))


@pytest.mark.parametrize(
    ("kind", "given", "urls", "attributes"),
    [
        ("kimi-web", {}, (HOSTS.kimi_web,), {"max_prompt_characters": str(HOSTS.prompt_characters)}),
        ("kimi-web", {"base_url": "http://site"}, ("http://site",), {"max_prompt_characters": str(HOSTS.prompt_characters)}),
        ("openai", {}, ("https://api.openai.com/v1",), {}),
        ("openai", {"base_url": LOCAL + "/"}, (LOCAL,), {}),
        ("anthropic", {}, ("https://api.anthropic.com",), {}),
        ("anthropic", {"proxy_url": "socks5://u:p@h:1"}, ("https://api.anthropic.com",), {"proxy_url": "socks5://u:p@h:1"}),
    ],
)
async def test_where_its_requests_go(world, kind, given, urls, attributes):
    seat = await made(world, kind, **given)
    assert (seat.urls, seat.attributes) == (urls, attributes)


async def test_kiro_is_told_what_it_was_told_before(world):
    seat = await made(world, "kiro", proxy_url="http://h:1")
    assert set(seat.attributes) == {
        "profile_arn",
        "machine_id",
        "auth_method",
        "region",
        "host_profile",
        "management_url",
        "proxy_url",
    }
    assert seat.urls == ("https://chat.us-east-1.test", "https://other.us-east-1.test")


async def test_a_keyless_endpoint_serves_with_an_empty_bearer(world):
    world.provider.offers = (LLAMA,)
    seat = await made(world, "openai", base_url=LOCAL, api_key="")
    lease = world.acquire(ask(LLAMA.id))
    assert isinstance(lease, Lease)
    assert (lease.kind, lease.bearer.access_token, lease.bearer.expires_at) == ("openai", "", 0)
    assert lease.base_urls == (LOCAL,)
    assert lease.attributes == {"model_owner": "library"}
    assert (await world.renew(lease.lease_id, "")).message.endswith("the upstream wants an API key")
    assert seat.standing.status is Status.NEEDS_LOGIN
    _, seen = await world.accounts.update(seat.account.id, {"api_key": "sk-1"})
    assert (seen.status, seen.account.auth_method) == (Status.ACTIVE, AuthMethod.API_KEY)
    _, seen = await world.accounts.update(seat.account.id, {"api_key": ""})
    assert seen.account.auth_method is AuthMethod.NONE
    with pytest.raises(Invalid) as caught:
        await world.accounts.update(seat.account.id, {"base_url": ""})
    assert caught.value.field == "apiKey"


async def test_a_model_without_an_owner_has_no_such_attribute(world):
    await made(world, "openai")
    lease = world.acquire(ask())
    assert (lease.kind, lease.attributes) == ("openai", {})


async def test_a_refused_key_needs_another(world):
    world.provider.failure, world.provider.for_ever = AccessRejected("401"), True
    seat = await made(world, "openai")
    assert (seat.standing.status, seat.standing.reason) == (Status.NEEDS_LOGIN, "the upstream refuses its API key")
    assert "refresh" not in world.provider.calls
    world.provider.failure = None
    await world.accounts.update(seat.account.id, {"api_key": "sk-2"})
    await world.idle()
    seen = world.accounts.get(seat.account.id)
    assert seen.status is Status.ACTIVE
    assert len(seen.models) == 2, "asked again at once, though it was asked a moment ago"


async def test_a_key_that_may_list_no_models_serves_those_it_is_said_to(world):
    world.provider.failure, world.provider.for_ever = CallForbidden("403"), True
    seat = await made(world, "openai", models=("gpt-4o", "my-tuned"))
    seen = world.accounts.get(seat.account.id)
    assert seen.status is Status.ACTIVE
    facts = {model.id: model for model in seen.models}
    assert (facts["gpt-4o"].context_window, facts["gpt-4o"].input_types) == (128_000, ("text", "image"))
    assert (facts["my-tuned"].context_window, facts["my-tuned"].created) == (0, int(NOW))
    assert world.acquire(ask("my-tuned")).model == "my-tuned"


async def test_what_an_endpoint_lists_and_what_its_record_says(world):
    world.provider.offers = (ModelFacts("claude-sonnet-4-6", max_output=5), ModelFacts("other"))
    seat = await made(world, "anthropic", models=("claude-sonnet-4-6", "unlisted"))
    assert set(seat.candidate.offers) == {"claude-sonnet-4-6", "unlisted"}
    listed = seat.offered["claude-sonnet-4-6"]
    assert (listed.context_window, listed.max_output) == (1_000_000, 5), "the list's word comes first"
    await world.accounts.update(seat.account.id, {"models": ()})
    assert set(seat.candidate.offers) == {"claude-sonnet-4-6", "other"}
    await world.restart()
    assert set(world.seat(seat.account.id).candidate.offers) == {"claude-sonnet-4-6", "other"}
    kiro = await made(world, "kiro", models=("other", "unlisted"))
    assert set(kiro.candidate.offers) == {"other"}, "a restriction of the list"


async def test_the_time_of_a_model_is_what_its_list_says(world):
    world.provider.offers = (ModelFacts("old", created=1_600_000_000), ModelFacts("new"))
    seat = await made(world, "openai")
    assert {name: model.created for name, model in seat.offered.items()} == {"old": 1_600_000_000, "new": int(NOW)}


async def test_a_site_offers_its_models_before_it_was_asked(world):
    world.provider.failure, world.provider.for_ever = ProviderUnavailable("503"), True
    seat = await made(world, "kimi-web")
    assert set(seat.candidate.offers) == {"kimi-k2-instruct-0905", "kimi-k2-instruct"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not KINDS[kind].allowance])
async def test_nobody_asks_what_is_left_where_nobody_tells(world, kind):
    seat = await made(world, kind)
    world.clock.time += 2000
    await world.allowances.poll()
    await world.allowances.tend(seat)
    await world.idle()
    assert "allowance" not in world.provider.calls
    with pytest.raises(Absent, match=kind):
        await world.accounts.allowance(seat.account.id)
    world.standings.put(seat, Status.EXHAUSTED, "spent", int(NOW) + 10_000)
    assert (await world.accounts.verify(seat.account.id)).status is Status.ACTIVE
    world.provider.failure, world.provider.for_ever = ProviderUnavailable("503"), True
    with pytest.raises(ProviderUnavailable):
        await world.accounts.verify(seat.account.id)


@pytest.mark.parametrize(("kind", "given"), [("openai", {}), ("anthropic", {}), ("openai", {"base_url": LOCAL, "api_key": ""})])
async def test_what_has_no_token_is_not_renewed(world, kind, given):
    seat = await made(world, kind, **given)
    with pytest.raises(Invalid):
        await world.accounts.refresh(seat.account.id)
    assert seat.standing.status is Status.ACTIVE
    assert await world.refreshing.tend(seat) is None
    assert "refresh" not in world.provider.calls


async def test_the_same_key_at_another_endpoint_is_another_account(world):
    await made(world, "openai", api_key="k")
    await made(world, "openai", api_key="k", base_url=LOCAL)
    await made(world, "anthropic", api_key="k")
    with pytest.raises(Duplicate):
        await made(world, "openai", api_key="k")
    await made(world, "kimi-web")
    await made(world, "kimi-web", proxy_url="http://h:1")


async def test_a_label_that_is_made_is_nobody_elses(world, monkeypatch):
    ids = iter(("a" * 10 + "bbbbbb", "c" * 10 + "bbbbbb"))
    monkeypatch.setattr("secrets.token_hex", lambda _: next(ids))
    first, second = await made(world, "kimi-web"), await made(world, "kimi-web")
    assert (first.account.label, second.account.label) == ("kimi-web-bbbbbb", "kimi-web-ccccccccccbbbbbb")


async def test_fields_of_other_kinds_are_refused_when_it_is_changed_too(world):
    seat = await made(world, "openai")
    for change, field in (
        ({"refresh_token": "r"}, "refreshToken"),
        ({"profile_arn": "x"}, "profileArn"),
        ({"region": "eu-west-1"}, "region"),
    ):
        with pytest.raises(Invalid) as caught:
            await world.accounts.update(seat.account.id, change)
        assert caught.value.field == field
    await world.accounts.update(seat.account.id, {"refresh_token": "", "region": "", "label": "renamed"})
    assert seat.account.label == "renamed"


async def test_a_new_address_is_asked_for_its_own_list(world):
    seat = await made(world, "openai")
    world.provider.offers = (LLAMA,)
    world.standings.put(seat, Status.NEEDS_LOGIN, "the old one's")
    await world.accounts.update(seat.account.id, {"base_url": LOCAL})
    await world.idle()
    assert (set(seat.candidate.offers), seat.standing.status) == ({LLAMA.id}, Status.ACTIVE)


async def test_a_proxy_given_back_as_it_was_shown_stays_whole(world):
    seat = await made(world, "kimi-web", proxy_url="socks5://user:pass@host:1080")
    await world.accounts.update(seat.account.id, {"proxy_url": "socks5://user:***@host:1080", "priority": 1})
    assert (seat.account.proxy_url, seat.account.priority) == ("socks5://user:pass@host:1080", 1)
    with pytest.raises(Invalid) as caught:
        await world.accounts.update(seat.account.id, {"proxy_url": "socks5://user:***@other:1080"})
    assert caught.value.field == "proxyUrl"
    await world.accounts.update(seat.account.id, {"proxy_url": ""})
    assert (seat.account.proxy_url, seat.attributes.get("proxy_url")) == ("", None)


# ---- nonces


async def test_a_nonce_is_fetched_at_once_and_kept_as_a_token_is(world):
    seat = await made(world, "kimi-web")
    assert world.provider.calls[0] == "refresh"
    assert (seat.credentials.bearer, seat.credentials.expires_at) == ("access-1", int(NOW) + 3600)
    assert world.account_store.stored[seat.account.id].credentials == seat.credentials
    lease = world.acquire(ask("claude-sonnet-4.5"))
    assert (lease.kind, lease.bearer.access_token) == ("kimi-web", "access-1")


async def test_a_nonce_is_fetched_ahead_of_need(world):
    seat = await made(world, "kimi-web")
    world.clock.time = NOW + 3600 - 599
    assert await world.refreshing.tend(seat) is True
    assert seat.credentials.bearer == "access-2"


async def test_many_who_were_refused_are_one_fetch(world):
    seat = await made(world, "kimi-web")
    world.provider.gate.clear()
    asks = [asyncio.create_task(world.refreshing.bearer(seat, "access-1")) for _ in range(20)]
    await world.idle()
    world.provider.gate.set()
    assert await asyncio.gather(*asks) == ["access-2"] * 20
    assert await world.refreshing.bearer(seat, "access-1") == "access-2"
    assert world.provider.calls.count("refresh") == 2


@pytest.mark.parametrize("error", [ProviderUnavailable("503"), AccessRejected("403"), CallForbidden("challenge"), GrantRejected("odd")])
async def test_a_fetch_that_fails_takes_nothing_and_is_not_repeated_at_once(world, error):
    seat = await made(world, "kimi-web")
    world.provider.failure, world.provider.for_ever = error, True
    world.clock.time = NOW + 3600 - 30
    for _ in range(5):
        await world.refreshing.tend(seat)
        if not isinstance(error, GrantRejected):
            assert await world.refreshing.bearer(seat) == "access-1", "the last good one, while it lives"
        world.clock.time += 1
    assert world.provider.calls.count("refresh") == 2
    for _ in range(5):
        world.clock.time += 301
        await world.refreshing.tend(seat)
    assert (seat.standing.status, seat.standing.reason) == (Status.COOLING, "its token could not be renewed")
    world.provider.failure = None
    world.clock.time += 301
    await world.refreshing.tend(seat)
    assert (seat.standing.status, seat.ready(world.clock.now())) == (Status.ACTIVE, True)


async def test_a_site_that_gives_the_refused_nonce_again_is_left_alone_for_a_while(world):
    seat = await made(world, "kimi-web")

    async def same(account, credentials):
        world.provider.calls.append("refresh")
        return replace(await type(world.provider).refresh(world.provider, account, credentials), access_token="access-1")

    world.provider.refresh = same
    world.provider.calls.clear()
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await world.refreshing.bearer(seat, "access-1")
    assert world.provider.calls == ["refresh", "refresh"], "the fetch and its stand-in's own note"
    assert seat.standing.status is Status.COOLING
    world.clock.time += 31
    assert await world.refreshing.bearer(seat) == "access-1"


async def test_a_renewed_nonce_that_is_refused_too_rests_the_account(world):
    seat = await made(world, "kimi-web")
    refused = Attempt(seat.account.id, "kimi-web", "kimi-k2-instruct", fault="credential_rejected")
    world.standings.attempted(seat, refused, renewed=False)
    assert seat.standing.status is Status.ACTIVE, "it only grew old"
    world.standings.attempted(seat, refused, renewed=True)
    assert (seat.standing.status, seat.standing.until) == (Status.COOLING, int(NOW) + 60)
    assert world.seat(seat.account.id).standing.reason == "the upstream refuses its renewed nonce"


async def test_the_nonce_of_another_site_is_not_used(world):
    seat = await made(world, "kimi-web")
    await world.accounts.update(seat.account.id, {"base_url": "http://other"})
    await world.idle()
    assert (seat.credentials.bearer, seat.urls) == ("access-2", ("http://other",))
    assert seat.account.auth_method is AuthMethod.NONCE


# ---- what a page tells beside its nonce

LEARNED = {"ajax_url": "http://site/ajax/"}
KIMI = "kimi-k2-instruct"


@pytest.fixture
def page(world):
    """A site whose page says where messages go."""
    world.provider.attributes, world.provider.offers = LEARNED, (ModelFacts(KIMI),)


@pytest.mark.usefixtures("page")
async def test_leases_say_where_the_page_wants_messages(world):
    await made(world, "kimi-web")
    lease = world.acquire(ask(KIMI))
    assert lease.attributes == {"max_prompt_characters": str(HOSTS.prompt_characters), **LEARNED}
    world.provider.attributes = {"ajax_url": ""}
    await world.refreshing.bearer(world.seat(lease.account_id), "access-1")
    assert "ajax_url" not in world.acquire(ask(KIMI, request_id="req_2")).attributes


@pytest.mark.usefixtures("page")
async def test_after_a_start_the_page_is_read_again_while_the_stored_nonce_serves(world):
    seat = await made(world, "kimi-web")
    await world.restart()
    seat = world.seat(seat.account.id)
    first = world.acquire(ask(KIMI))
    assert (first.bearer.access_token, "ajax_url" in first.attributes) == ("access-1", False)
    world.provider.failure = ProviderUnavailable("503")
    assert await world.refreshing.tend(seat) is False
    assert await world.refreshing.tend(seat) is None, "not at once again"
    assert (seat.standing.status, await world.refreshing.bearer(seat)) == (Status.ACTIVE, "access-1")
    world.clock.time += 31
    assert await world.refreshing.tend(seat) is True
    assert await world.refreshing.tend(seat) is None, "once is enough"
    lease = world.acquire(ask(KIMI, request_id="req_2"))
    assert (lease.bearer.access_token, lease.attributes["ajax_url"]) == ("access-3", LEARNED["ajax_url"])


async def test_another_site_has_an_address_of_its_own(world):
    async def refresh(account, credentials):
        tokens = await type(world.provider).refresh(world.provider, account, credentials)
        return replace(tokens, attributes={"ajax_url": f"{account.base_url or 'http://site'}/ajax/"})

    world.provider.refresh = refresh
    seat = await made(world, "kimi-web")
    assert seat.attributes["ajax_url"] == LEARNED["ajax_url"]
    world.provider.gate.clear()
    refreshing = asyncio.create_task(world.refreshing.refresh(seat))
    await world.idle()
    moving = asyncio.create_task(world.accounts.update(seat.account.id, {"base_url": "http://other"}))
    await world.idle()
    world.provider.gate.set()
    await asyncio.gather(refreshing, moving)
    await world.idle()
    assert seat.attributes["ajax_url"] == "http://other/ajax/"


@pytest.mark.usefixtures("page")
async def test_a_nonce_that_another_process_fetched_brings_no_address_of_ours(world):
    seat = await made(world, "kimi-web")
    await world.restart()
    seat = world.seat(seat.account.id)
    theirs = replace(seat.credentials, access_token="theirs", version=seat.credentials.version + 1)
    world.account_store._set(seat.account.id, credentials=theirs)
    await world.refreshing.tend(seat)
    assert (seat.credentials.access_token, seat.learned) == ("theirs", None)
    await world.refreshing.tend(seat)
    assert seat.attributes["ajax_url"] == LEARNED["ajax_url"]


async def test_what_is_known_here_comes_before_what_a_page_says(world):
    world.provider.attributes = {"max_prompt_characters": "1", "proxy_url": "http://evil:1"}
    seat = await made(world, "kimi-web", proxy_url="http://h:1")
    assert seat.attributes == {"max_prompt_characters": str(HOSTS.prompt_characters), "proxy_url": "http://h:1"}
