"""What compression remembers: summaries, what they replaced, and what they cost each key.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. It does: the tables are new, and it knows nothing of them.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_summaries",
        *_named("number", "key_id", "name"),
        *(_count(name) for name in ("turns", "bytes", "used_at", "expires_at")),
        sa.Column("sections", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_kept_summaries"),
        sa.UniqueConstraint("key_id", "name", name="uq_kept_summaries_key_id_name"),
    )
    _index("kept_summaries", "key_id", "used_at")
    _index("kept_summaries", "expires_at")
    op.create_table(
        "kept_passages",
        *_named("number", "key_id", "name"),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        *(_count(name) for name in ("first", "bytes")),
        sa.Column("loose", sa.Boolean, nullable=False),
        sa.Column("turns", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_kept_passages"),
        sa.UniqueConstraint("key_id", "name", name="uq_kept_passages_key_id_name"),
    )
    _index("kept_passages", "key_id", "previous")
    _index("kept_passages", "key_id", "bytes")
    loose = sa.text("loose")
    op.create_index("ix_kept_passages_loose", "kept_passages", ["key_id"], sqlite_where=loose, postgresql_where=loose)
    op.create_table(
        "kept_replacements",
        *_named("number", "key_id", "request_id"),
        sa.Column("passage", sa.LargeBinary, nullable=False),
        *(_count(name) for name in ("replaced_turns", "saved_tokens", "spent_tokens")),
        sa.Column("source", sa.Text, nullable=False),
        *(_count(name) for name in ("at", "bytes", "expires_at")),
        sa.Column("opening", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_kept_replacements"),
        sa.UniqueConstraint("request_id", "key_id", name="uq_kept_replacements_request_id_key_id"),
    )
    for columns in (("key_id", "passage"), ("key_id", "number", "bytes"), ("expires_at",)):
        _index("kept_replacements", *columns)
    op.create_table(
        "kept_spending",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        _count("tokens"),
        sa.PrimaryKeyConstraint("key_id", "day", name="pk_kept_spending"),
    )
    _index("kept_spending", "day")


def downgrade() -> None:
    for table in ("kept_spending", "kept_replacements", "kept_passages", "kept_summaries"):
        op.drop_table(table)


def _named(number: str, key_id: str, name: str) -> tuple[sa.Column[int], sa.Column[str], sa.Column[bytes]]:
    return (
        sa.Column(number, SERIAL, autoincrement=True, nullable=False),
        sa.Column(key_id, sa.Text, nullable=False),
        sa.Column(name, sa.LargeBinary, nullable=False),
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
