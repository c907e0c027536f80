"""Every setting of every service, in one table; the outside contract for configuration.

Services pick from here (`setting(options.PORT)`); the launcher checks the whole table, so that an
operator sees all mistakes of all services at once.
"""

import difflib
import ipaddress
from collections.abc import Mapping
from typing import Any

from headgate import addresses
from headgate import settings as s
from headgate.settings import Option

PROXY_API_KEY = Option(
    "PROXY_API_KEY",
    s.text,
    None,
    "the proxy key; generated at first start when unset. With :REFRESH_TOKEN behind it, it is served by the account of that token alone",
    True,
    ("API_MASTER_KEY",),
)
ADMIN_PASSWORD = Option("ADMIN_PASSWORD", s.text, None, "the console's password; generated at first start when unset", True)
PORT = Option("PORT", s.integer(1, 65535), "8000", "where clients connect")
LOG_LEVEL = Option("LOG_LEVEL", s.choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "least severe level that is logged")
RATE_LIMIT_PER_MINUTE = Option(
    "RATE_LIMIT_PER_MINUTE", s.integer(0, 1_000_000), "0", "requests a minute that the whole installation admits; 0: any number"
)
SESSION_CACHE_TTL = Option(
    "SESSION_CACHE_TTL",
    s.integer(0, 31_536_000),
    "3600",
    "how many seconds after its last use a user's session is forgotten; 0: none is kept",
)
ENABLE_COMPRESSION = Option(
    "ENABLE_COMPRESSION", s.switch, "true", "whether long conversations are shortened; false: never, whatever the console says"
)

DATA_DIR = Option("HEADGATE_DATA_DIR", s.text, "./data", "database, key file, journals")
DATABASE_URL = Option(
    "HEADGATE_DATABASE_URL",
    s.database,
    None,
    "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME; SQLite in the data directory when unset",
    True,
)
REDIS_URL = Option(
    "HEADGATE_REDIS_URL",
    s.redis,
    None,
    "redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER], rediss:// with TLS; where what keys may still spend is kept, in memory when unset",
    True,
)
HOST = Option("HEADGATE_HOST", s.text, "127.0.0.1", "bind address of all listeners")
CONSOLE_PORT = Option("HEADGATE_CONSOLE_PORT", s.integer(1, 65535), "8001", "REST and console")
CONTROL_ADDR = Option("HEADGATE_CONTROL_ADDR", s.addresses, "127.0.0.1:50051", "where the control plane's gRPC is dialled")
CONTROL_LISTEN = Option("HEADGATE_CONTROL_LISTEN", s.address, None, "where it listens; the host with the same port when unset")
SUMMARIZER_ADDR = Option("HEADGATE_SUMMARIZER_ADDR", s.addresses, "127.0.0.1:50052", "where the summarizer's gRPC is dialled")
SUMMARIZER_LISTEN = Option("HEADGATE_SUMMARIZER_LISTEN", s.address, None, "where it listens; the host with the same port when unset")
SUMMARIZER_HTTP_PORT = Option("HEADGATE_SUMMARIZER_HTTP_PORT", s.integer(1, 65535), "8002", "the summarizer's /health, /ready, /metrics")
PUBLIC_URL = Option("HEADGATE_PUBLIC_URL", s.url, None, "the clients' address as people see it")
CONSOLE_URL = Option("HEADGATE_CONSOLE_URL", s.url, None, "the console's address as people see it")
SECRET_KEY_FILE = Option(
    "HEADGATE_SECRET_KEY_FILE", s.text, None, "encryption and key hashing; by default secret.key in the data directory"
)
RPC_TOKEN = Option("HEADGATE_RPC_TOKEN", s.text, None, "shared secret between the services; the launcher makes one", True)

INTERNAL_KEY = Option(
    "HEADGATE_INTERNAL_KEY",
    s.credential,
    None,
    "what the summarizer presents to the data plane, for summaries that a key's requests cause; the launcher makes one at each start",
    True,
)
GATEWAY_URL = Option("HEADGATE_GATEWAY_URL", s.url, None, "where the services call the data plane; made from host and port when unset")

KIRO_PROFILE = Option(
    "HEADGATE_KIRO_PROFILE",
    s.choice("runtime", "legacy"),
    "runtime",
    "which generation of Kiro's hosts: their addresses and paths, and what they call a valid request",
)
KIRO_API_URL = Option(
    "HEADGATE_KIRO_API_URL",
    s.urls,
    None,
    "Kiro chat and MCP, several comma-separated, tried in a learned order; when unset https://runtime.{region}.kiro.dev, with profile "
    "legacy https://q.{region}.amazonaws.com,https://codewhisperer.{region}.amazonaws.com; {region} is the account's API region",
)
KIRO_MANAGEMENT_URL = Option(
    "HEADGATE_KIRO_MANAGEMENT_URL",
    s.url,
    None,
    "Kiro models, usage, profiles; when unset the first API URL if that is set, else https://management.{region}.kiro.dev, with profile "
    "legacy https://q.{region}.amazonaws.com",
)
KIRO_AUTH_URL = Option("HEADGATE_KIRO_AUTH_URL", s.url, "https://prod.{region}.auth.desktop.kiro.dev", "social token refresh")
KIRO_OIDC_URL = Option("HEADGATE_KIRO_OIDC_URL", s.url, "https://oidc.{region}.amazonaws.com", "IdC token refresh")
KIMI_WEB_URL = Option("HEADGATE_KIMI_WEB_URL", s.url, "https://kimi-ai.chat", "the kimi-web site")
KIMI_WEB_PROMPT_CHARACTERS = Option(
    "HEADGATE_KIMI_WEB_PROMPT_CHARACTERS",
    s.integer(1000, 100_000_000),
    "500000",
    "longest prompt that is sent to the kimi-web site; a longer conversation is answered as too long",
)

