"""`headgate up`: check everything, start all services, say where to go."""

import asyncio
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from headgate import addresses, logs, options, preflight
from headgate.child import Child
from headgate.settings import SettingsError, load, setting
from headgate.stack import Stack, StartFailed, Stop, Timing

UNSAFE = 1  # a well-known secret on a listener that others can reach
WRONG = 2


@dataclass(frozen=True)
class Settings:
    """What the launcher itself needs to know; meanings: headgate/options.py."""

    host: str = setting(options.HOST)
    port: int = setting(options.PORT)
    console_port: int = setting(options.CONSOLE_PORT)
    summarizer_http_port: int = setting(options.SUMMARIZER_HTTP_PORT)
    public_url: str | None = setting(options.PUBLIC_URL)
    console_url: str | None = setting(options.CONSOLE_URL)
    proxy_api_key: str | None = setting(options.PROXY_API_KEY)
    log_level: str = setting(options.LOG_LEVEL)


def run(environ: Mapping[str, str]) -> int:
    """Start the services and keep them running; returns the exit code."""
    mistakes = preflight.mistakes(environ)
    if mistakes:
        print(f"headgate: {SettingsError(mistakes)}", file=sys.stderr)
        return UNSAFE if options.unsafe(environ) else WRONG
    settings = load(Settings, environ)
    logs.set_up("launcher", settings.log_level)
    try:
        return asyncio.run(_run(settings, environ))
    except StartFailed as failure:
        print(f"headgate: {failure}", file=sys.stderr)
        return failure.code


async def _run(settings: Settings, environ: Mapping[str, str]) -> int:
    stop = Stop()
    stop.listen()
    begun = time.monotonic()

    def announce() -> None:
        print(welcome(settings, time.monotonic() - begun), flush=True)

    return await Stack(children(settings), prepared(environ), Timing()).run(stop, announce)


def children(settings: Settings) -> list[Child]:
    """The services in the order in which they depend on each other; they are stopped in reverse."""

    def child(name: str, module: str, port: int, grace_seconds: float) -> Child:
        ready = addresses.url(settings.host, port) + "/ready"
        return Child(name, (sys.executable, "-m", module), ready, grace_seconds)

    return [
        # At its end it lets trades of tokens and usage records reach the database: up to 40 s.
        child("the control plane", "controlplane", settings.console_port, 45),
        child("the summarizer", "summarizer", settings.summarizer_http_port, 10),
        # It lets open streams finish for up to 30 s by itself.
        child("the data plane", "dataplane", settings.port, 40),
    ]


def prepared(environ: Mapping[str, str]) -> dict[str, str]:
    """The services' environment: what `.env` says included, and fresh secrets between them unless they are set."""
    token = options.RPC_TOKEN.text(environ) or secrets.token_hex(32)
    internal = options.INTERNAL_KEY.text(environ) or f"hgi-{secrets.token_hex(24)}"
    # What a service prints, the secrets of the first start above all, must be seen at once.
    return {**environ, options.RPC_TOKEN.name: token, options.INTERNAL_KEY.name: internal, "PYTHONUNBUFFERED": "1"}


def welcome(settings: Settings, took: float) -> str:
    """Where to go, once all is ready."""
    gateway = settings.public_url or addresses.url(settings.host, settings.port)
    console = settings.console_url or addresses.url(settings.host, settings.console_port)
    key = "the PROXY_API_KEY you set" if settings.proxy_api_key else "printed at the very first start; PROXY_API_KEY sets your own"
    return f"""
Headgate is ready ({took:.1f} s). Ctrl-C stops it.

  OpenAI SDKs      OPENAI_BASE_URL={gateway}/v1
  Anthropic SDKs   ANTHROPIC_BASE_URL={gateway}
  Key              {key}
  Console          {console}/
"""
