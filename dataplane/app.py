"""The composition root: the only file that names concrete dialects, upstreams and clients."""

import asyncio
import logging
from collections.abc import Mapping

from dataplane.admission import Patience
from dataplane.catalogue import Catalogue
from dataplane.clients.control import ControlPlane
from dataplane.clients.conversations import Conversations
from dataplane.clients.fetching import Fetcher
from dataplane.clients.media.converter import MediaConverter
from dataplane.clients.summarizer import Summarizer
from dataplane.clients.transport import Transport
from dataplane.compression import Compression
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.base import Dialect
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.exchange import Line
from dataplane.kept_pages import KeptPages
from dataplane.network import Origins, Proxies
from dataplane.openapi import document
from dataplane.original_page import OriginalPage
from dataplane.pages import Pages
from dataplane.server import Server
from dataplane.settings import Settings
from dataplane.upstreams import anthropic, openai
from dataplane.upstreams.base import Upstream
from dataplane.upstreams.kimi_web import KimiWeb
from dataplane.upstreams.kiro import Kiro
from headgate import collector, http, logs

log = logging.getLogger(__name__)

# How long streams may go on after the wish to stop.
DRAIN_SECONDS = 30
# How long the control plane may take to acknowledge the last outcomes at shutdown.
SETTLE_SECONDS = 5.0


class App:
    """Everything a data plane consists of, wired. To be made inside the running loop."""

    def __init__(self, settings: Settings) -> None:
        self.catalogue = Catalogue()
        self.control = ControlPlane(settings.control_addr[0], settings.rpc_token, self.catalogue)
        self.summarizer = Summarizer(settings.summarizer_addr[0], settings.rpc_token)
        self.conversations = Conversations(settings.summarizer_addr[0], settings.rpc_token)
        self.transport = Transport(settings.idle_seconds)
        self.converter = MediaConverter(Fetcher())
        upstreams: tuple[Upstream, ...] = (Kiro(), KimiWeb(), openai.OpenAI(), anthropic.Anthropic())
        line = Line(
            control=self.control,
            conversations=self.conversations,
            converter=self.converter,
            transport=self.transport,
            upstreams={upstream.kind: upstream for upstream in upstreams},
            patience=Patience(settings.max_attempts, settings.first_token_seconds),
            compression=Compression(self.summarizer, self.catalogue, settings.first_token_seconds),
        )
        self.server = self._serve(line, settings)

    def missing(self) -> list[str]:
        """What keeps this process from serving; empty when nothing does."""
        reasons = []
        if not self.control.connected:
            reasons.append("the control plane is not connected")
        if not self.catalogue.known:
            reasons.append("the model table has not come yet")
        return reasons

    async def close(self) -> None:
        await self.control.close(SETTLE_SECONDS)
        await self.summarizer.close()
        await self.conversations.close()
        await self.transport.close()
        await self.converter.close()

    def _serve(self, line: Line, settings: Settings) -> Server:
        messages, chat = Anthropic(), OpenAIChat()

        def speaks(headers: Mapping[bytes, bytes]) -> Dialect:
            return messages if b"anthropic-version" in headers else chat

        server = Server(
            line,
            speaks,
            max_body_bytes=settings.max_body_bytes,
            origins=Origins(settings.cors_origins),
            proxies=Proxies(settings.trusted_proxies or ()),
            sessions=settings.session_seconds > 0,
        )
        pages = Pages(self.control, self.catalogue, ready=self.missing, console=settings.console, openapi=document())
        pages.install(server)
        KeptPages(self.control, self.conversations, OpenAIResponses()).install(server)
        OriginalPage(self.control, self.summarizer).install(server)
        server.route("/v1/chat/completions", {"POST": server.converse}, chat)
        for path in ("/v1/messages", "/messages"):
            server.route(path, {"POST": server.converse}, messages)
        server.route("/v1/messages/count_tokens", {"POST": pages.counting(messages, server)}, messages)
        return server


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then let streams end, settle, and go. Raises OSError for a busy address."""
    # Leaving a broken stream without its end is how it is told apart from a whole one.
    logs.quiet("uvicorn.error", lambda record: "without completing response" in record.getMessage())
    app = App(settings)
    app.control.start()
    app.conversations.start()
    collector.spare()
    log.info("serving http=%s:%d", settings.host, settings.port)
    try:
        await http.serve_until(stop, http.listener(app.server, settings.host, settings.port, grace_seconds=DRAIN_SECONDS))
    finally:
        await app.close()
