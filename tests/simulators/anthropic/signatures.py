"""Signatures on thinking: an HMAC over the text, so that any change or foreign origin shows."""

import base64
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs under the simulator's key. `salt` makes the signatures of equal texts differ, as those of the real API do."""

    key: bytes

    def sign(self, text: str, salt: str) -> str:
        return base64.b64encode(f"{salt}\n{self._mac(salt, text)}".encode()).decode()

    def verify(self, text: str, signature: str) -> bool:
        try:
            salt, mac = base64.b64decode(signature, validate=True).decode().split("\n")
        except ValueError:
            return False
        return hmac.compare_digest(mac, self._mac(salt, text))

    def redact(self, salt: str) -> str:
        """Opaque text in place of thinking that nobody may read."""
        return self.sign(REDACTED, salt)

    def verify_redacted(self, data: str) -> bool:
        return self.verify(REDACTED, data)

    def _mac(self, salt: str, text: str) -> str:
        return hmac.new(self.key, f"{salt}\n{text}".encode(), "sha256").hexdigest()


# A text no answer contains, so that a redacted block cannot pass for a signed one.
REDACTED = "\x00redacted"
