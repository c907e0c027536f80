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
    text,
    true,
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
    Column("breakers", Text, nullable=False, server_default="[]"),  # JSON: causes that rest it or one of its models
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
    Column("limits", Text, nullable=False, server_default="{}"),  # JSON, what is not limited left out
    Column("compression", Boolean, nullable=False, server_default=true()),
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
    Column("booked_at", BigInteger, nullable=True),  # when it was taken into the rollups; NULL: not yet
    Column("counted", Boolean, nullable=False, server_default=true()),  # it was not given back
    Column("cost", Float(53), nullable=False, server_default="0"),
    Column("credits_source", SmallInteger, nullable=False, server_default="0"),
    Column("decision", Text, nullable=False, server_default=""),  # JSON
    Column("cause", Text, nullable=False, server_default=""),  # the request it was made for, where the gateway made it
    # What shortening did to its conversation; "": nothing was tried.
    Column("compressed_how", Text, nullable=False, server_default=""),
    Column("compressed_turns", Integer, nullable=False, server_default="0"),
    Column("saved_tokens", BigInteger, nullable=False, server_default="0"),
    Column("spent_tokens", BigInteger, nullable=False, server_default="0"),
    # One for each filter, in the order of the list. Their last columns are for a second filter: what it leaves out is
    # told by the index alone, without a look at the row.
    Index(None, "received_at_ms", "id"),
    Index("ix_requests_by_key", "key_id", "received_at_ms", "id", "kind"),
    Index("ix_requests_by_account", "account_id", "received_at_ms", "id", "key_id", "kind", "model", "asked_model"),
    Index("ix_requests_by_model", "model", "received_at_ms", "id", "key_id", "kind"),
    Index("ix_requests_by_kind", "kind", "received_at_ms", "id"),
    Index(None, "request_id"),
)


def _partial(name: str, condition: str, *columns: str) -> None:
    """An index of the few requests that the condition holds for; a query that repeats it can use the index."""
    few = text(condition)
    Index(name, *(requests.c[column] for column in columns), sqlite_where=few, postgresql_where=few)


_partial("ix_requests_by_asked_model", "asked_model <> model", "asked_model", "received_at_ms", "id", "key_id", "kind")
_partial("ix_requests_by_ending", "ending <> 'served'", "ending", "received_at_ms", "id", "key_id", "account_id", "kind", "model")
_partial("ix_requests_by_status", "status <> 200", "status", "received_at_ms", "id", "key_id", "account_id", "kind", "model")
_partial("ix_requests_internal", "cause <> ''", "received_at_ms", "id")
Index("ix_requests_unbooked", requests.c.id, sqlite_where=text("booked_at IS NULL"), postgresql_where=text("booked_at IS NULL"))
Index("ix_requests_caused", requests.c.cause, sqlite_where=text("cause <> ''"), postgresql_where=text("cause <> ''"))

# What records come to, by the time of their booking. `period`: "hour" or "day", `start` its first second.
rollups = Table(
    "rollups",
    metadata,
    Column("period", Text, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("success", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("input", BigInteger, nullable=False),
    Column("cache_read", BigInteger, nullable=False),
    Column("cache_write", BigInteger, nullable=False),
    Column("output", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),  # in millionths
    Column("cost", Float(53), nullable=False),
    Column("saved_tokens", BigInteger, nullable=False, server_default="0"),  # by shortening
    Column("summary_tokens", BigInteger, nullable=False, server_default="0"),  # of the gateway's own calls
)

# How many requests there were and what was used, by the hour of the booking. `bucket`: the class of their times to the
# first event (`policy.percentiles`), 0 without one.
hours = Table(
    "hours",
    metadata,
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("ending", Text, primary_key=True),
    Column("bucket", SmallInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost", Float(53), nullable=False),
)

prices = Table(
    "prices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model", Text, nullable=False, unique=True),  # a public name, * stands for any run of characters
    # For a million tokens.
    Column("input", Float(53), nullable=False),
    Column("output", Float(53), nullable=False),
    Column("cache_read", Float(53), nullable=False),
    Column("cache_write", Float(53), nullable=False),
)

routes = Table(
    "routes",
    metadata,
    Column("matching", Text, primary_key=True),  # "exact", "prefix"
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),  # in the administrator's list
    Column("targets", Text, nullable=False),  # JSON
)

allowances = Table(
    "allowances",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("checked_at", BigInteger, primary_key=True),
    Column("used", Float(53), nullable=False),
    Column("limit", Float(53), nullable=False),
)

# What happened to accounts; what administrators did to them is in `audit`.
account_events = Table(
    "account_events",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("type", Text, nullable=False),  # "status", "refresh"
    Column("status", Text, nullable=False),  # how it stands since, "" where that is not told
    Column("reason", Text, nullable=False),
    Column("until", BigInteger, nullable=False),  # 0: no end by itself
    Column("ok", Boolean, nullable=True),  # how a refresh ended, NULL where it is none
    Index(None, "account_id", "id"),
    Index(None, "at_ms"),
)

# Accounts that callers bring along in their credential, by its keyed hash; never in the pool.
own_accounts = Table(
    "own_accounts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("refresh_token", LargeBinary, nullable=True),  # sealed
    Column("access_token", LargeBinary, nullable=True),  # sealed
    Column("machine_id", Text, nullable=False),
    Column("profile_arn", Text, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Index(None, "used_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),  # "key.update"
    Column("target", Text, nullable=False),
    Column("target_name", Text, nullable=False),
    Column("before", Text, nullable=False),  # JSON without secrets, "" where there was nothing
    Column("after", Text, nullable=False),
    Index(None, "at_ms", "id"),
    Index(None, "target", "at_ms"),
    Index(None, "actor", "at_ms", "id"),
    Index(None, "action", "at_ms", "id"),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),  # the name, as names are compared
    Column("role", Text, nullable=False),  # "admin", "viewer"
    Column("enabled", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),  # argon2id; "": it has none of its own
    Column("totp_secret", LargeBinary, nullable=True),  # sealed
    Column("totp_begun", LargeBinary, nullable=True),  # sealed; not confirmed yet
    Column("totp_step", BigInteger, nullable=False),  # of the last code that was used
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

# Browsers that are signed in, by the keyed hash of their cookie.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

# Credentials for scripts, by their keyed hash.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),  # "admin", "viewer"
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # 0: never
    Column("used_at", BigInteger, nullable=False),
)
