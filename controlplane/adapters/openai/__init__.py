"""OpenAI and what speaks as it does: the model list."""

from controlplane.adapters.openai.provider import OpenAI

__all__ = ["OpenAI"]
