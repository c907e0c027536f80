"""The requests that carry a body to Kiro: where to, and the headers by which its own IDE is known."""

from hashlib import sha256

from dataplane.conversation.model import Call, Stamp
from dataplane.upstreams.base import HttpRequest, Lease
from dataplane.upstreams.kiro.asking.body import PLAIN, Form, body, uuid

CONTENT_TYPE = "application/vnd.amazon.eventstream"
# The client whose wire form this is; see Kiro wire notes, headers and versions.
IDE_VERSION = "1.1.70"
SDK_VERSION = "1.0.34"
NODE_VERSION = "22.22.0"
SYSTEM = "linux#6.8.0"


def post(call: Call, lease: Lease, stamp: Stamp, *, base_url: str, attempt: int = 1, form: Form = PLAIN) -> HttpRequest:
    """The request of one attempt at one endpoint. Raises InvalidRequest."""
    url = f"{base_url}/generateAssistantResponse"
    return HttpRequest("POST", url, headers(lease, stamp, attempt), body(call, lease, stamp, form))


def headers(lease: Lease, stamp: Stamp, attempt: int) -> dict[str, str]:
    client = f"KiroIDE-{IDE_VERSION}-{machine(lease)}"
    found = {
        "Authorization": f"Bearer {lease.credential.access_token}",
        "Content-Type": "application/json",
        "Accept": CONTENT_TYPE,
        "x-amzn-codewhisperer-optout": "true",
        "x-amzn-kiro-agent-mode": "vibe",
        "x-amz-user-agent": f"aws-sdk-js/{SDK_VERSION} {client}",
        "user-agent": f"aws-sdk-js/{SDK_VERSION} ua/2.1 os/{SYSTEM} lang/js md/nodejs#{NODE_VERSION}"
        f" api/codewhispererstreaming#{SDK_VERSION} m/E {client}",
        "amz-sdk-invocation-id": uuid("invocation", stamp.id),
        "amz-sdk-request": f"attempt={attempt}; max=3",
    }
    if kind := _TOKEN_TYPES.get(lease.attributes.get("auth_method", "")):
        found["TokenType"] = kind
    return found


def machine(lease: Lease) -> str:
    """The account's machine id; ids that are missing or shared draw throttling."""
    return lease.attributes.get("machine_id") or sha256(f"machine\0{lease.account_id}".encode()).hexdigest()


# Accounts whose bearer is not a sign-in token say so in a header.
_TOKEN_TYPES = {"api-key": "API_KEY", "external-idp": "EXTERNAL_IDP"}
