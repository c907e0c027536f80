"""Any endpoint that speaks OpenAI's chat completions."""

from dataplane.upstreams.openai.upstream import OpenAI

__all__ = ["OpenAI"]
