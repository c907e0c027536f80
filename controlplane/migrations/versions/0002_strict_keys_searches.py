"""Strict keys, web searches of a request, what models read.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. So: add tables, add columns that are nullable or
have a server default, add indexes. Never rename, never drop or narrow what the previous release
reads; that is done one release later. JSON counts too: what models read has a column of its own,
because the previous release does not start from rows in `offered` that hold more than it knows.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("input_types", sa.Text, nullable=False, server_default="{}"))
    op.add_column("keys", sa.Column("strict", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("requests", sa.Column("searches", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("requests", "searches")
    op.drop_column("keys", "strict")
    op.drop_column("accounts", "input_types")
