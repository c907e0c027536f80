"""Anthropic's Messages API, and every endpoint that speaks it."""

from dataplane.upstreams.anthropic.upstream import Anthropic

__all__ = ["Anthropic"]
