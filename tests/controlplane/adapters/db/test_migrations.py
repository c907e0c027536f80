import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from controlplane.adapters.db import engine as database
from controlplane.adapters.db import indexes
from controlplane.adapters.db.accounts import DatabaseAccounts
from controlplane.adapters.db.keys import DatabaseKeys
from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.routes import DatabaseRoutes
from controlplane.adapters.db.tables import metadata
from controlplane.adapters.vault import FileVault
from controlplane.domain.errors import StartError
from controlplane.domain.model import ModelFacts
from controlplane.domain.outcome import Entry, EntryQuery
from controlplane.domain.route import Match, Route, Target
from tests.controlplane.fakes import NOW, outcome

# The tables after 0003.
THIRD = {"accounts", "credentials", "keys", "settings", "requests", "rollups", "prices", "allowances", "own_accounts", "audit"}
LAW = "the previous release must work with the database after this migration"


def differences(connection):
    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)


async def test_migrations_make_the_tables_that_the_release_uses(empty):
    await database.migrate(empty)
    await database.migrate(empty)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert set(await connection.run_sync(lambda sync: inspect(sync).get_table_names())) == {*metadata.tables, "alembic_version"}


async def test_control_planes_that_start_together_migrate_one_after_the_other(empty):
    if empty.dialect.name == "sqlite":
        pytest.skip("SQLite belongs to one control plane")
    await asyncio.gather(*(database.migrate(empty) for _ in range(3)))
    async with empty.connect() as connection:
        versions = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all()
    assert versions == ScriptDirectory(str(database.MIGRATIONS)).get_heads()


async def test_a_database_that_is_not_there_is_told():
    for url, message in (
        ("postgresql+asyncpg://postgres@127.0.0.1:1/none", "cannot be reached"),
        ("mysql://x", "must begin with"),
        ("nonsense", "not a database address"),
    ):
        with pytest.raises(StartError, match=message):
            await database.migrate(database.connect(url))


async def test_a_database_that_cannot_be_used_is_told_in_one_line(tmp_path):
    (tmp_path / "junk.db").write_bytes(b"x" * 8192)
    with contextlib.closing(sqlite3.connect(tmp_path / "strange.db")) as strange:
        strange.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        strange.execute("INSERT INTO alembic_version VALUES ('9999')")
        strange.commit()
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE accounts (x)")
    for file, message in (
        ("none/x.db", "unable to open database file"),
        ("junk.db", "file is not a database"),
        ("strange.db", "not one of this release: Can't locate revision identified by '9999'"),
        ("other.db", "table accounts already exists"),
    ):
        engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/{file}")
        with pytest.raises(StartError, match=message) as caught:
            await database.migrate(engine)
        await engine.dispose()
        assert not caught.value.passing
        assert "\n" not in str(caught.value)


async def test_a_database_that_a_newer_release_migrated_is_left_as_it_is(engine, caplog):
    """By the law that every migration carries this release works beside it."""
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await connection.execute(text("CREATE TABLE of_a_newer_release (x INTEGER)"))
    try:
        await database.migrate(engine)
        assert "a newer release has migrated the database revision=9999" in caplog.text
        await DatabaseRoutes(engine).replace([Route("a", Match.EXACT, (Target("kiro", "auto"),))])
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all() == ["9999"]
    finally:
        async with engine.begin() as connection:
            await connection.execute(text("DROP TABLE of_a_newer_release"))


async def test_a_file_that_another_process_holds_passes(tmp_path, monkeypatch):
    monkeypatch.setattr("headgate.database.PRAGMAS", ["PRAGMA busy_timeout=1"])
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/x.db")
        with pytest.raises(StartError, match="locked") as caught:
            await database.migrate(engine)
        await engine.dispose()
    assert caught.value.passing


async def test_a_postgres_that_refuses_is_told(empty):
    if empty.dialect.name == "sqlite":
        pytest.skip("SQLite has neither databases by name nor options")
    for changed, message in (({"database": "nowhere_at_all"}, "does not exist"), ({"query": {"sslmode": "require"}}, "sslmode")):
        engine = database.connect(empty.url.set(**changed).render_as_string(hide_password=False))
        with pytest.raises(StartError, match=message) as caught:
            await database.migrate(engine)
        await engine.dispose()
        assert not caught.value.passing


