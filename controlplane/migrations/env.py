"""Runs migrations on the connection that the control plane hands in."""

from alembic import context

from controlplane.adapters.db.tables import metadata

connection = context.config.attributes["connection"]
# Batches let SQLite, which alters little in place, follow the same migrations.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
