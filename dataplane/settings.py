"""The data plane's settings, read once."""

from dataclasses import dataclass

from headgate import options
from headgate.settings import setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Meanings, units and defaults: headgate/options.py."""

    host: str = setting(options.HOST)
    port: int = setting(options.PORT)
    log_level: str = setting(options.LOG_LEVEL)
    control_addr: tuple[str, ...] = setting(options.CONTROL_ADDR)
    summarizer_addr: tuple[str, ...] = setting(options.SUMMARIZER_ADDR)
    rpc_token: str | None = setting(options.RPC_TOKEN)
    console_url: str | None = setting(options.CONSOLE_URL)
    console_port: int = setting(options.CONSOLE_PORT)
    session_seconds: int = setting(options.SESSION_CACHE_TTL)
    max_body_bytes: int = setting(options.MAX_BODY_BYTES)
    max_attempts: int = setting(options.MAX_ATTEMPTS)
    first_token_seconds: float = setting(options.FIRST_TOKEN_SECONDS)
    idle_seconds: float = setting(options.IDLE_SECONDS)
    cors_origins: tuple[str, ...] = setting(options.CORS_ORIGINS)
    trusted_proxies: tuple[str, ...] | None = setting(options.TRUSTED_PROXIES)

    @property
    def console(self) -> str:
        """Where the console is, for redirects."""
        return self.console_url or f"http://{self.host}:{self.console_port}"