def test_every_migration_carries_the_law():
    folder = database.MIGRATIONS
    for path in [folder / "script.py.mako", *Path(folder / "versions").glob("0*.py")]:
        assert LAW in " ".join(path.read_text().split()), path.name


async def test_sqlite_is_tuned(tmp_path):
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    async with engine.connect() as connection:
        told = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await engine.dispose()
    assert told == ["wal", 1, 1, 5000]
    assert sqlite3.sqlite_version_info >= (3, 35), "DELETE ... RETURNING"


async def test_rows_that_the_release_before_writes_are_read(engine):
    """0002: what the release before does not name has a default, and what it reads holds no name it does not know."""
    accounts, keys, ledger = DatabaseAccounts(engine, FileVault(b"k" * 32)), DatabaseKeys(engine), DatabaseRecords(engine)
    account = "INSERT INTO accounts VALUES ('a','kiro','a','social','us-east-1','','','','[]',0,0,{no},1,'active','',0,:offered,7,NULL)"
    request = "INSERT INTO requests (lease_id, {texts}, status, received_at_ms, duration_ms, streamed, {figures}) VALUES ('ls', {values})"
    texts = ("request_id", "key_id", "account_id", "kind", "asked_model", "model", "error", "finish_reason", "dialect")
    figures = ("input", "cache_read", "cache_write", "output", "reasoning", "credits", "input_source", "output_source")
    values = ", ".join(["'req_1'", *["'x'"] * 8, "'served'", "'[]'", "'[]'", "200", "5", "6", "false", *["1"] * 8])
    names = ", ".join((*texts, "ending", "attempts", "dropped"))
    columns = (
        "accounts (id,kind,label,auth_method,region,profile_arn,machine_id,base_url,models,priority,max_concurrency,disabled,created_at"
    )
    columns += ",status,reason,until,offered,offered_at,allowance)"
    offered = json.dumps([{"id": "glm-5", "display_name": "GLM"}])
    async with engine.begin() as connection:
        await connection.execute(text(account.replace("accounts", columns).format(no="false")), {"offered": offered})
        await connection.execute(text("INSERT INTO credentials (account_id, version, expires_at) VALUES ('a', 0, 0)"))
        await connection.execute(
            text(
                "INSERT INTO keys (id,name,prefix,digest,enabled,allowed_models,allowed_account_ids,allowed_ips,expires_at,created_at"
                ",old_digest,old_until) VALUES ('k','k','kg-','d',true,'[]','[]','[]',0,1,'',0)"
            )
        )
        await connection.execute(text(request.format(texts=names, figures=", ".join(figures), values=values)))
    (stored,) = await accounts.load()
    assert list(stored.models) == [ModelFacts("glm-5", "GLM")]
    (key,) = await keys.load()
    assert key.strict is False
    assert (await ledger.find("req_1")).outcome.usage.searches == 0

    await accounts.set_models("a", [ModelFacts("glm-5", input_types=("text",))], 8)
    async with engine.connect() as connection:
        (offered,) = (await connection.execute(text("SELECT offered FROM accounts"))).scalars()
    known = {"id", "display_name", "context_window", "max_output", "rate", "request_fields_schema", "created"}
    assert [set(model) for model in json.loads(offered)] == [known]


async def test_the_release_before_works_beside_the_routes(engine):
    """0004: a table of its own, which the release before neither reads nor writes, and can go back over."""
    await DatabaseRoutes(engine).replace([Route("a", Match.EXACT, (Target("kiro", "auto"),))])

    def back_and_forth(connection):
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        there = set(inspect(connection).get_table_names())
        command.upgrade(config, "head")
        return there

    async with engine.begin() as connection:
        there = await connection.run_sync(back_and_forth)
    assert there == {*THIRD, "alembic_version"}
    assert await DatabaseRoutes(engine).load() == []


