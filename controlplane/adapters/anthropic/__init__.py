"""Anthropic and what speaks as it does: the model list."""

from controlplane.adapters.anthropic.provider import Anthropic

__all__ = ["Anthropic"]
