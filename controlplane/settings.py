"""What the control plane is told at its start."""

from dataclasses import dataclass
from pathlib import Path

from headgate import addresses, options
from headgate.settings import setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read once; what is derived from other settings is a property."""

    data_dir: str = setting(options.DATA_DIR)
    database: str | None = setting(options.DATABASE_URL)
    redis_url: str | None = setting(options.REDIS_URL)
    host: str = setting(options.HOST)
    port: int = setting(options.PORT)
    gateway: str | None = setting(options.GATEWAY_URL)
    public_url: str | None = setting(options.PUBLIC_URL)
    console_port: int = setting(options.CONSOLE_PORT)
    control_addr: tuple[str, ...] = setting(options.CONTROL_ADDR)
    control_listen: str | None = setting(options.CONTROL_LISTEN)
    summarizer_addr: tuple[str, ...] = setting(options.SUMMARIZER_ADDR)
    key_file: str | None = setting(options.SECRET_KEY_FILE)
    rpc_token: str | None = setting(options.RPC_TOKEN)
    internal_key: str | None = setting(options.INTERNAL_KEY)
    proxy_key: str | None = setting(options.PROXY_API_KEY)
    admin_password: str | None = setting(options.ADMIN_PASSWORD)
    kiro_profile: str = setting(options.KIRO_PROFILE)
    kiro_api_urls: tuple[str, ...] | None = setting(options.KIRO_API_URL)
    kiro_management_url: str | None = setting(options.KIRO_MANAGEMENT_URL)
    kiro_auth_url: str = setting(options.KIRO_AUTH_URL)
    kiro_oidc_url: str = setting(options.KIRO_OIDC_URL)
    kimi_web_url: str = setting(options.KIMI_WEB_URL)
    kimi_web_prompt_characters: int = setting(options.KIMI_WEB_PROMPT_CHARACTERS)
    trusted_proxies: tuple[str, ...] | None = setting(options.TRUSTED_PROXIES)
    rate_limit_per_minute: int = setting(options.RATE_LIMIT_PER_MINUTE)
    max_attempts: int = setting(options.MAX_ATTEMPTS)
    queue_wait_seconds: float = setting(options.QUEUE_WAIT_SECONDS)
    retention_days: int = setting(options.RETENTION_DAYS)
    enable_compression: bool = setting(options.ENABLE_COMPRESSION)
    compression_tokens: int | None = setting(options.COMPRESSION_TOKENS)
    compression_messages: int = setting(options.COMPRESSION_MESSAGES)
    compression_keep: int = setting(options.COMPRESSION_KEEP)
    summary_model: str = setting(options.SUMMARY_MODEL)
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
    def gateway_url(self) -> str:
        """Where the data plane is, which may listen on every address of this machine."""
        return self.gateway or addresses.url(self.host, self.port)

    @property
    def rpc_listen(self) -> str:
        """Where data planes connect."""
        return options.listen(self.control_addr[0], self.control_listen, self.host)

    def mistakes(self) -> list[str]:
        """Combinations that must not be used."""
        crossed = options.crossed(self.compression_keep, self.compression_messages)
        return options.unguarded(self.rpc_listen, self.rpc_token) + crossed + self._shared()

    def _shared(self) -> list[str]:
        """Whoever has the internal key spends what any key may."""
        shared = self.internal_key is not None and self.internal_key == self.proxy_key
        return [f"{options.INTERNAL_KEY.name}: must not be {options.PROXY_API_KEY.name}, which clients have"] if shared else []
