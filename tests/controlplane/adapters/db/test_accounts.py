"""What is stored of how accounts stand and of their allowances."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from controlplane.adapters.db.accounts import DatabaseAccounts
from controlplane.adapters.db.tables import accounts as table
from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Reading, Status
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts
from controlplane.policy.breaker import Breaker
from controlplane.service.ports import Standing

ONE = Account("acc_1", "kiro", "one", AuthMethod.SOCIAL)
THROTTLED = Breaker("throttled", "", "the upstream throttles it", 1.5, 20.25, 3, asked=True)
UNKNOWN = Breaker("model_unknown", "claude-sonnet-4.5", "not offered", 2.0, 300.0)


@pytest.fixture
async def accounts(engine):
    store = DatabaseAccounts(engine, FileVault(b"k" * 32))
    await store.add(ONE, Credentials("refresh"))
    return store


async def stands(accounts):
    (stored,) = await accounts.load()
    return stored.standing


async def test_breakers_come_back_but_for_who_probes(accounts):
    assert await stands(accounts) == Standing()
    probed = replace(THROTTLED, probe="ls_1", probed_at=9.0, overdue=("ls_0",))
    await accounts.set_standing("acc_1", Standing(Status.COOLING, THROTTLED.reason, 20, (probed, UNKNOWN)))
    assert await stands(accounts) == Standing(Status.COOLING, THROTTLED.reason, 20, (THROTTLED, UNKNOWN))
    await accounts.set_standing("acc_1", Standing())
    assert await stands(accounts) == Standing()


async def test_the_previous_release_finds_what_it_reads(accounts, engine):
    await accounts.set_standing("acc_1", Standing(Status.COOLING, "why", 20, (THROTTLED,)))
    async with engine.connect() as connection:
        row = (await connection.execute(select(table.c.status, table.c.reason, table.c.until))).one()
    assert tuple(row) == ("cooling", "why", 20)


async def test_what_a_newer_release_adds_to_a_breaker_is_left_alone(accounts, engine):
    kept = [{"cause": "throttled", "model": "", "reason": "why", "since": 1, "until": 2, "strikes": 1, "asked": False, "mood": "blue"}]
    async with engine.begin() as connection:
        await connection.execute(update(table).values(breakers=json.dumps(kept)))
    assert (await stands(accounts)).breakers == (Breaker("throttled", "", "why", 1, 2),)


async def test_readings_of_an_allowance(accounts):
    await accounts.add(replace(ONE, id="acc_2", label="two"), Credentials("refresh"))
    for at, account_id, reading in ((100, "acc_1", True), (200, "acc_1", False), (700, "acc_1", True), (300, "acc_2", True)):
        await accounts.set_allowance(account_id, Allowance(at / 10, 50, checked_at=at), reading=reading)
    assert await accounts.readings(0) == {"acc_1": [Reading(100, 10, 50), Reading(700, 70, 50)], "acc_2": [Reading(300, 30, 50)]}
    assert await accounts.readings(300) == {"acc_1": [Reading(700, 70, 50)], "acc_2": [Reading(300, 30, 50)]}
    (one, _) = await accounts.load()
    assert one.allowance == Allowance(70, 50, checked_at=700)


async def test_a_reading_of_the_same_second_or_of_a_removed_account_is_no_harm(accounts):
    for used in (1, 2):
        await accounts.set_allowance("acc_1", Allowance(used, 50, checked_at=100), reading=True)
    assert await accounts.readings(0) == {"acc_1": [Reading(100, 1, 50)]}
    await accounts.remove("acc_1")
    await accounts.set_allowance("acc_1", Allowance(3, 50, checked_at=200), reading=True)
    assert await accounts.readings(0) == {}


async def test_models_and_whose_they_are(accounts, engine):
    models = [ModelFacts("a", "A", 5, 6, 2.0, "{}", 7, ("text",), "vllm"), ModelFacts("b")]
    await accounts.set_models("acc_1", models, 9)
    (stored,) = await accounts.load()
    assert (stored.models, stored.models_at) == (models, 9)
    async with engine.connect() as connection:
        rows = json.loads((await connection.execute(select(table.c.offered))).scalar_one())
    assert ["owner" in row for row in rows] == [True, False], "the previous release reads what has none"


async def test_accounts_of_every_kind_come_back(accounts):
    added = [
        (
            Account(f"acc_{kind.name}", kind.name, f"{kind.name} {way}", way, kind.region, proxy_url="socks5://u:p@h:1"),
            Credentials("", "access"),
        )
        for kind in KINDS.values()
        for way in kind.auth_methods[-1:]
    ]
    for account, credentials in added:
        await accounts.add(account, credentials)
    assert [(stored.account, stored.credentials) for stored in (await accounts.load())[1:]] == sorted(added, key=lambda one: one[0].id)
