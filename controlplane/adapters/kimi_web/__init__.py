"""The page of kimi-ai.chat, which hands a nonce to whoever opens it."""

from controlplane.adapters.kimi_web.provider import KimiWeb

__all__ = ["KimiWeb"]
