"""The model that summarises, asked by way of the gateway's own data plane.

An ordinary request to `POST /v1/messages` with the gateway's own credential: so it finds an account, waits, falls over and is
charged like any other, to the key that caused it. It says that it is never to be shortened itself.
"""

from typing import Any

import httpx

from summarizer.errors import ModelFailed
from summarizer.ports import Answered, Errand

VERSION = "2023-06-01"
# Connecting is to a neighbour; the whole is bounded by whoever asks.
TIMEOUT = httpx.Timeout(None, connect=2.0)
# Statuses that will be the same in a moment: no such model, nobody who offers it, a credential that is not accepted. What
# is wrong with one conversation only (400, 413) is none of them: others of the key would have to do without.
LASTING = frozenset({401, 403, 404, 503})
# What a call's tokens are the sum of.
COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


class Gateway:
    """Implements the Model port. `key` is the gateway's own credential."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url.rstrip('/')}/v1/messages"
        headers = {"x-api-key": key, "anthropic-version": VERSION, "x-headgate-compress": "off"}
        # The way to a neighbour leads through no proxy, whatever the environment says.
        self._client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT, trust_env=False)

    async def ask(self, errand: Errand, model: str, system: str, prompt: str, max_tokens: int) -> Answered:
        body = {"model": model, "max_tokens": max_tokens, "system": system, "messages": [{"role": "user", "content": prompt}]}
        caused = {"x-headgate-for-key": errand.key_id, "x-headgate-for-request": errand.request_id}
        try:
            reply = await self._client.post(self._url, json=body, headers=caused)
        except httpx.ConnectError as error:
            raise ModelFailed("the data plane cannot be reached", lasting=True) from error
        except httpx.HTTPError as error:
            raise ModelFailed("the data plane broke off") from error
        if reply.status_code != httpx.codes.OK:
            raise ModelFailed(f"the data plane answered {reply.status_code}", lasting=reply.status_code in LASTING)
        return answered(reply)

    async def close(self) -> None:
        await self._client.aclose()


class Nobody:
    """In the place of a model where the gateway's own credential has not been set."""

    async def ask(self, *_: object) -> Answered:
        raise ModelFailed("there is no internal key", lasting=True)

    async def close(self) -> None:
        """There is nothing to close."""


def answered(reply: httpx.Response) -> Answered:
    """Raises ModelFailed for what is no answer. One without a word has cost tokens nevertheless."""
    try:
        message = reply.json()
        text = "".join(block["text"] for block in message["content"] if block["type"] == "text").strip()
        tokens = sum(counted(message["usage"], name) for name in COUNTED)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ModelFailed("the data plane answered nonsense") from error
    # Half a pair of surrogates, which JSON can hold, would be accepted by nobody it is handed on to.
    text = text.encode("utf-8", "replace").decode()
    stop = message.get("stop_reason")
    # Where a model declines, what it says instead is no summary.
    return Answered("" if stop == "refusal" else text, tokens, cut=stop == "max_tokens")


def counted(usage: Any, name: str) -> int:
    return max(0, int(usage.get(name) or 0))
