"""The summarizer's settings, read once."""

from dataclasses import dataclass

from headgate import options
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

    @property
    def listen(self) -> str:
        """Where the gRPC service binds."""
        return options.listen(self.addr[0], self.explicit_listen, self.host)
