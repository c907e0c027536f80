"""What the sign-in family of a Kiro account decides: default profile and machine id.

Kiro rules, E04 (profile ARN), and Kiro wire notes, machine id.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from controlplane.domain.account import Account, AuthMethod, Credentials

ARN = re.compile(r"arn:aws:codewhisperer:[a-z0-9-]+:\d{12}:profile/[A-Za-z0-9]+")
HEX64 = re.compile(r"[0-9a-f]{64}")


def profiled(account: Account, credentials: Credentials) -> Account:
    """The account with the profile its requests name: its own, else its family's public one. The
    upstream demands one; API keys never get a default, whatever the account is said to be.
    """
    if account.profile_arn or credentials.api_key:
        return account
    return replace(account, profile_arn=PROFILES[account.auth_method])


def machine_id(given: str, credentials: Credentials) -> str:
    """64 hex digits: what was given, if it is one (a UUID counts twice), else derived once.

    It must be stored: the refresh token rotates, and a machine that changes draws suspicion.
    """
    wanted = given.strip().lower()
    if HEX64.fullmatch(wanted):
        return wanted
    bare = wanted.replace("-", "")
    if re.fullmatch(r"[0-9a-f]{32}", bare):
        return bare * 2
    if credentials.api_key:
        return _sha256("KiroAPIKey/" + credentials.api_key)
    return _sha256("KotlinNativeAPI/" + credentials.refresh_token)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


PROFILES: Mapping[AuthMethod, str] = {
    AuthMethod.SOCIAL: "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK",
    AuthMethod.IDC: "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX",
    AuthMethod.API_KEY: "",
    # Not Kiro's: there is no profile.
    AuthMethod.NONCE: "",
    AuthMethod.NONE: "",
}
