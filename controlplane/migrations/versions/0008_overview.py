"""Requests by hour, outcome and time to the first event; an index for each filter of the lists.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. So: add tables, add columns that are nullable or
have a server default, add indexes. Never rename, never drop or narrow what the previous release
reads; that is done one release later.

On PostgreSQL the indexes are made after the migration, while others write on (`adapters.db.indexes`).

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


# Requests, in the order of their list. The last columns tell a second filter's rows without a look at them.
FILTERS = {
    "ix_requests_by_key": ["key_id", "received_at_ms", "id", "kind"],
    "ix_requests_by_account": ["account_id", "received_at_ms", "id", "key_id", "kind", "model", "asked_model"],
    "ix_requests_by_model": ["model", "received_at_ms", "id", "key_id", "kind"],
    "ix_requests_by_kind": ["kind", "received_at_ms", "id"],
}
# Of the few that a condition holds for.
PARTIAL = {
    "ix_requests_by_asked_model": ("asked_model <> model", ["asked_model", "received_at_ms", "id", "key_id", "kind"]),
    "ix_requests_by_ending": ("ending <> 'served'", ["ending", "received_at_ms", "id", "key_id", "account_id", "kind", "model"]),
    "ix_requests_by_status": ("status <> 200", ["status", "received_at_ms", "id", "key_id", "account_id", "kind", "model"]),
    "ix_requests_internal": ("cause <> ''", ["received_at_ms", "id"]),
}
AUDIT = {
    "ix_audit_actor_at_ms_id": ["actor", "at_ms", "id"],
    "ix_audit_action_at_ms_id": ["action", "at_ms", "id"],
}


def upgrade() -> None:
    op.create_table(
        "hours",
        sa.Column("start", sa.BigInteger, autoincrement=False),
        sa.Column("ending", sa.Text),
        sa.Column("bucket", sa.SmallInteger, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("start", "ending", "bucket", name="pk_hours"),
    )
    if op.get_bind().dialect.name == "postgresql":
        return
    for name, columns in FILTERS.items():
        op.create_index(name, "requests", columns)
    for name, (condition, columns) in PARTIAL.items():
        op.create_index(name, "requests", columns, sqlite_where=sa.text(condition))
    for name, columns in AUDIT.items():
        op.create_index(name, "audit", columns)
    # The previous release finds by the wider one what it found by this.
    op.drop_index("ix_requests_key_id_received_at_ms", "requests")


def downgrade() -> None:
    op.create_index("ix_requests_key_id_received_at_ms", "requests", ["key_id", "received_at_ms"], if_not_exists=True)
    for name in AUDIT:
        op.drop_index(name, "audit", if_exists=True)
    for name in (*PARTIAL, *FILTERS):
        op.drop_index(name, "requests", if_exists=True)
    op.drop_table("hours")
