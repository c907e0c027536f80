"""Passes: credentials for the data plane that carry their own end, for the console's playground and account tests.

    hgp- base64url({"e": end, "a": account id, "u": whose}) . keyed hash of what stands before the dot

Nothing of a pass is stored. Every control plane with the same key file knows one when it sees it. Its end is near, and
it is good only as long as the user, or the token, that it was made for is an administrator's.
"""

import base64
import hmac
import json
from dataclasses import dataclass, field

from controlplane.service.ports import Clock, Vault

PREFIX = "hgp-"
DIGEST = "pass"  # the purpose of the keyed hash
PLAYGROUND_SECONDS = 1800
TEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Pass:
    """Good until `expires_at`, epoch seconds. `account_id`: the one account that it tests, empty: all may serve.
    `holder`: id of the user, or the token, for whom it was made.
    """

    expires_at: int
    account_id: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new pass. `text` is what is presented, a secret."""

    text: str = field(repr=False)
    expires_at: int


class Passes:
    """Makes passes, and tells which are ours."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def issue(self, holder: str, seconds: int = PLAYGROUND_SECONDS, account_id: str = "") -> Issued:
        """A pass for `holder` that ends after so many seconds."""
        expires_at = int(self._clock.now()) + seconds
        told = json.dumps({"e": expires_at, "a": account_id, "u": holder}, separators=(",", ":"))
        body = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
        return Issued(f"{PREFIX}{body}.{self._vault.digest(DIGEST, body)}", expires_at)

    def read(self, presented: str) -> Pass | None:
        """What the pass says; None for a text that is no pass of ours. Whether it has ended is the reader's to ask."""
        body, _, signed = presented.removeprefix(PREFIX).partition(".")
        # Nothing of it is looked at before it is known to be ours. In bytes, for anything may be presented.
        if not hmac.compare_digest(self._vault.digest(DIGEST, body).encode(), signed.encode("utf-8", "surrogatepass")):
            return None
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return Pass(told["e"], told["a"], told["u"])
