"""Signing in on another device, from the code that a person is shown to the account."""

import asyncio

import pytest

from controlplane.domain.account import AuthMethod, Tokens
from controlplane.domain.errors import Absent, AccessRejected, Duplicate, Invalid, ProviderUnavailable
from controlplane.domain.route import Match, Route, Target
from controlplane.service import drafts
from controlplane.service.device_login import KEPT_SECONDS, MOST, START_URL, DeviceLogins, Grant, Stage, Verdict
from tests.controlplane.fakes import NOW

TOKENS = Tokens("access-new", 3600, "refresh-new")


class FakeDevices:
    """Polls are answered in turn; when nothing is left they wait. `asked` has the times of polls."""

    def __init__(self, clock):
        self.clock = clock
        self.answers: asyncio.Queue = asyncio.Queue()
        self.asked = []
        self.refusal = None
        self.begun = 0

    async def begin(self, region, start_url):
        if self.refusal:
            raise self.refusal
        self.begun += 1
        return Grant("client", "secret", f"device-{self.begun}", "ABCD", "https://x/", "https://x/?c=ABCD", 600, 5)

    async def poll(self, region, grant):
        self.asked.append(self.clock.time - NOW)
        answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def say(self, *answers):
        for answer in answers:
            self.answers.put_nowait(answer)


class Told(list):
    async def __call__(self, view):
        self.append(view)


@pytest.fixture
def devices(world):
    return FakeDevices(world.clock)


@pytest.fixture
def logins(world, devices):
    return DeviceLogins(devices, world.accounts, world.background, world.clock)


@pytest.fixture
def told():
    return Told()


async def begin(logins, told, label="", region="us-east-1", start_url=START_URL):
    return await logins.begin(label, region, start_url, told)


async def test_who_agrees_has_an_account(world, logins, devices, told):
    login = await begin(logins, told, "mine", "eu-west-1")
    assert (login.grant.user_code, login.expires_at, logins.get(login.id).stage) == ("ABCD", NOW + 600, Stage.PENDING)
    devices.say(Verdict.PENDING, Verdict.PENDING, TOKENS)
    await world.idle()
    assert login.stage is Stage.DONE
    (view,) = told
    assert login.account_id == view.account.id
    assert (view.account.label, view.account.auth_method, view.account.region) == ("mine", AuthMethod.IDC, "eu-west-1")
    secrets = world.account_store.stored[view.account.id].credentials
    assert (secrets.refresh_token, secrets.client_id, secrets.client_secret) == ("refresh-new", "client", "secret")
    assert world.provider.traded == [], "the token that came with it is good"
    assert devices.asked == [5, 10, 15]


async def test_it_asks_less_often_when_it_is_told_to_or_nobody_answers(world, logins, devices, told):
    await begin(logins, told)
    devices.say(Verdict.SLOWER, ProviderUnavailable("away"), Verdict.PENDING, Verdict.DENIED)
    await world.idle()
    assert devices.asked == [5, 15, 30, 45]


@pytest.mark.parametrize(
    ("answers", "stage"),
    [
        ([Verdict.DENIED], Stage.DENIED),
        ([Verdict.EXPIRED], Stage.EXPIRED),
        ([Verdict.PENDING] * 200, Stage.EXPIRED),
        ([AccessRejected("the client is not valid")], Stage.FAILED),
    ],
)
async def test_how_else_it_ends(world, logins, devices, told, answers, stage):
    login = await begin(logins, told)
    devices.say(*answers)
    for _ in range(20):
        await world.idle()
    assert (login.stage, login.account_id, told) == (stage, "", [])
    assert login.error == ("the client is not valid" if stage is Stage.FAILED else "")
    assert world.accounts.list() == []


async def test_a_label_that_was_taken_meanwhile_loses_no_sign_in(world, logins, devices, told):
    login = await begin(logins, told, "mine")
    await world.account("mine")
    devices.say(TOKENS)
    await world.idle()
    assert login.stage is Stage.DONE
    assert told[0].account.label.startswith("kiro-")


