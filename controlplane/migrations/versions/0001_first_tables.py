"""Accounts and their credentials, keys, settings, the usage ledger.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. This is the first one; there is no previous release.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        *(_text(name) for name in ("kind", "label", "auth_method", "region", "profile_arn", "machine_id", "base_url", "models")),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("max_concurrency", sa.Integer, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        _text("status"),
        _text("reason"),
        sa.Column("until", sa.BigInteger, nullable=False),
        _text("offered"),
        sa.Column("offered_at", sa.BigInteger, nullable=False),
        sa.Column("allowance", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "credentials",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.LargeBinary, nullable=True)
            for name in ("refresh_token", "access_token", "client_id", "client_secret", "api_key", "proxy_url")
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_credentials"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_credentials_account_id", ondelete="CASCADE"),
    )
    op.create_table(
        "keys",
        _text("id"),
        _text("name"),
        _text("prefix"),
        _text("digest"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("allowed_models"),
        _text("allowed_account_ids"),
        _text("allowed_ips"),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        _text("old_digest"),
        sa.Column("old_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("digest", name="uq_keys_digest"),
    )
    op.create_table("settings", _text("name"), _text("value"), sa.PrimaryKeyConstraint("name", name="pk_settings"))
    _create_requests()


def _create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", SERIAL, nullable=False, autoincrement=True),
        *(_text(name) for name in ("lease_id", "request_id", "key_id", "account_id", "kind", "asked_model", "model", "ending")),
        sa.Column("status", sa.SmallInteger, nullable=False),
        _text("error"),
        _text("finish_reason"),
        sa.Column("received_at_ms", sa.BigInteger, nullable=False),
        sa.Column("first_event_ms", sa.Integer, nullable=True),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        _text("dialect"),
        sa.Column("streamed", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("input", "cache_read", "cache_write", "output", "reasoning")),
        sa.Column("credits", sa.Float(53), nullable=False),
        sa.Column("input_source", sa.SmallInteger, nullable=False),
        sa.Column("output_source", sa.SmallInteger, nullable=False),
        _text("attempts"),
        _text("dropped"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("lease_id", name="uq_requests_lease_id"),
    )
    op.create_index("ix_requests_received_at_ms_id", "requests", ["received_at_ms", "id"])
    op.create_index("ix_requests_key_id_received_at_ms", "requests", ["key_id", "received_at_ms"])
    op.create_index("ix_requests_request_id", "requests", ["request_id"])


def downgrade() -> None:
    for table in ("requests", "settings", "keys", "credentials", "accounts"):
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
