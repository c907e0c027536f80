"""Compression of conversations: keys that do not want it, what it did to requests, requests of its own.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. So: add tables, add columns that are nullable or
have a server default, add indexes. Never rename, never drop or narrow what the previous release
reads; that is done one release later.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("compression", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("requests", sa.Column("cause", sa.Text, nullable=False, server_default=""))
    op.add_column("requests", sa.Column("compressed_how", sa.Text, nullable=False, server_default=""))
    op.add_column("requests", sa.Column("compressed_turns", sa.Integer, nullable=False, server_default="0"))
    op.add_column("requests", sa.Column("saved_tokens", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("requests", sa.Column("spent_tokens", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index(
        "ix_requests_caused", "requests", ["cause"], sqlite_where=sa.text("cause <> ''"), postgresql_where=sa.text("cause <> ''")
    )
    op.add_column("rollups", sa.Column("saved_tokens", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("rollups", sa.Column("summary_tokens", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    for name in ("saved_tokens", "summary_tokens"):
        op.drop_column("rollups", name)
    op.drop_index("ix_requests_caused", "requests")
    for name in ("cause", "compressed_how", "compressed_turns", "saved_tokens", "spent_tokens"):
        op.drop_column("requests", name)
    op.drop_column("keys", "compression")
