"""A client's JSON body on its real road to Kiro, and the judgement of what would be sent.

Dialect, conversion of media and plug-in are the gateway's own; the judges are the simulator's validator
and `invariants`, both written from the rules and from nothing of the gateway.
"""

import asyncio
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dataplane.clients.fetching import Fetcher
from dataplane.clients.media.converter import MediaConverter
from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.events import Event, ToolCallStarted
from dataplane.conversation.model import Call
from dataplane.conversation.order import Order
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.media import fit
from dataplane.upstreams.base import Credential, Lease
from dataplane.upstreams.kiro import Kiro, provenance
from tests.dataplane.upstreams.kiro.invariants import entries, results, violations
from tests.dataplane.upstreams.kiro.samples import ARN, STAMP, stream, tool
from tests.simulators.kiro.models import CATALOGUE
from tests.simulators.kiro.signatures import Signer
from tests.simulators.kiro.terms import Terms
from tests.simulators.kiro.validator import check

MODELS = {model.id: model for model in CATALOGUE}
DIALECTS = {"A": Anthropic(), "O": OpenAIChat()}
PROFILES = ("runtime", "legacy")
MODEL = "claude-sonnet-4.6"
KEY, ACCOUNT = b"key", "account-1"


def lease(profile: str = "runtime", model: str = MODEL, account: str = ACCOUNT) -> Lease:
    known = MODELS[model]
    return Lease(
        "lease-1",
        "key-1",
        account,
        "kiro",
        model,
        Credential("token-1"),
        ["http://127.0.0.1:1"],
        context_window=known.window,
        max_output=known.output,
        request_fields_schema=json.dumps(known.schema) if known.schema else "",
        attributes={"profile_arn": ARN, "machine_id": "ab" * 32, "auth_method": "social", "host_profile": profile},
        input_types=("text", "image") if known.images else ("text",),
    )


def signature(text: str, model: str = MODEL, account: str = ACCOUNT) -> str:
    """What a client was given as the signature of reasoning by that account and model."""
    return provenance.mark(Signer(KEY, account, model).sign(text), lease(model=model, account=account))


def redacted(model: str = MODEL) -> str:
    return provenance.mark(Signer(KEY, ACCOUNT, model).redact(), lease(model=model))


@dataclass
class Sent:
    """A body on its way to Kiro; `call` is what the client asked, its media converted."""

    call: Call
    lease: Lease
    data: bytes
    dropped: list[str] = field(default_factory=list)

    @cached_property
    def body(self) -> dict[str, Any]:
        """Parsed by another parser than the one that wrote it."""
        return json.loads(self.data)

    @property
    def state(self) -> dict[str, Any]:
        return self.body["conversationState"]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for _, message in entries(self.body)]

    @property
    def past(self) -> bytes:
        """The history as it is written, without its last bracket; empty when there is none."""
        return self.data.partition(b'"history":')[2].partition(b'"currentMessage":')[0].removesuffix(b"],")

    @property
    def current(self) -> dict[str, Any]:
        return self.messages[-1]

    @property
    def contents(self) -> list[str]:
        return [message["content"] for message in self.messages]

    @property
    def images(self) -> list[tuple[int, str, str]]:
        """Turn, format and base64 of each."""
        return [
            (turn, image["format"], image["source"]["bytes"]) for turn, said in enumerate(self.messages) for image in said.get("images", [])
        ]

    @property
    def uses(self) -> list[tuple[str, str, Any]]:
        return [(use["toolUseId"], use["name"], use["input"]) for said in self.messages for use in said.get("toolUses", [])]

    @property
    def outputs(self) -> list[tuple[str, str]]:
        """Id and text of each result."""
        return [
            (found["toolUseId"], "\n".join(part["text"] for part in found["content"])) for said in self.messages for found in results(said)
        ]

    @property
    def tools(self) -> dict[str, dict[str, Any]]:
        declared = self.current.get("userInputMessageContext", {}).get("tools", [])
        return {spec["toolSpecification"]["name"]: spec["toolSpecification"] for spec in declared}

    @property
    def schemas(self) -> dict[str, Any]:
        return {name: spec["inputSchema"]["json"] for name, spec in self.tools.items()}

    @property
    def outline(self) -> list[tuple[str, ...]]:
        """Each turn as (content, "?id" per use, "=id" per result, "!id" per failed one)."""
        return [
            (
                said["content"],
                *("?" + use["toolUseId"] for use in said.get("toolUses", [])),
                *(("!" if found["status"] == "error" else "=") + found["toolUseId"] for found in results(said)),
            )
            for said in self.messages
        ]

    def answered(self, *frames: tuple[str, Any]) -> list[Event]:
        """What the client is told when Kiro answers with `frames`."""
        decoder = Kiro().decoder(self.call, self.lease, STAMP)
        events = [*decoder.feed(stream(*frames)), *decoder.finish()]
        Order().follow(events)
        return events

    def client_name(self, name: str) -> str:
        """What the client hears a tool called that Kiro knows by `name`."""
        told = self.answered(tool("tooluse_1", name, "{}", stop=True))
        return next(event.name for event in told if isinstance(event, ToolCallStarted))


class Gate:
    """Where bodies go through. Its converter has real workers, and may fetch from this machine."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._converter = runner.run(self._make())

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self._converter.close())

    def send(self, form: str, body: Any, profile: str = "runtime", model: str = MODEL) -> Sent:
        """The first request, judged. Raises InvalidRequest."""
        return self.run(self.sending(form, body, profile, model))

    async def sending(self, form: str, body: Any, profile: str = "runtime", model: str = MODEL) -> Sent:
        given = lease(profile, model)
        upstream = Kiro()
        call = DIALECTS[form].parse(body if isinstance(body, bytes) else written(body))
        call.input_estimate = prompt_tokens(call)
        dropped = upstream.dropped(call, given)
        call = await fit(self._converter, call, upstream.media(call, given))
        made = Sent(call, given, next(upstream.plan(call, given, STAMP)).body, dropped)
        judge(made)
        return made

    def both(self, form: str, body: Any, model: str = MODEL) -> tuple[Sent, Sent]:
        """What the current and the older hosts get."""
        first, second = (self.send(form, body, profile, model) for profile in PROFILES)
        return first, second

    async def _make(self) -> MediaConverter:
        return MediaConverter(Fetcher(public=lambda _: True))


def written(body: Any) -> bytes:
    """JSON as JavaScript writes it: halves of surrogate pairs are escapes."""
    return json.dumps(body).encode()


def judge(made: Sent) -> None:
    terms = Terms(made.lease.attributes["host_profile"], MODELS, (KEY, made.lease.account_id), profile_arn=ARN)
    assert check(made.data, terms) is None
    assert violations(made.data) == []
