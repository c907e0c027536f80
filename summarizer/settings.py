"""The summarizer's settings, read once."""

from dataclasses import dataclass
from pathlib import Path

from headgate import addresses, options
from headgate.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Meanings, units and defaults: headgate/options.py."""

    host: str = setting(options.HOST)
    http_port: int = setting(options.SUMMARIZER_HTTP_PORT)
    addr: tuple[str, ...] = setting(options.SUMMARIZER_ADDR)
    explicit_listen: str | None = setting(options.SUMMARIZER_LISTEN)
    rpc_token: str | None = setting(options.RPC_TOKEN)
    log_level: str = setting(options.LOG_LEVEL)
    data_dir: str = setting(options.DATA_DIR)
    database: str | None = setting(options.DATABASE_URL)
    retention_days: int = setting(options.RETENTION_DAYS)
    session_seconds: int = setting(options.SESSION_CACHE_TTL)
    kept_megabytes: int = setting(options.KEPT_MEGABYTES)
    redis_url: str | None = setting(options.REDIS_URL)
    gateway: str | None = setting(options.GATEWAY_URL)
    port: int = setting(options.PORT)
    internal_key: str | None = setting(options.INTERNAL_KEY)

    @property
    def gateway_url(self) -> str:
        """Where the data plane is, which may listen on every address of this machine."""
        return self.gateway or addresses.url(self.host, self.port)

    @property
    def listen(self) -> str:
        """Where the gRPC service binds."""
        return options.listen(self.addr[0], self.explicit_listen, self.host)

    @property
    def database_url(self) -> str:
        """Where conversations are kept: PostgreSQL is shared with the control plane; a SQLite file belongs to one
        service, so there is one of our own in the data directory.
        """
        if self.database and self.database.startswith("postgresql"):
            return self.database
        return f"sqlite+aiosqlite:///{Path(self.data_dir) / 'conversations.db'}"
