"""Valid requests and whole answers, for tests that talk to the simulator over HTTP."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp

from tests.simulators.kiro import Account, KiroSimulator, frames

CONVERSATION = "7b2f0d4c-1c1e-4f57-9c1d-0a5f8f0f7f11"


def spec(name: str) -> dict[str, Any]:
    return {"toolSpecification": {"name": name, "description": name, "inputSchema": {"json": {"type": "object", "properties": {}}}}}


def chat(
    account: Account,
    content: str = "hi",
    *,
    model: str = "claude-sonnet-4.5",
    tools: Iterable[str] = (),
    results: Iterable[dict[str, Any]] = (),
    history: Iterable[dict[str, Any]] = (),
    fields: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A body that breaks no rule."""
    context = {"tools": [spec(name) for name in tools], "toolResults": list(results)}
    message = {"content": content, "modelId": model, "origin": "AI_EDITOR", "userInputMessageContext": context}
    state = {
        "conversationId": CONVERSATION,
        "chatTriggerType": "MANUAL",
        "currentMessage": {"userInputMessage": message},
        "history": list(history),
    }
    body = {"conversationState": state, "profileArn": account.profile_arn}
    return body if fields is None else {**body, "additionalModelRequestFields": fields}


def bearer(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.access_token}"}


async def ask(client: aiohttp.ClientSession, sim: KiroSimulator, account: Account, content: str = "hi", **rest: Any) -> tuple[int, Any]:
    """The status, and the frames of a good answer or the JSON of another."""
    async with client.post(f"{sim.url}/generateAssistantResponse", json=chat(account, content, **rest), headers=bearer(account)) as answer:
        body = await answer.read()
        return answer.status, frames.read(body) if answer.status == 200 else json.loads(body)


def words(events: Sequence[frames.Frame]) -> str:
    return "".join(event.data["content"] for event in events if event.name == "assistantResponseEvent")


def inputs(events: Sequence[frames.Frame]) -> dict[str, tuple[str, str]]:
    """Each call's name and joined input, by id."""
    found: dict[str, tuple[str, str]] = {}
    for event in events:
        if event.name == "toolUseEvent":
            name, joined = found.get(event.data["toolUseId"], (event.data.get("name"), ""))
            found[event.data["toolUseId"]] = (name, joined + event.data.get("input", ""))
    return found
