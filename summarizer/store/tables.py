"""The tables, as the current release reads and writes them. Times are epoch milliseconds.

They may stand in the control plane's database, so every name has a prefix. What clients name (answers,
items, users) is kept as bytes: it may hold any character, and sorts alike everywhere.

A change here needs a migration; `tests/summarizer/store` compares the two.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, text

# Constraint names are given, so that later migrations can name them on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite counts rows up only in a column of the type INTEGER.
SERIAL = BigInteger().with_variant(Integer(), "sqlite")

# What each key has; locked by whoever changes anything of the key.
totals = Table(
    "kept_totals",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("answers", BigInteger, nullable=False),
    Column("answer_bytes", BigInteger, nullable=False),
    Column("sessions", BigInteger, nullable=False),
    Column("session_bytes", BigInteger, nullable=False),
)

# `number` grows with each answer of a key. A forgotten answer that others follow stays, without its body. One
# that expires at 0 has gone for everybody, and its rows go by and by.
answers = Table(
    "kept_answers",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("key_id", Text, nullable=False),
    Column("id", LargeBinary, nullable=False),
    Column("previous", BigInteger, nullable=True),  # the number of the answer that it followed
    Column("depth", Integer, nullable=False),  # how many answers it builds on
    Column("body", LargeBinary, nullable=True),  # NULL: forgotten
    Column("body_bytes", BigInteger, nullable=False),
    Column("item_bytes", BigInteger, nullable=False),
    Column("chain_bytes", BigInteger, nullable=False),  # its items and those of all that it builds on
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("key_id", "id"),
    Index(None, "previous"),
)
# Those that only stay for others' sake are not looked at when something is to go.
KEPT = text("body IS NOT NULL")
Index("ix_kept_answers_due", answers.c.expires_at, sqlite_where=KEPT, postgresql_where=KEPT)
Index("ix_kept_answers_oldest", answers.c.key_id, answers.c.number, sqlite_where=KEPT, postgresql_where=KEPT)

items = Table(
    "kept_items",
    metadata,
    Column("answer", BigInteger, ForeignKey("kept_answers.number", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("item_id", LargeBinary, nullable=False),  # empty: nobody can refer to it
    Column("json", LargeBinary, nullable=False),
    Index(None, "key_id", "item_id"),
)

# A session is taken while `turn_until` lies ahead; `turn_id` is then who has it. At 0 it is who had it last.
sessions = Table(
    "kept_sessions",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("key_id", Text, nullable=False),
    Column("user", LargeBinary, nullable=False),
    Column("turn_id", Text, nullable=False),
    Column("turn_until", BigInteger, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("key_id", "user"),
    Index(None, "key_id", "updated_at"),
    Index(None, "expires_at"),
)

said = Table(
    "kept_said",
    metadata,
    Column("session", BigInteger, ForeignKey("kept_sessions.number", ondelete="CASCADE"), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("by_assistant", Boolean, nullable=False),
    Column("text", LargeBinary, nullable=False),  # UTF-8: text may hold what the databases' own type refuses
    Column("bytes", BigInteger, nullable=False),
)

# Summaries of beginnings of conversations. One is there for whoever used it last, not longer ago than it lives.
summaries = Table(
    "kept_summaries",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("key_id", Text, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("sections", LargeBinary, nullable=False),
    UniqueConstraint("key_id", "name"),
    Index(None, "key_id", "used_at"),
    Index(None, "expires_at"),
)

# Turns that were replaced, each where its conversation grew by it. A passage stays while a replacement or a passage
# behind it names it; then it is loose, and goes by and by.
passages = Table(
    "kept_passages",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("key_id", Text, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),  # the name of the passage before it, empty: it is the first
    Column("first", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("loose", Boolean, nullable=False),
    Column("turns", LargeBinary, nullable=False),
    UniqueConstraint("key_id", "name"),
    Index(None, "key_id", "previous"),
    Index(None, "key_id", "bytes"),
)
LOOSE = text("loose")
Index("ix_kept_passages_loose", passages.c.key_id, sqlite_where=LOOSE, postgresql_where=LOOSE)

# What one request's compression did. `number` grows with each of a key.
replacements = Table(
    "kept_replacements",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True),
    Column("key_id", Text, nullable=False),
    Column("request_id", LargeBinary, nullable=False),
    Column("passage", LargeBinary, nullable=False),
    Column("replaced_turns", BigInteger, nullable=False),
    Column("saved_tokens", BigInteger, nullable=False),
    Column("spent_tokens", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    UniqueConstraint("request_id", "key_id"),
    Index(None, "key_id", "passage"),
    Index(None, "key_id", "number", "bytes"),
    Index(None, "expires_at"),
)

# What summaries cost each key, in tokens. `day` counts UTC days from the epoch.
spending = Table(
    "kept_spending",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("tokens", BigInteger, nullable=False),
    Index(None, "day"),
)
