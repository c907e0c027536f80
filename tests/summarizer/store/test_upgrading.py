"""A database of an earlier release, and what is in it."""

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

from summarizer.kept import Answer, Bounds, Item
from summarizer.shortening.summary import Summary
from summarizer.store import engine as database
from summarizer.store import migrating
from summarizer.store.answers import Answers
from summarizer.store.summaries import SqlSummaries
from tests.summarizer.store.test_engine import differences


def at(connection, revision):
    """Make the database that of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(migrating.MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def version(connection):
    return MigrationContext.configure(connection, opts={"version_table": database.VERSIONS}).get_current_revision()


@pytest.mark.parametrize("revision", ["0001", "0002"])
async def test_a_database_of_an_earlier_release_is_brought_to_this_one_with_what_is_in_it(url, revision):
    engine = database.connect(url)
    async with engine.begin() as connection:
        await connection.run_sync(at, revision)
    answers = Answers(engine, Bounds(), 1000)
    await answers.keep("k", Answer("a", "", b"body", [Item("i", b"said")]), 0)
    await database.migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(version) == database.HEAD
        assert await connection.run_sync(differences) == []
    assert await answers.find("k", "a", 1) == b"body"
    summaries = SqlSummaries(engine)
    await summaries.put("k", Summary(b"s", 1, ("x",)), 0, 1000, 10)
    assert await summaries.latest("k", [b"s"], 1, 1000) == Summary(b"s", 1, ("x",))
    # The release before works beside it.
    await answers.keep("k", Answer("b", "a", b"more", []), 1)
    assert await answers.find("k", "b", 2) == b"more"
    await engine.dispose()