async def test_the_release_before_works_beside_compression(engine):
    """0005: what the release before does not name has a default, and it can go back over all of it."""
    keys = DatabaseKeys(engine)
    plain = "INSERT INTO keys (id,name,prefix,digest,enabled,allowed_models,allowed_account_ids,allowed_ips,expires_at,created_at"
    plain += ",old_digest,old_until,strict,limits) VALUES ('k','k','kg-','d',true,'[]','[]','[]',0,1,'',0,false,'{}')"
    summed = "period,start,key_id,account_id,kind,model,requests,success,failed,counted,input,cache_read,cache_write,output,credits,cost"
    async with engine.begin() as connection:
        await connection.exec_driver_sql(plain)
        await connection.execute(text(f"INSERT INTO rollups ({summed}) VALUES ('day',0,'k','','','',1,1,0,1,0,0,0,0,0,0)"))
    (key,) = await keys.load()
    assert key.compression is True
    await keys.save(replace(key, compression=False))
    assert (await keys.load())[0].compression is False

    def back_and_forth(connection):
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        gone = [{column["name"] for column in inspect(connection).get_columns(name)} for name in ("keys", "requests", "rollups")]
        command.upgrade(config, "head")
        return gone

    async with engine.begin() as connection:
        kept = await connection.run_sync(back_and_forth)
    new = (
        {"compression"},
        {"cause", "compressed_how", "compressed_turns", "saved_tokens", "spent_tokens"},
        {"saved_tokens", "summary_tokens"},
    )
    for name, there, added in zip(("keys", "requests", "rollups"), kept, new, strict=True):
        assert there == {column.name for column in metadata.tables[name].columns} - added
    assert (await keys.load())[0].compression is True


async def test_the_release_before_works_beside_the_overview(engine):
    """0008: a table that it does not know, and indexes; it finds by key what it found, and can go back over all of it."""
    await DatabaseRecords(engine).insert([Entry(outcome("ls_1"), "key_1", "m", "acc_1", "kiro", "m", booked_at=int(NOW))], [])

    def back_and_forth(connection):
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        tables = set(inspect(connection).get_table_names())
        indexes = {index["name"] for table in ("requests", "audit") for index in inspect(connection).get_indexes(table)}
        command.upgrade(config, "head")
        return tables, indexes

    async with engine.begin() as connection:
        tables, indexes = await connection.run_sync(back_and_forth)
    assert "hours" not in tables
    assert "ix_requests_key_id_received_at_ms" in indexes
    assert not {name for name in indexes if "_by_" in name or "actor" in name or "action" in name}
    assert [entry.key_id for entry in (await DatabaseRecords(engine).page(EntryQuery(key_id="key_1"))).entries] == ["key_1"]
    assert await DatabaseRecords(engine).hours(0, int(NOW) + 3600) == []
    await database.migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def postgres_only(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite belongs to one control plane, which makes indexes before it writes")


async def test_indexes_are_made_while_others_write(engine, monkeypatch):
    """On a table that a control plane of the release before is writing to, and holds a transaction of."""
    postgres_only(engine)
    row = "INSERT INTO audit (at_ms,actor,address,action,target,target_name,before,after) VALUES (1,'a','','x','t','','','')"
    drop = "DROP INDEX ix_audit_actor_at_ms_id"
    made = []
    monkeypatch.setattr(indexes, "_make", lambda connection, index, make=indexes._make: made.append(index.name) or make(connection, index))
    async with engine.begin() as connection:
        await connection.execute(text(drop))
    async with engine.connect() as writer:
        await writer.execute(text(row))
        making = asyncio.create_task(database.migrate(engine))
        while not made:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert not making.done()
        async with asyncio.timeout(2), engine.begin() as other:
            await other.execute(text(row))
        await writer.commit()
    await making
    assert made == ["ix_audit_actor_at_ms_id"]
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_index_whose_making_was_broken_off_is_made_anew(engine):
    postgres_only(engine)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE INDEX ix_requests_key_id_received_at_ms ON requests (key_id, received_at_ms)"))
        await connection.execute(text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_requests_by_kind'::regclass"))
    await database.migrate(engine)
    async with engine.connect() as connection:
        broken = (await connection.execute(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))).scalar()
        assert await connection.run_sync(differences) == []
    assert broken == 0


async def test_indexes_that_another_control_plane_makes_are_left_to_it(engine):
    postgres_only(engine)
    async with engine.connect() as other:
        await other.execute(text(f"SELECT pg_advisory_lock({indexes.INDEX_LOCK})"))
        await other.execute(text("DROP INDEX ix_requests_by_kind"))
        await other.commit()
        await database.migrate(engine)
        assert await other.run_sync(differences) != []
        await other.execute(text(f"SELECT pg_advisory_unlock({indexes.INDEX_LOCK})"))
        await other.commit()
    await database.migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
