"""Runs migrations on the connection that the service hands in."""

from alembic import context

from summarizer.store.engine import VERSIONS
from summarizer.store.tables import metadata

connection = context.config.attributes["connection"]
# A version table of its own: the control plane's history may stand beside it. Batches let SQLite,
# which alters little in place, follow the same migrations.
context.configure(connection=connection, target_metadata=metadata, version_table=VERSIONS, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
