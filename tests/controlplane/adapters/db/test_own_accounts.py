import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db.own_accounts import DatabaseOwnAccounts
from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Credentials
from controlplane.domain.errors import SealBroken
from controlplane.domain.lease import OwnToken
from controlplane.service.background import Background
from controlplane.service.identity import OWN_DIGEST
from controlplane.service.own import OwnAccounts
from controlplane.service.own_books import OwnRow
from controlplane.service.roster import Seat
from tests.controlplane.fakes import HOSTS, NOW, FakeClock, FakeProvider

SECRETS = Credentials("refresh-hush", "access-hush", expires_at=1_900_000_000, version=1)
ONE = OwnRow("own_" + "a" * 32, SECRETS, "m" * 64, "", 1_800_000_000)
TWO = replace(ONE, account_id="own_" + "a" * 31 + "b", used_at=1_800_000_001)


@pytest.fixture
def store(engine):
    return DatabaseOwnAccounts(engine, FileVault(b"k" * 32))


async def test_a_first_row_comes_back_as_it_was(store):
    assert await store.find(ONE.account_id) is None
    assert await store.put(ONE, 0)
    assert await store.find(ONE.account_id) == ONE
    assert await store.find(TWO.account_id) is None


async def test_credentials_are_replaced_only_over_the_expected_version(store):
    await store.put(ONE, 0)
    newer = replace(ONE, credentials=Credentials("rotated", "newer", expires_at=5, version=2), machine_id="other", used_at=9)
    assert not await store.put(newer, 0)
    assert await store.find(ONE.account_id) == ONE
    assert await store.put(newer, 1)
    assert await store.find(ONE.account_id) == replace(ONE, credentials=newer.credentials)


async def test_of_many_first_rows_one_is_stored(store):
    rows = [replace(ONE, credentials=replace(SECRETS, refresh_token=f"token-{number}")) for number in range(8)]
    stored = await asyncio.gather(*(store.put(row, 0) for row in rows))
    assert stored.count(True) == 1
    assert await store.find(ONE.account_id) == rows[stored.index(True)]


async def test_of_many_replacements_one_is_stored(store):
    await store.put(ONE, 0)
    rows = [replace(ONE, credentials=replace(SECRETS, refresh_token=f"token-{number}", version=2)) for number in range(8)]
    stored = await asyncio.gather(*(store.put(row, 1) for row in rows))
    assert stored.count(True) == 1
    assert await store.find(ONE.account_id) == rows[stored.index(True)]


async def test_a_profile_is_stored_once_and_survives_a_new_token(store):
    await store.put(ONE, 0)
    await store.set_profile(ONE.account_id, "arn-1")
    await store.set_profile(ONE.account_id, "arn-2")
    await store.put(replace(ONE, credentials=replace(SECRETS, version=2)), 1)
    assert (await store.find(ONE.account_id)).profile_arn == "arn-1"


async def test_uses_and_what_is_old_enough_to_go(store):
    await store.put(ONE, 0)
    await store.put(TWO, 0)
    await store.touch(ONE.account_id, ONE.used_at + 5)
    await store.touch(ONE.account_id, ONE.used_at + 4)
    await store.touch("own_" + "c" * 32, 9)
    assert (await store.find(ONE.account_id)).used_at == ONE.used_at + 5
    assert await store.prune(TWO.used_at) == 0
    assert await store.prune(TWO.used_at + 1) == 1
    assert await store.find(TWO.account_id) is None
    assert await store.find(ONE.account_id) is not None


async def test_no_secret_lies_in_clear(store, engine):
    await store.put(ONE, 0)
    async with engine.connect() as connection:
        (row,) = await connection.execute(text("SELECT * FROM own_accounts"))
    assert "hush" not in repr([bytes(value) if isinstance(value, memoryview) else value for value in row])


async def test_the_wrong_key_and_a_swapped_row_are_noticed(store, engine):
    await store.put(ONE, 0)
    await store.put(TWO, 0)
    with pytest.raises(SealBroken):
        await DatabaseOwnAccounts(engine, FileVault(b"x" * 32)).find(ONE.account_id)
    async with engine.begin() as connection:
        first = "SELECT o.refresh_token FROM own_accounts o WHERE o.digest = :digest"
        await connection.execute(text(f"UPDATE own_accounts SET refresh_token = ({first})"), {"digest": "a" * 32})
    with pytest.raises(SealBroken):
        await store.find(TWO.account_id)


async def test_two_processes_share_an_account(store):
    """Over the real database: both are asked at once, and again when the token has ended."""
    vault, clock, provider = FileVault(b"k" * 32), FakeClock(), FakeProvider()
    presented = "aorAAAAA-refresh-token-of-alice"
    token = OwnToken(vault.digest(OWN_DIGEST, presented), presented)
    background = Background()
    one, other = (OwnAccounts(store, {"kiro": provider}, vault, clock, HOSTS, background) for _ in range(2))
    seats = await asyncio.gather(one.seat(token), other.seat(token))
    assert all(isinstance(seat, Seat) for seat in seats)
    stored = (await store.find(token.account_id)).credentials
    assert {seat.credentials.refresh_token for seat in seats} == {stored.refresh_token}
    clock.time = NOW + 3600
    trades = len(provider.traded)
    first = await one.seat(token)
    assert (await other.seat(token)).credentials == first.credentials
    assert provider.traded[trades:] == [stored.refresh_token]
    for each in (one, other):
        await each.close()
    await background.close()
