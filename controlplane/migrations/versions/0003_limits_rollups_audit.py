"""Limits of keys, rollups, prices, decision records, allowance samples, callers' own accounts, audit log.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. So: add tables, add columns that are nullable or
have a server default, add indexes. Never rename, never drop or narrow what the previous release
reads; that is done one release later. Records that the previous release writes have no `booked_at`:
by that they are found and taken into the rollups.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("keys", sa.Column("limits", sa.Text, nullable=False, server_default="{}"))
    op.add_column("accounts", sa.Column("breakers", sa.Text, nullable=False, server_default="[]"))
    op.add_column("requests", sa.Column("booked_at", sa.BigInteger, nullable=True))
    op.add_column("requests", sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("requests", sa.Column("cost", sa.Float(53), nullable=False, server_default="0"))
    op.add_column("requests", sa.Column("credits_source", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("requests", sa.Column("decision", sa.Text, nullable=False, server_default=""))
    op.create_index(
        "ix_requests_unbooked", "requests", ["id"], sqlite_where=sa.text("booked_at IS NULL"), postgresql_where=sa.text("booked_at IS NULL")
    )
    op.create_table(
        "rollups",
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("success", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("counted", sa.BigInteger, nullable=False),
        sa.Column("input", sa.BigInteger, nullable=False),
        sa.Column("cache_read", sa.BigInteger, nullable=False),
        sa.Column("cache_write", sa.BigInteger, nullable=False),
        sa.Column("output", sa.BigInteger, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("period", "start", "key_id", "account_id", "kind", "model", name="pk_rollups"),
    )
    op.create_table(
        "prices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input", sa.Float(53), nullable=False),
        sa.Column("output", sa.Float(53), nullable=False),
        sa.Column("cache_read", sa.Float(53), nullable=False),
        sa.Column("cache_write", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prices"),
        sa.UniqueConstraint("model", name="uq_prices_model"),
    )
    op.create_table(
        "allowances",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.Column("used", sa.Float(53), nullable=False),
        sa.Column("limit", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "checked_at", name="pk_allowances"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_allowances_account_id", ondelete="CASCADE"),
    )
    op.create_table(
        "own_accounts",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("refresh_token", sa.LargeBinary, nullable=True),
        sa.Column("access_token", sa.LargeBinary, nullable=True),
        sa.Column("machine_id", sa.Text, nullable=False),
        sa.Column("profile_arn", sa.Text, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_own_accounts"),
    )
    op.create_index("ix_own_accounts_used_at", "own_accounts", ["used_at"])
    op.create_table(
        "audit",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("target_name", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at_ms_id", "audit", ["at_ms", "id"])
    op.create_index("ix_audit_target_at_ms", "audit", ["target", "at_ms"])


def downgrade() -> None:
    for table in ("audit", "own_accounts", "allowances", "prices", "rollups"):
        op.drop_table(table)
    op.drop_index("ix_requests_unbooked", "requests")
    for column in ("decision", "credits_source", "cost", "counted", "booked_at"):
        op.drop_column("requests", column)
    op.drop_column("accounts", "breakers")
    op.drop_column("keys", "limits")