MAX_BODY_BYTES = Option("HEADGATE_MAX_BODY_BYTES", s.integer(1024, 2**31), "33554432", "largest request body")
MAX_ATTEMPTS = Option("HEADGATE_MAX_ATTEMPTS", s.integer(1, 10), "3", "accounts tried for one request")
QUEUE_WAIT_SECONDS = Option(
    "HEADGATE_QUEUE_WAIT_SECONDS", s.seconds(0, 50), "10", "how long a request waits for an account while all that could serve are busy"
)
FIRST_TOKEN_SECONDS = Option("HEADGATE_FIRST_TOKEN_SECONDS", s.seconds(0.05, 3600), "180", "from request to first event, all attempts")
IDLE_SECONDS = Option("HEADGATE_IDLE_SECONDS", s.seconds(0.05, 3600), "300", "longest silence of an upstream stream")
RETENTION_DAYS = Option(
    "HEADGATE_RETENTION_DAYS",
    s.integer(1, 36_500),
    "30",
    "how long requests are kept one by one, and answers that clients may build on; what requests come to is kept for ever",
)
KEPT_MEGABYTES = Option(
    "HEADGATE_KEPT_MEGABYTES",
    s.integer(64, 1_000_000),
    "512",
    "how much of each key's answers is kept for its clients to build on; the oldest go first",
)
# How conversations are shortened unless administrators say otherwise: the control plane reads it and tells the others.
COMPRESSION_TOKENS = Option(
    "HEADGATE_COMPRESSION_TOKENS",
    s.integer(10_000, 1_000_000),
    None,
    "estimated tokens above which a conversation is shortened, unless the console says otherwise; half of what the model reads when unset",
)
COMPRESSION_MESSAGES = Option(
    "HEADGATE_COMPRESSION_MESSAGES",
    s.integer(20, 2000),
    "200",
    "messages above which a conversation is shortened, unless the console says otherwise",
)
COMPRESSION_KEEP = Option(
    "HEADGATE_COMPRESSION_KEEP",
    s.integer(4, 100),
    "30",
    "how many of its latest messages stay word for word, unless the console says otherwise",
)
SUMMARY_MODEL = Option(
    "HEADGATE_SUMMARY_MODEL",
    s.text,
    "claude-haiku-4.5",
    "the model that summarises, by its public name, unless the console says otherwise",
)
CORS_ORIGINS = Option("HEADGATE_CORS_ORIGINS", s.listing, "*", "origins that browsers may call from")
TRUSTED_PROXIES = Option("HEADGATE_TRUSTED_PROXIES", s.networks, None, "whose X-Forwarded-For is believed, as addresses or networks")

TABLE: tuple[Option[Any], ...] = tuple(value for value in list(globals().values()) if isinstance(value, Option))

PREFIX = "HEADGATE_"
WELL_KNOWN = ("changeme_proxy_secret", "admin", "sk-kimi-ai-2api-default-key-please-change-me", "1")


def check(environ: Mapping[str, str]) -> list[str]:
    """Every mistake in `environ`: bad values, unknown names, and combinations that are unsafe."""
    mistakes: list[str] = []
    for option in TABLE:
        mistakes += s.read(option, environ)[1]
    keep, messages = s.read(COMPRESSION_KEEP, environ)[0], s.read(COMPRESSION_MESSAGES, environ)[0]
    if keep is not None and messages is not None:
        mistakes += crossed(keep, messages)
    return mistakes + unknown(environ) + unsafe(environ)


def unknown(environ: Mapping[str, str]) -> list[str]:
    """Names that look like ours but are not, with the nearest one that is."""
    # Compared without the prefix, which would make all of them alike.
    names = {option.name.removeprefix(PREFIX): option.name for option in TABLE}
    mistakes = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and not name.startswith("HEADGATE_TEST_") and name not in names.values():
            near = difflib.get_close_matches(name.removeprefix(PREFIX), names, n=1)
            mistakes.append(f"{name}: no such setting" + (f"; did you mean {names[near[0]]}?" if near else ""))
    return mistakes


def unsafe(environ: Mapping[str, str]) -> list[str]:
    """Settings that must not be used on a listener others can reach."""
    host = HOST.text(environ) or ""
    if loopback(host):
        return []
    mistakes = []
    for option in (PROXY_API_KEY, ADMIN_PASSWORD, INTERNAL_KEY):
        if any(environ.get(name) in WELL_KNOWN for name in (option.name, *option.aliases)):
            mistakes.append(f"{option.name}: a well-known value must not be used with HEADGATE_HOST={host}")
    return mistakes


def crossed(keep: int, messages: int) -> list[str]:
    """The mistake of keeping so many messages that a conversation is long when nothing of it may be shortened."""
    return [] if keep < messages else [f"{COMPRESSION_KEEP.name}: must be less than {COMPRESSION_MESSAGES.name}"]


def loopback(host: str) -> bool:
    """Whether `host` reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(addr: str, explicit: str | None, host: str) -> str:
    """Where a gRPC service binds: what was said, else `host` with the port others dial."""
    return explicit or addresses.join(host, addresses.split(addr)[1])


def unguarded(listening: str, token: str | None) -> list[str]:
    """The mistake of a gRPC listener that others can reach and that asks nobody for a secret."""
    if token or loopback(addresses.split(listening)[0]):
        return []
    return [f"{RPC_TOKEN.name}: must be set when the services talk over {listening}, which other machines can reach"]
