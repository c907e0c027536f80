"""Codes of a second device: RFC 6238 with six digits, a new one every 30 seconds."""

import hmac

import pyotp

STEP = 30
DRIFT = 1  # steps that a device's clock may be early or late


def used(secret: str, code: str, now: float, last_step: int) -> int | None:
    """The time step whose code this is; None when it is the code of none, or of one that was used already (those up to
    `last_step`).
    """
    codes = pyotp.TOTP(secret, interval=STEP)
    present = int(now) // STEP
    said = code.replace(" ", "")
    found = None
    # All are compared, so that the time this takes does not tell which one it was.
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(codes.generate_otp(step).encode(), said.encode()) and step > last_step:
            found = step
    return found


def uri(secret: str, name: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name="Headgate")
