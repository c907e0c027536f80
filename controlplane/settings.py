"""What the control plane is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

from headgate import options
from headgate.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read once; what is derived from other settings is a property."""

    data_dir: str = setting(options.DATA_DIR)
    database: str | None = field(metadata={"option": options.DATABASE_URL}, repr=False)  # may hold a password
    host: str = setting(options.HOST)
    console_port: int = setting(options.CONSOLE_PORT)
    control_addr: tuple[str, ...] = setting(options.CONTROL_ADDR)
    control_listen: str | None = setting(options.CONTROL_LISTEN)
    key_file: str | None = setting(options.SECRET_KEY_FILE)
    rpc_token: str | None = field(metadata={"option": options.RPC_TOKEN}, repr=False)
    proxy_key: str | None = field(metadata={"option": options.PROXY_API_KEY}, repr=False)
    admin_password: str | None = field(metadata={"option": options.ADMIN_PASSWORD}, repr=False)
    kiro_api_urls: tuple[str, ...] = setting(options.KIRO_API_URL)
    kiro_management_url: str | None = setting(options.KIRO_MANAGEMENT_URL)
    kiro_auth_url: str = setting(options.KIRO_AUTH_URL)
    kiro_oidc_url: str = setting(options.KIRO_OIDC_URL)
    trusted_proxies: tuple[str, ...] | None = setting(options.TRUSTED_PROXIES)
    log_level: str = setting(options.LOG_LEVEL)

    @property
    def database_url(self) -> str:
        """SQLite in the data directory unless something else was said."""
        return self.database or f"sqlite+aiosqlite:///{Path(self.data_dir) / 'headgate.db'}"

    @property
    def key_path(self) -> Path:
        """Where the key for secrets at rest lies."""
        return Path(self.key_file) if self.key_file else Path(self.data_dir) / "secret.key"

    @property
    def rpc_listen(self) -> str:
        """Where data planes connect."""
        return options.listen(self.control_addr[0], self.control_listen, self.host)

    def mistakes(self) -> list[str]:
        """Combinations that must not be used."""
        host = self.rpc_listen.rpartition(":")[0].strip("[]")
        if self.rpc_token is None and not options.loopback(host):
            return [f"HEADGATE_RPC_TOKEN: is needed where others can reach the listener {self.rpc_listen}"]
        return []