async def test_no_label_that_cannot_be_kept_loses_a_sign_in(world, logins, devices, told, monkeypatch):
    """Whatever a release may hold against it: what a person has agreed to is gone otherwise."""
    login = await begin(logins, told, " mine ")
    check = drafts.check

    def stricter(account, credentials):
        if account.label == "mine":
            raise Invalid("label is out of fashion", "label")
        check(account, credentials)

    monkeypatch.setattr(drafts, "check", stricter)
    devices.say(TOKENS)
    await world.idle()
    assert login.stage is Stage.DONE
    assert told[0].account.label.startswith("kiro-")


async def test_a_label_that_a_route_begins_with_is_told_at_once(world, logins, devices, told):
    await world.routes.replace([Route("mine/best", Match.EXACT, (Target("kiro", "claude-sonnet-4.5"),))])
    with pytest.raises(Duplicate):
        await begin(logins, told, "mine")
    assert devices.begun == 0


async def test_a_label_of_nothing_but_blanks_is_none(world, logins, devices, told):
    await begin(logins, told, "   ")
    devices.say(TOKENS)
    await world.idle()
    assert told[0].account.label.startswith("kiro-")


async def test_a_sign_in_that_the_pool_has_already_is_told(world, logins, devices, told):
    await world.account("mine")
    login = await begin(logins, told)
    devices.say(Tokens("access", 3600, "refresh-mine"))
    await world.idle()
    assert login.stage is Stage.FAILED
    assert "mine" in login.error


async def test_a_database_that_is_away_ends_it(world, logins, devices, told):
    login = await begin(logins, told)
    world.account_store.down = True
    devices.say(TOKENS)
    await world.idle()
    assert login.stage is Stage.FAILED
    assert login.error
    assert login.ended_at > 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"region": "moon"}, "region"),
        ({"region": "us-east-1.evil.test"}, "region"),
        ({"start_url": "http://example.com/start"}, "startUrl"),
        ({"start_url": "javascript:alert(1)"}, "startUrl"),
        ({"start_url": "https://"}, "startUrl"),
        ({"start_url": "https://[x"}, "startUrl"),
        ({"label": "a/b"}, "label"),
        ({"label": "Kiro"}, "label"),
        ({"label": "e\u202e"}, "label"),
        ({"label": "x" * 101}, "label"),
    ],
)
async def test_what_cannot_be_begun(logins, devices, told, given, field):
    with pytest.raises(Invalid) as caught:
        await begin(logins, told, **given)
    assert caught.value.field == field
    assert devices.begun == 0


async def test_a_label_that_is_taken_is_told_at_once(world, logins, devices, told):
    await world.account("mine")
    with pytest.raises(Duplicate):
        await begin(logins, told, "MINE")
    assert devices.begun == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/start", "http://localhost/start", "https://my.awsapps.com/start"])
async def test_where_people_may_be_sent(logins, told, url):
    assert await begin(logins, told, start_url=url)


async def test_only_so_many_wait_and_ended_ones_are_forgotten(world, logins, devices, told):
    made = [await begin(logins, told) for _ in range(MOST)]
    await world.idle()
    assert await begin(logins, told) is None
    devices.say(Verdict.DENIED)
    await world.idle()
    assert await begin(logins, told) is not None
    (ended,) = [login for login in made if login.stage is Stage.DENIED]
    world.clock.time = ended.ended_at + KEPT_SECONDS
    with pytest.raises(Absent):
        logins.get(ended.id)


async def test_a_service_that_refuses_leaves_nothing_behind(logins, devices, told):
    devices.refusal = ProviderUnavailable("away")
    for _ in range(MOST + 1):
        with pytest.raises(ProviderUnavailable):
            await begin(logins, told)
    devices.refusal = None
    assert await begin(logins, told)


async def test_no_secret_is_shown(logins, told):
    login = await begin(logins, told)
    shown = repr(login) + repr(login.grant)
    assert not any(secret in shown for secret in ("'client'", "'secret'", "device-1"))
