"""Users, sessions and tokens in a database, and the hash of passwords."""

import asyncio
import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db.sessions import DatabaseSessions
from controlplane.adapters.db.tokens import DatabaseTokens
from controlplane.adapters.db.users import DatabaseUsers
from controlplane.adapters.passwords import Argon2Passwords
from controlplane.adapters.vault import FileVault
from controlplane.domain.errors import Absent, Duplicate, SealBroken
from controlplane.domain.user import ApiToken, Role, Session, User
from controlplane.service.users import Crowded

EVE = User("usr_1", "Eve", Role.VIEWER, True, "hash", "SECRET-hush", "BEGUN-hush", 5, 1_800_000_000, 1_800_000_001)
ONE = Session("ses_1", "usr_1", "digest-1", 1_800_000_000, 1_800_000_000, "192.0.2.1", "Browser")
TWO = replace(ONE, id="ses_2", digest="digest-2", created_at=1_800_000_010, seen_at=1_800_000_500)
TOKEN = ApiToken("tok_1", "ci", "hg-123456", "digest", Role.ADMIN, 1_800_000_000, "admin", 0, 0)


@pytest.fixture
def users(engine):
    return DatabaseUsers(engine, FileVault(b"k" * 32))


@pytest.fixture
def sessions(engine):
    return DatabaseSessions(engine)


async def test_a_user_comes_back_as_it_was(users):
    await users.add(EVE)
    assert await users.load() == [EVE]
    assert await users.find("usr_1") == EVE
    assert await users.find("usr_2") is None
    await users.remove("usr_1")
    assert await users.load() == []


async def test_second_devices_are_sealed_for_their_user(users, engine):
    await users.add(EVE)
    await users.add(replace(EVE, id="usr_2", name="Mallory"))
    async with engine.begin() as connection:
        row = (await connection.execute(text("SELECT totp_secret, totp_begun FROM users WHERE id = 'usr_1'"))).one()
        assert b"hush" not in bytes(row.totp_secret) + bytes(row.totp_begun)
        await connection.execute(
            text("UPDATE users SET totp_secret = (SELECT totp_secret FROM users WHERE id = 'usr_1') WHERE id = 'usr_2'")
        )
    with pytest.raises(SealBroken):
        await users.find("usr_2")


async def test_a_name_is_there_once(users):
    await users.add(EVE)
    for other in (replace(EVE, id="usr_2"), replace(EVE, id="usr_2", name="EVE"), EVE):
        with pytest.raises(Duplicate):
            await users.add(other)
    assert len(await users.load()) == 1


async def test_only_what_is_named_changes(users):
    await users.add(EVE)
    await users.change("usr_1", {"role": Role.ADMIN, "enabled": False, "totp_secret": "", "totp_begun": "NEW-hush"})
    assert await users.find("usr_1") == replace(EVE, role=Role.ADMIN, enabled=False, totp_secret="", totp_begun="NEW-hush")
    await users.change("usr_1", {})
    with pytest.raises(Absent):
        await users.change("usr_2", {"enabled": True})


async def test_a_password_is_exchanged_for_the_one_that_is_there(users):
    await users.add(EVE)
    assert not await users.exchange("usr_1", "another", "new")
    assert (await asyncio.gather(*(users.exchange("usr_1", "hash", f"new {number}") for number in range(4)))).count(True) == 1
    assert (await users.find("usr_1")).password_hash.startswith("new ")
    assert not await users.exchange("usr_2", "hash", "new")


async def test_a_code_is_used_once_whoever_asks(users):
    await users.add(EVE)
    assert not await users.use_step("usr_1", 5)
    assert not await users.use_step("usr_1", 4)
    assert (await asyncio.gather(*(users.use_step("usr_1", 6) for _ in range(8)))).count(True) == 1
    assert (await users.find("usr_1")).totp_step == 6


async def test_sessions_come_back_as_they_were(sessions):
    for session in (TWO, ONE):
        await sessions.add(session)
    assert await sessions.load() == [ONE, TWO]
    assert await sessions.find("digest-2") == TWO
    assert await sessions.find("digest-3") is None
    await sessions.remove([])
    await sessions.remove(["ses_1", "ses_none"])
    assert await sessions.load() == [TWO]


async def test_a_session_is_never_seen_earlier(sessions):
    await sessions.add(ONE)
    await sessions.touch("ses_1", ONE.seen_at + 60)
    await sessions.touch("ses_1", ONE.seen_at + 30)
    assert (await sessions.find("digest-1")).seen_at == ONE.seen_at + 60


async def test_old_sessions_are_deleted(sessions):
    old = replace(ONE, id="ses_3", digest="digest-3", created_at=1, seen_at=TWO.seen_at)
    for session in (ONE, TWO, old):
        await sessions.add(session)
    assert await sessions.prune(ONE.seen_at, 1) == 2
    assert await sessions.load() == [TWO]


async def test_tokens_come_back_as_they_were(engine):
    tokens = DatabaseTokens(engine)
    await tokens.add(TOKEN)
    assert await tokens.load() == [TOKEN]
    assert [await tokens.find(digest) for digest in ("digest", "other")] == [TOKEN, None]
    await tokens.touch("tok_1", 7)
    await tokens.touch("tok_1", 6)
    assert await tokens.load() == [replace(TOKEN, used_at=7)]
    await tokens.remove("tok_1")
    assert await tokens.load() == []


async def test_passwords_are_hashed_slowly_and_off_the_loop():
    hashes = Argon2Passwords()
    hashed = await hashes.hash("right password")
    assert re.match(r"\$argon2id\$v=19\$m=\d{5,},t=\d+,p=\d+\$", hashed)
    assert hashed != await hashes.hash("right password")
    ticks = 0

    async def ticking():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    beside = asyncio.create_task(ticking())
    assert await asyncio.gather(*(hashes.matches(hashed, word) for word in ("right password", "wrong", "right password "))) == [
        True,
        False,
        False,
    ]
    assert ticks > 5
    beside.cancel()


async def test_nobodys_hash_is_as_slow_as_any_and_never_right():
    hashes = Argon2Passwords()
    for password in ("", "x", "right password"):
        assert not await hashes.matches("", password)
    assert not await hashes.matches("no hash", "x")
    real, nobodys = (hashed.rpartition("$")[0].split("$") for hashed in (await hashes.hash("x"), hashes._nobodys))
    assert real[:4] == nobodys[:4]
    assert len(real[4]) == len(nobodys[4])


async def test_few_are_hashed_at_a_time(monkeypatch):
    hashes, running, most = Argon2Passwords(), 0, 0

    async def beside(_work, *_given):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return True

    monkeypatch.setattr(asyncio, "to_thread", beside)
    said = await asyncio.gather(*(hashes.matches("", "x") for _ in range(20)), return_exceptions=True)
    assert most == 2
    assert [type(one) for one in said] == [bool] * 18 + [Crowded] * 2
    assert await hashes.matches("", "x"), "who comes later finds room again"
