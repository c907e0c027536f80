"""The oldest answers of a key are found without a look at those that only stay for others' sake.

THE LAW: the previous release must work with the database after this migration, because replicas are
replaced one by one and an operator may go back. It does: it asks the same, and finds it by the new index.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kept = sa.text("body IS NOT NULL")
    op.create_index("ix_kept_answers_oldest", "kept_answers", ["key_id", "number"], sqlite_where=kept, postgresql_where=kept)
    op.drop_index("ix_kept_answers_key_id_number", "kept_answers")


def downgrade() -> None:
    op.create_index("ix_kept_answers_key_id_number", "kept_answers", ["key_id", "number"])
    op.drop_index("ix_kept_answers_oldest", "kept_answers")
