"""The tables, as the current release reads and writes them. Times are epoch seconds unless named `_ms`.

A change here needs a migration; `tests/controlplane/adapters/db` compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    false,
)

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

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("auth_method", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("profile_arn", Text, nullable=False),
    Column("machine_id", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("models", Text, nullable=False),  # JSON: what the administrator limits it to
    Column("priority", Integer, nullable=False),
    Column("max_concurrency", Integer, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("offered", Text, nullable=False),  # JSON: what its upstream said it offers
    Column("offered_at", BigInteger, nullable=False),  # 0: never asked
    Column("allowance", Text, nullable=True),  # JSON
    Column("input_types", Text, nullable=False, server_default="{}"),  # JSON: what the offered models read, by id
)

credentials = Table(
    "credentials",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # Sealed, each for its account and field; NULL where there is none.
    Column("refresh_token", LargeBinary, nullable=True),
    Column("access_token", LargeBinary, nullable=True),
    Column("client_id", LargeBinary, nullable=True),
    Column("client_secret", LargeBinary, nullable=True),
    Column("api_key", LargeBinary, nullable=True),
    Column("proxy_url", LargeBinary, nullable=True),  # may hold a password
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("allowed_models", Text, nullable=False),  # JSON
    Column("allowed_account_ids", Text, nullable=False),  # JSON
    Column("allowed_ips", Text, nullable=False),  # JSON
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("old_digest", Text, nullable=False),
    Column("old_until", BigInteger, nullable=False),
    Column("strict", Boolean, nullable=False, server_default=false()),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("lease_id", Text, nullable=False, unique=True),
    Column("request_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("asked_model", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("ending", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("finish_reason", Text, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("first_event_ms", Integer, nullable=True),
    Column("duration_ms", Integer, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("input", BigInteger, nullable=False),
    Column("cache_read", BigInteger, nullable=False),
    Column("cache_write", BigInteger, nullable=False),
    Column("output", BigInteger, nullable=False),
    Column("reasoning", BigInteger, nullable=False),
    Column("credits", Float(53), nullable=False),
    Column("input_source", SmallInteger, nullable=False),
    Column("output_source", SmallInteger, nullable=False),
    Column("attempts", Text, nullable=False),  # JSON
    Column("dropped", Text, nullable=False),  # JSON
    Column("searches", BigInteger, nullable=False, server_default="0"),
    Index(None, "received_at_ms", "id"),
    Index(None, "key_id", "received_at_ms"),
    Index(None, "request_id"),
)
