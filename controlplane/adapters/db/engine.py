"""The control plane's database, and its migrations in-process."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db import indexes
from controlplane.adapters.db.tables import metadata
from controlplane.domain.errors import StartError
from headgate import database
from headgate.database import answers, away

__all__ = ["answers", "away", "connect", "migrate"]

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parents[2] / "migrations"
# One control plane at a time migrates a shared PostgreSQL; the number only has to be ours.
MIGRATION_LOCK = 4_874_921_006


def connect(url: str) -> AsyncEngine:
    """An engine for the database. Raises StartError for an address that is none of ours."""
    try:
        return database.connect(url)
    except database.Unusable as error:
        raise StartError(str(error)) from None


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to this release. Raises StartError when it cannot be reached, opened or changed."""
    try:
        with database.opening(engine, "the database"):
            async with database.alone(engine, MIGRATION_LOCK) as connection:
                ours = await connection.run_sync(_upgrade)
            if ours:
                await indexes.complete(engine)
    except database.Unusable as error:
        raise StartError(str(error), passing=error.passing) from None
    except CommandError as error:
        raise StartError(f"the database is not one of this release: {error}") from None


def _upgrade(connection: Connection) -> bool:
    """Migrate what is older. A newer release migrated so that this one works beside it: then there is nothing to do, and
    what it made is left to it (False).
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    found = set(MigrationContext.configure(connection).get_current_heads())
    strange = found - {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if strange and set(metadata.tables) <= set(inspect(connection).get_table_names()):
        log.warning("a newer release has migrated the database revision=%s", ",".join(sorted(strange)))
        return False
    command.upgrade(config, "head")
    return True
