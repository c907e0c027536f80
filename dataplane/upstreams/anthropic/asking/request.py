"""The request that carries a body to an endpoint."""

from dataplane.conversation.model import Call
from dataplane.upstreams.anthropic import hosts
from dataplane.upstreams.anthropic.asking.body import FAMILY, Form, body
from dataplane.upstreams.anthropic.asking.raw import Rewritten, rewritten
from dataplane.upstreams.base import HttpRequest, Lease

VERSION = "2023-06-01"


def same(call: Call) -> bool:
    """Whether the client's own body can go on."""
    return call.family == FAMILY and bool(call.raw)


def post(call: Call, lease: Lease, form: Form) -> tuple[HttpRequest, list[str]]:
    """The request, and the JSON paths of what had to be left out of a client's own body. Raises InvalidRequest."""
    made = rewritten(call, lease, form) if form.raw and same(call) else Rewritten(body(call, lease, form))
    return HttpRequest("POST", address(lease), headers(call, lease), made.data), made.dropped


def address(lease: Lease) -> str:
    """Bases are told with and without the version."""
    return f"{lease.base_urls[0].rstrip('/').removesuffix('/v1')}/v1/messages"


def headers(call: Call, lease: Lease) -> dict[str, str]:
    host, token = hosts.of(lease), lease.credential.access_token
    subscribed = token.startswith(hosts.OAUTH_TOKEN)
    found = {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "anthropic-version": call.headers.get("anthropic-version") or VERSION,
    }
    if host.bearer or subscribed:
        found["authorization"] = f"Bearer {token}"
    else:
        found["x-api-key"] = token
    if betas := _betas(call.headers.get("anthropic-beta", "") if host.betas else "", subscribed=subscribed):
        found["anthropic-beta"] = betas
    return found


def _betas(asked: str, *, subscribed: bool) -> str:
    if not subscribed or hosts.OAUTH_BETA in asked:
        return asked
    return ",".join(filter(None, (asked, hosts.OAUTH_BETA)))
