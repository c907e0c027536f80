"""Answers with their items, users' sessions, and what each key has of them.

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
        "kept_totals",
        sa.Column("key_id", sa.Text, nullable=False),
        *(_count(name) for name in ("answers", "answer_bytes", "sessions", "session_bytes")),
        sa.PrimaryKeyConstraint("key_id", name="pk_kept_totals"),
    )
    op.create_table(
        "kept_answers",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("id", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.BigInteger, nullable=True),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
        *(_count(name) for name in ("body_bytes", "item_bytes", "chain_bytes", "created_at", "expires_at")),
        sa.PrimaryKeyConstraint("number", name="pk_kept_answers"),
        sa.UniqueConstraint("key_id", "id", name="uq_kept_answers_key_id_id"),
    )
    op.create_index("ix_kept_answers_key_id_number", "kept_answers", ["key_id", "number"])
    op.create_index("ix_kept_answers_previous", "kept_answers", ["previous"])
    kept = sa.text("body IS NOT NULL")
    op.create_index("ix_kept_answers_due", "kept_answers", ["expires_at"], sqlite_where=kept, postgresql_where=kept)
    op.create_table(
        "kept_items",
        _count("answer"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("item_id", sa.LargeBinary, nullable=False),
        sa.Column("json", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("answer", "position", name="pk_kept_items"),
        sa.ForeignKeyConstraint(["answer"], ["kept_answers.number"], name="fk_kept_items_answer", ondelete="CASCADE"),
    )
    op.create_index("ix_kept_items_key_id_item_id", "kept_items", ["key_id", "item_id"])
    op.create_table(
        "kept_sessions",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("user", sa.LargeBinary, nullable=False),
        sa.Column("turn_id", sa.Text, nullable=False),
        _count("turn_until"),
        sa.Column("turns", sa.Integer, nullable=False),
        *(_count(name) for name in ("bytes", "updated_at", "expires_at")),
        sa.PrimaryKeyConstraint("number", name="pk_kept_sessions"),
        sa.UniqueConstraint("key_id", "user", name="uq_kept_sessions_key_id_user"),
    )
    op.create_index("ix_kept_sessions_key_id_updated_at", "kept_sessions", ["key_id", "updated_at"])
    op.create_index("ix_kept_sessions_expires_at", "kept_sessions", ["expires_at"])
    op.create_table(
        "kept_said",
        _count("session"),
        _count("position"),
        sa.Column("by_assistant", sa.Boolean, nullable=False),
        sa.Column("text", sa.LargeBinary, nullable=False),
        _count("bytes"),
        sa.PrimaryKeyConstraint("session", "position", name="pk_kept_said"),
        sa.ForeignKeyConstraint(["session"], ["kept_sessions.number"], name="fk_kept_said_session", ondelete="CASCADE"),
    )


def downgrade() -> None:
    for table in ("kept_said", "kept_sessions", "kept_items", "kept_answers", "kept_totals"):
        op.drop_table(table)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
