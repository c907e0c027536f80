"""The exchange that leads to an answer: which endpoint is asked, and what is mended when it refuses.

A connection that fails, a throttled or an overloaded endpoint lead to the account's next one; any
other refusal would be the same there. A refusal that tells what is wrong is mended on the same
endpoint, each flaw once (Kiro rules, R01, S08, E04).
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Reasoning, Stamp
from dataplane.errors import Cause, EndpointFault, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest, Lease, Plan, Reply
from dataplane.upstreams.kiro import faults, hosts, profiles, provenance
from dataplane.upstreams.kiro.asking import request
from dataplane.upstreams.kiro.asking.body import Form, arn
from dataplane.upstreams.kiro.fates import Flaw, flaw
from dataplane.wire import jsontext

K = TypeVar("K")
V = TypeVar("V")

# Facts of one kind that are kept in memory.
REMEMBERED = 4096


class Memory:
    """What requests taught that spares later ones a refusal; the oldest goes first."""

    def __init__(self) -> None:
        self._simple: dict[bytes, None] = {}
        self._profiles: dict[tuple[str, str], str] = {}

    def knows_simple(self, call: Call, lease: Lease) -> bool:
        """Whether the host refused these very tools in their plain form (S08)."""
        return bool(self._simple and call.tools) and _digest(call, lease) in self._simple

    def learn_simple(self, call: Call, lease: Lease) -> None:
        _keep(self._simple, _digest(call, lease), None)

    def learn_profile(self, lease: Lease, profile: str) -> None:
        """`profile` serves where that of the lease did not; "" for none at all."""
        _keep(self._profiles, _seat(lease), profile)

    def known(self, lease: Lease) -> Lease:
        """The lease with the profile that was learned; itself where nothing was."""
        profile = self._profiles.get(_seat(lease)) if self._profiles else None
        return lease if profile is None else replace(lease, attributes={**lease.attributes, "profile_arn": profile})


def chat(call: Call, lease: Lease, stamp: Stamp, memory: Memory) -> Plan:
    """One exchange with the model. Raises UpstreamFault, and InvalidRequest for what cannot be sent."""
    return (yield from _Chat(call, lease, stamp, memory).run())


class _Chat:
    """The state of one exchange. `given` is the lease as it came, `lease` with what is known of its account;
    `form` is what the next body looks like.
    """

    def __init__(self, call: Call, lease: Lease, stamp: Stamp, memory: Memory) -> None:
        self.call = call
        self.given = lease
        self.lease = memory.known(lease)
        self.stamp = stamp
        self.memory = memory
        self.form = Form(conservative=memory.knows_simple(call, lease))
        self.attempt = 0
        self.mended: set[Flaw | Retry] = set()
        self.failed: list[EndpointFault] = []

    def run(self) -> Plan:
        urls = self.lease.base_urls
        if profiles.wanted(self.lease):
            self.mended.add(Flaw.PROFILE)
            yield from self._profiled(urls[0], refused=False)
        for url in urls:
            try:
                return self._noted((yield from self._served(url)), url)
            except UpstreamFault as fault:
                elsewhere = fault.cause in _ELSEWHERE and fault.retry is not Retry.NONE and fault.status != 404
                if elsewhere:
                    self.failed.append(EndpointFault(url, fault.cause, fault.retry_after))
                fault.endpoints = tuple(self.failed)
                if not elsewhere or url == urls[-1]:
                    raise
        raise AssertionError("an account has an endpoint")

    def _served(self, url: str) -> Plan:
        """The stream from one endpoint, mended where its refusal says how."""
        while True:
            reply = yield from self._asked(url)
            if reply.status < 400 and reply.headers.get("content-type", "").startswith(request.CONTENT_TYPE):
                return reply
            if not (yield from self._mended(url, reply)):
                raise faults.refused(reply, self.call, self.lease)

    def _asked(self, url: str) -> Plan:
        """A kept connection may have been closed just as it was used again; that says nothing about the endpoint."""
        try:
            return (yield self._post(url))
        except UpstreamFault as fault:
            if fault.retry is not Retry.SAME_ACCOUNT or fault.retry in self.mended:
                raise
            self.mended.add(fault.retry)
        return (yield self._post(url))

    def _post(self, url: str) -> HttpRequest:
        self.attempt += 1
        made = request.post(self.call, self.lease, self.stamp, base_url=url, attempt=self.attempt, form=self.form)
        made.elsewhere = url != self.lease.base_urls[-1]
        return made

    def _mended(self, url: str, reply: Reply) -> Generator[HttpRequest, Reply, bool]:
        """Whether the request is worth sending once more, in another form."""
        found = flaw(reply.status, faults.said(reply)) if reply.status >= 400 else None
        if found is None or found in self.mended:
            return False
        self.mended.add(found)
        before = self.form
        if found is Flaw.SIGNATURE and _signed(self.call, self.lease):
            self.form = replace(before, signed=False)
        elif found is Flaw.SHAPE and self.call.tools and not hosts.of(self.lease).conservative:
            self.form = replace(before, conservative=True)
        elif found is Flaw.PROFILE:
            yield from self._profiled(url, refused=reply.status == 400)
        return self.form != before

    def _profiled(self, url: str, *, refused: bool) -> Generator[HttpRequest, Reply, None]:
        """Another profile than the lease's, if there is one."""
        tried = arn(self.lease)
        found = yield from profiles.looked_up(self.lease, self.stamp, url, refused=refused)
        if found and found != tried:
            self.form = replace(self.form, profile_arn=found)
        elif tried == profiles.BUILDER_ID and hosts.of(self.lease) is hosts.LEGACY:
            # The placeholder stands for no profile, and the old hosts may want to hear of none.
            self.form = replace(self.form, profile_arn="")

    def _noted(self, reply: Reply, url: str) -> Reply:
        """What was learned on the way counts once it has helped."""
        reply.endpoint, reply.failed = url, tuple(self.failed)
        if not self.form.signed:
            reply.dropped = _reasoning_paths(self.call)
        if Flaw.SHAPE in self.mended and self.form.conservative:
            self.memory.learn_simple(self.call, self.lease)
        if (profile := self.form.profile_arn) is not None:
            self.memory.learn_profile(self.given, profile)
            reply.learned = {"profile_arn": profile} if profile else {}
        return reply


