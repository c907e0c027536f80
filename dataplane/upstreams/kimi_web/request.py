"""The post by which the chat page sends a message (Kimi wire notes, section 1, message)."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from dataplane.conversation.model import Call, Stamp
from dataplane.upstreams.base import HttpRequest, Lease
from dataplane.upstreams.kimi_web import faults
from dataplane.upstreams.kimi_web.prompt import prompt

AJAX_PATH = "/wp-admin/admin-ajax.php"
PAGE_PATH = "/chat/"
# Where the page's own script is told to post, if that is not the usual path.
AJAX_URL = "ajax_url"
# A browser of the time of writing; the site turns away what does not look like one. The control plane fetches the
# nonce under the same name.
USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
SESSION_CHARACTERS = 9

# The site's own name for each model.
MODELS: Mapping[str, str] = {
    "kimi-k2-instruct-0905": "moonshotai/Kimi-K2-Instruct-0905",
    "kimi-k2-instruct": "moonshotai/Kimi-K2-Instruct",
}


def post(call: Call, lease: Lease, stamp: Stamp) -> HttpRequest:
    """Raises InvalidRequest, and UpstreamFault for a model that the site does not have."""
    base = lease.base_urls[0].rstrip("/")
    fields = {
        "action": "kimi_send_message",
        "nonce": lease.credential.access_token,
        "message": prompt(call, lease),
        "model": model(call, lease),
        "session_id": session(stamp),
    }
    # Halves of surrogate pairs have no UTF-8 of their own.
    body = urlencode(fields, errors="replace").encode()
    return HttpRequest("POST", lease.attributes.get(AJAX_URL) or base + AJAX_PATH, headers(base), body)


def model(call: Call, lease: Lease) -> str:
    """A name with a slash is the site's own already. Raises UpstreamFault."""
    if "/" in lease.model:
        return lease.model
    found = MODELS.get(lease.model)
    if found is None:
        raise faults.no_model(call, lease)
    return found


def session(stamp: Stamp) -> str:
    """The site is sent the whole conversation each time, so each time is a session of its own to it.

    As its script makes them: the milliseconds of now, and nine characters of chance.
    """
    chance, milliseconds = divmod(int(stamp.id, 16), 1000)
    digits = []
    for _ in range(SESSION_CHARACTERS):
        chance, digit = divmod(chance, 36)
        digits.append(BASE_36[digit])
    return f"session_{stamp.created * 1000 + milliseconds}_{''.join(digits)}"


def headers(base: str) -> dict[str, str]:
    """What a browser sends along from the page."""
    parts = urlsplit(base)
    return {
        "User-Agent": USER_AGENT,
        "Accept": "application/json, text/javascript, */*; q=0.01",
        "Accept-Language": "en-US,en;q=0.9",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Requested-With": "XMLHttpRequest",
        "Origin": f"{parts.scheme}://{parts.netloc}",
        "Referer": base + PAGE_PATH,
    }
