"""Alembic, apart from the rest because it is heavy and seldom needed."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from summarizer.errors import StartError
from summarizer.store.engine import VERSIONS
from summarizer.store.tables import metadata

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Migrate what is older. A newer release migrated so that this one works beside it: then there is nothing to do.

    Raises StartError for a database that is none of any release.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    strange = _strange(connection, ScriptDirectory.from_config(config))
    if strange and set(metadata.tables) <= set(inspect(connection).get_table_names()):
        log.warning("a newer release has migrated the database of conversations revision=%s", ",".join(sorted(strange)))
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StartError(f"the database of conversations is not one of this release: {error}") from None


def _strange(connection: Connection, scripts: ScriptDirectory) -> set[str]:
    """The revisions the database is at that this release does not know."""
    found = MigrationContext.configure(connection, opts={"version_table": VERSIONS}).get_current_heads()
    return set(found) - {script.revision for script in scripts.walk_revisions()}
