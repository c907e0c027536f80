"""Signatures on reasoning: an HMAC over account, model and text, so that any change or foreign use shows."""

import base64
import hmac
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["own", "foreign", "forged"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one account and model under the simulator's key."""

    key: bytes
    account: str
    model: str

    def sign(self, text: str) -> str:
        return _pack(self.account, self.model, self._mac(self.account, self.model, text))

    def redact(self) -> str:
        """Opaque base64 in place of reasoning that nobody may read."""
        return _pack(self.account, self.model, self._mac(self.account, self.model, REDACTED))

    def verify(self, text: str, signature: str) -> Verdict:
        """Own: issued for this account and model. Foreign: issued for another. Forged: not issued for `text` at all."""
        try:
            account, model, mac = base64.b64decode(signature, validate=True).decode().split("\n")
        except ValueError:
            return "forged"
        if not hmac.compare_digest(mac, self._mac(account, model, text)):
            return "forged"
        return "own" if (account, model) == (self.account, self.model) else "foreign"

    def verify_redacted(self, content: str) -> Verdict:
        return self.verify(REDACTED, content)

    def _mac(self, account: str, model: str, text: str) -> str:
        return hmac.new(self.key, f"{account}\n{model}\n{text}".encode(), "sha256").hexdigest()


def _pack(account: str, model: str, mac: str) -> str:
    return base64.b64encode(f"{account}\n{model}\n{mac}".encode()).decode()


# A text no answer contains, so that a redacted block cannot pass for a signed one.
REDACTED = "\x00redacted"
