"""The line of a request: accept, admit, compress, remember, translate, stream back, settle."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from dataplane.admission import Grant, Patience, turn_away
from dataplane.budget import OutputBudget
from dataplane.compression import Compression
from dataplane.conversation import session
from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.kept import Recalled
from dataplane.conversation.model import Call, Stamp, Thinking
from dataplane.dialects.base import Dialect
from dataplane.errors import GatewayError, InvalidRequest, NotFound, UpstreamFault
from dataplane.media import fit
from dataplane.memory import Memory, recalled
from dataplane.ports import Client, Control, Conversations, Converter, Transport
from dataplane.progress import Progress, Request
from dataplane.relay import Relay
from dataplane.upstreams.base import Lease, Plan, Upstream

HEADER_LENGTH = 2000
# Parsing is cheap, but not for strangers: above this the key is looked at before the body.
LARGE_BYTES = 1024 * 1024
# What a client names travels on to the control plane and must be of bounded size; honest names are shorter.
PATHS, PATH_LENGTH = 100, 200
NAME_LENGTH = 200
# How clients without a switch for it ask a model to think.
THINKING = re.compile(r"-thinking(\[1m\])?$").search


@dataclass(frozen=True, slots=True)
class Line:
    """What the line of a request runs on; made once by the composition root."""

    control: Control
    conversations: Conversations
    converter: Converter
    transport: Transport
    upstreams: Mapping[str, Upstream]
    patience: Patience
    compression: Compression


async def exchange(line: Line, dialect: Dialect, request: Request, client: Client) -> None:
    """Answer one request. Raises the GatewayError to tell, or CancelledError when the client left."""
    if len(request.body) > LARGE_BYTES:
        await line.control.identify(request.caller)
    try:
        call = accept(dialect, request, client, await recalled(line.control, line.conversations, dialect, request))
    except GatewayError as error:
        await turn_away(line.control, request, client, error)
        raise
    progress = Progress(request, call)
    long = line.compression.concerns(request, call)
    memory = Memory(line.conversations, progress, client, line.patience.first_token_seconds)
    async with Grant(line.control, line.patience, progress, client, reserve_only=long) as grant, memory:
        if grant.reservation is not None:
            call = await line.compression.shorten(call, grant.reservation, progress, client)
        while True:
            lease = await memory.lease(grant, call, line.upstreams)
            try:
                return await attempt(line, call, lease, memory, progress)
            except UpstreamFault as fault:
                grant.failed(fault)


def accept(dialect: Dialect, request: Request, client: Client, recalled: Recalled | None) -> Call:
    """The request as a conversation, its size estimated; from here on keep-alives may flow."""
    call = dialect.parse(request.body, recalled)
    call.headers = request.headers
    call.input_estimate = prompt_tokens(call)
    call.session = (call.session or request.session or session.derived(call))[:NAME_LENGTH]
    if call.thinking is None and THINKING(call.model):
        call.thinking = Thinking("enabled")
    if len(call.model) > NAME_LENGTH:
        raise NotFound("no model has a name this long", param="model")
    client.prepare(stream=call.stream, fresh=partial(dialect.encoder, call, stamp()))
    return call


async def attempt(line: Line, call: Call, lease: Lease, memory: Memory, progress: Progress) -> None:
    """One try at one account: remember, fit, translate, open, stream back."""
    upstream, client = line.upstreams[lease.kind], memory.client
    progress.dropped = ()
    client.say("x-headgate-dropped", "")
    call = await memory.recall(line.control, call, upstream, lease)
    drop(client, progress, lease, [*memory.unable(call, lease), *upstream.dropped(call, lease)])
    describe(client, lease, progress)
    async with progress.patience(line.patience.first_token_seconds):
        call = await fit(line.converter, call, upstream.media(call, lease))
        once = stamp()
        plan: Plan | None = upstream.plan(call, lease, once)
        relay = Relay(upstream.decoder(call, lease, once), client.encoder(), memory, progress, bound(line.control, call, lease))
        while plan is not None:
            async with line.transport.follow(plan, progress.until, lease.proxy_url) as stream:
                progress.answered(stream.reply)
                drop(client, progress, lease, stream.reply.dropped)
                plan = await relay.carry(stream)


def bound(control: Control, call: Call, lease: Lease) -> OutputBudget | None:
    """What the answer may grow to; None where no limit of the key bounds it."""
    return None if lease.output_reserved is None else OutputBudget(control, lease, call.sampling.max_tokens)


def describe(client: Client, lease: Lease, progress: Progress) -> None:
    """Response headers that say who serves and what the key may still do."""
    client.say("x-headgate-model", f"{lease.kind}/{lease.model}")
    client.say("x-headgate-account", lease.account_label or lease.account_id)
    client.say("x-headgate-attempts", str(len(progress.attempts)))
    client.say("x-headgate-overhead-ms", str(progress.overhead_ms()))
    if lease.windows is not None:
        client.limited(lease.windows)


def drop(client: Client, progress: Progress, lease: Lease, paths: Sequence[str]) -> None:
    """What of the client's body has no seat upstream; known in part only when the answer is opened.

    Raises InvalidRequest for a strict key.
    """
    if not paths:
        return
    if lease.strict:
        told = f"the key is strict, and what serves this model has no place for {listed(paths)}"
        raise InvalidRequest(told, param=paths[0][:PATH_LENGTH])
    progress.dropped = [*progress.dropped, *(path[:PATH_LENGTH] for path in paths)][:PATHS]
    client.say("x-headgate-dropped", listed(progress.dropped))


def listed(paths: Sequence[str]) -> str:
    """Paths as one header value; clients refuse headers of more than a few KiB, so a long list is cut and says so."""
    text = ",".join(paths)
    return text if len(text) <= HEADER_LENGTH else text[:HEADER_LENGTH].rpartition(",")[0] + ",..."


def stamp() -> Stamp:
    """Something unique, and the time."""
    return Stamp(os.urandom(16).hex(), int(time.time()))  # noqa: TID251 - the edge where stamps are made