def _signed(call: Call, lease: Lease) -> bool:
    """Whether any reasoning was sent along; what is not of this account and model stays here."""
    parts = (part for turn in call.turns if turn.role == "assistant" for part in turn.parts)
    return any(isinstance(part, Reasoning) and provenance.bare(part.redacted or part.signature or "", lease) for part in parts)


def _reasoning_paths(call: Call) -> tuple[str, ...]:
    """Where the client keeps earlier reasoning, in its own spelling."""
    asked: Sequence[str] = [*call.asked.get(Feature.REASONING, ()), *call.asked.get(Feature.REDACTED_REASONING, ())]
    return tuple(asked) or (_THINKING.get(call.family, "reasoning"),)


def _digest(call: Call, lease: Lease) -> bytes:
    """The host and every tool as the client declared it."""
    digest = sha256(hosts.of(lease).name.encode())
    for tool in call.tools:
        digest.update(jsontext.string(tool.name))
        digest.update(tool.schema + b"\0")
    return digest.digest()


def _seat(lease: Lease) -> tuple[str, str]:
    """A lease with another profile is another matter: what was learned is then forgotten."""
    return lease.account_id, lease.attributes.get("profile_arn", "")


def _keep(store: dict[K, V], key: K, value: V) -> None:
    store.pop(key, None)
    store[key] = value
    if len(store) > REMEMBERED:
        del store[next(iter(store))]


# The fault lies with the endpoint, or with the way to it: another one of the same account may serve.
_ELSEWHERE = frozenset({Cause.UNREACHABLE, Cause.TIMEOUT, Cause.THROTTLED, Cause.OVERLOADED, Cause.UNAVAILABLE})
# Where the client's protocols keep earlier reasoning, for a call that does not say.
_THINKING = {"anthropic": "messages[].content[].thinking", "openai": "messages[].reasoning_content"}
