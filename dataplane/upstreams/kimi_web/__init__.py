"""kimi-web, the upstream behind the chat page of kimi-ai.chat."""

from dataplane.upstreams.kimi_web.upstream import KimiWeb

__all__ = ["KimiWeb"]
