from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db.accounts import DatabaseAccounts
from controlplane.adapters.db.keys import DatabaseKeys
from controlplane.adapters.db.settings import DatabaseSettings
from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Status
from controlplane.domain.errors import Absent, SealBroken
from controlplane.domain.key import Key
from controlplane.service.ports import Standing, StoredAccount
from tests.controlplane.fakes import HAIKU, SONNET

ONE = Account(
    id="acc_1",
    kind="kiro",
    label="one",
    auth_method=AuthMethod.IDC,
    region="eu-west-1",
    profile_arn="",
    machine_id="m" * 64,
    base_url="http://127.0.0.1:1",
    models=("a", "b"),
    priority=-3,
    max_concurrency=4,
    proxy_url="http://user:hush@proxy:8",
    disabled=True,
    created_at=1_800_000_000,
)
SECRETS = Credentials("refresh-hush", "access-hush", "client-hush", "secret-hush", "", 1_900_000_000, 0)


@pytest.fixture
def accounts(engine):
    return DatabaseAccounts(engine, FileVault(b"k" * 32))


async def test_an_account_comes_back_as_it_was(accounts):
    await accounts.add(ONE, SECRETS)
    assert list(await accounts.load()) == [StoredAccount(ONE, SECRETS, models=[])]


async def test_everything_about_an_account_survives(accounts):
    await accounts.add(ONE, SECRETS)
    two = replace(ONE, id="acc_2", label="two", created_at=ONE.created_at - 1, proxy_url="")
    await accounts.add(two, SECRETS)
    changed = replace(ONE, label="renamed", disabled=False, proxy_url="", models=())
    await accounts.save(changed)
    await accounts.set_standing("acc_1", Standing(Status.COOLING, "throttled", 1_900_000_000))
    await accounts.set_models("acc_1", [SONNET, HAIKU], 7)
    await accounts.set_allowance("acc_1", Allowance(1.5, 50, plan="KIRO PRO"))
    await accounts.set_profile("acc_1", "arn-1")
    await accounts.set_profile("acc_1", "arn-2")
    first, second = await accounts.load()
    assert first.account == two
    assert second == StoredAccount(
        replace(changed, profile_arn="arn-1"),
        SECRETS,
        Standing(Status.COOLING, "throttled", 1_900_000_000),
        [SONNET, HAIKU],
        7,
        Allowance(1.5, 50, plan="KIRO PRO"),
    )
    await accounts.remove("acc_1")
    assert [stored.account.id for stored in await accounts.load()] == ["acc_2"]


async def test_credentials_are_replaced_only_over_the_expected_version(accounts):
    await accounts.add(ONE, SECRETS)
    newer = replace(SECRETS, refresh_token="rotated", version=1)
    assert await accounts.replace("acc_1", newer, 0)
    assert not await accounts.replace("acc_1", replace(SECRETS, refresh_token="late", version=1), 0)
    assert not await accounts.replace("acc_9", newer, 0)
    (stored,) = await accounts.load()
    assert stored.credentials == newer


async def test_no_secret_lies_in_clear(accounts, engine):
    await accounts.add(ONE, SECRETS)
    async with engine.connect() as connection:
        rows = [tuple(row) for table in ("accounts", "credentials") for row in await connection.execute(text(f"SELECT * FROM {table}"))]
        orphans = (await connection.execute(text("SELECT count(*) FROM credentials"))).scalar()
    assert orphans == 1
    assert "hush" not in repr([bytes(value) if isinstance(value, memoryview) else value for row in rows for value in row])


async def test_secrets_go_with_the_account(accounts, engine):
    await accounts.add(ONE, SECRETS)
    await accounts.remove(ONE.id)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM credentials"))).scalar() == 0


async def test_the_wrong_key_and_a_swapped_row_are_noticed(accounts, engine):
    await accounts.add(ONE, SECRETS)
    await accounts.add(replace(ONE, id="acc_2"), SECRETS)
    with pytest.raises(SealBroken):
        await DatabaseAccounts(engine, FileVault(b"x" * 32)).load()
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE credentials SET refresh_token = (SELECT c.refresh_token FROM credentials c WHERE c.account_id = 'acc_1')")
        )
    with pytest.raises(SealBroken):
        await accounts.load()


async def test_saving_what_is_gone(accounts):
    with pytest.raises(Absent):
        await accounts.save(ONE)


async def test_keys(engine):
    store = DatabaseKeys(engine)
    one = Key("key_1", "team", "kg-123456", "d1", True, ("claude-*",), ("acc_1",), ("10.0.0.0/8",), 5, 2, "d0", 9, True)
    two = Key("key_2", "crew", "kg-654321", "d2", False, created_at=1)
    await store.add(one)
    await store.add(two)
    assert list(await store.load()) == [two, one]
    await store.save(replace(one, enabled=False, allowed_ips=()))
    await store.remove("key_2")
    assert list(await store.load()) == [replace(one, enabled=False, allowed_ips=())]
    with pytest.raises(Absent):
        await store.save(two)


async def test_settings(engine):
    store = DatabaseSettings(engine)
    await store.put({})
    await store.put({"a": "1", "b": "2"})
    await store.put({"b": "3", "c": "4"})
    assert await store.load() == {"a": "1", "b": "3", "c": "4"}


async def test_credentials_and_record_change_together_or_not_at_all(accounts):
    await accounts.add(ONE, SECRETS)
    newer, renamed = replace(SECRETS, api_key="k", version=1), replace(ONE, label="renamed", proxy_url="http://other:1")
    assert not await accounts.replace("acc_1", newer, 7, renamed)
    assert list(await accounts.load()) == [StoredAccount(ONE, SECRETS, models=[])]
    with pytest.raises(Absent):
        await accounts.replace("acc_1", newer, 0, replace(renamed, id="acc_9"))
    assert await accounts.credentials("acc_1") == SECRETS
    assert await accounts.replace("acc_1", newer, 0, renamed)
    assert list(await accounts.load()) == [StoredAccount(renamed, newer, models=[])]
    assert await accounts.credentials("acc_1") == newer
    assert await accounts.credentials("acc_9") is None
