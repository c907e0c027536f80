"""Whose credential is it? The proxy key, a managed key, the caller's own account, a pass of the console, the gateway's
own, or nobody's.

Nothing is kept of what was presented but keyed hashes. A caller's own account is named by the hash of
the whole token, for tokens of one kind begin alike.
"""

import hmac
import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

from controlplane.domain.errors import Absent
from controlplane.domain.key import CONSOLE_KEY_ID, PROXY_KEY_ID, Key
from controlplane.domain.lease import NAME_DIGITS, OWN, Caller, Identity, OwnToken, Reason, Refusal
from controlplane.service import metrics, passes
from controlplane.service.keys import PREFIX, Keys
from controlplane.service.passes import Passes
from controlplane.service.ports import Clock, Vault

DIGEST = "proxy key"
LONGEST = 16_384  # a proxy key with a refresh token behind it; longer ones are refused unread
# A combined credential is split at the proxy key, which may itself hold colons: this many are tried.
COLONS = 8
OWN_DIGEST = "own refresh token"
OWN_NAME = "own account"
# Printable ASCII, which is what fits into the JSON and the headers of a sign-in; real tokens have hundreds.
TOKEN = re.compile(r"[!-~]{16,}")
SHORTENED = "..."
PROXY = Identity(PROXY_KEY_ID, PROXY_KEY_ID)
INTERNAL_DIGEST = "internal key"
UNCOMPRESSED = "uncompressed"
OWN_ID = re.compile(f"{OWN}[0-9a-f]{{{NAME_DIGITS}}}")
CAUSE = re.compile(r"req_[0-9A-Za-z]{1,64}")


class Identities:
    """Tells who presents a credential. `compressing`: whether conversations are shortened at all; `administrates`: whether
    the user or token of this id is an administrator's. Both are asked each time anew.
    """

    def __init__(
        self, keys: Keys, vault: Vault, clock: Clock, compressing: Callable[[], bool], administrates: Callable[[str], bool]
    ) -> None:
        self._keys = keys
        self._vault = vault
        self._clock = clock
        self._compressing = compressing
        self._administrates = administrates
        self._passes = Passes(vault, clock)
        self._proxy_digest = ""
        self._internal_digest = ""

    def set_proxy_key(self, digest: str) -> None:
        """The digest of the proxy key in force."""
        self._proxy_digest = digest

    def set_internal_key(self, key: str) -> None:
        """The credential of the gateway's own calls, new at each start of the gateway; empty: there is none."""
        self._internal_digest = self._vault.digest(INTERNAL_DIGEST, key) if key else ""

    def identify(self, caller: Caller) -> Identity | Refusal:
        """The identity, or why it is refused. A failure is counted by its reason only."""
        credential = caller.credential
        if not credential or len(credential) > LONGEST:
            return _refused("missing", "an API key is needed")
        if caller.for_key_id and self._is_internal(credential):
            return self._internal(caller.for_key_id, caller.for_request_id)
        if credential.startswith(PREFIX):
            key = self._keys.find(credential)
            if key is not None:
                return _counted(key, self.admit(key, caller.address))
        if credential.startswith(passes.PREFIX):
            found = self._passes.read(credential)
            if found is not None:
                return self._passing(found)
        token = self._behind_proxy_key(credential) if ":" in credential else None
        if token is not None:
            return self._own(token)
        if self._is_proxy(credential):
            return PROXY
        return _refused("unknown", "the API key is not known")

    def key(self, key_id: str) -> Key:
        """The managed key of that id. Raises Absent."""
        return self._keys.get(key_id)

    def name(self, caller: Caller) -> Identity:
        """Whose credential it is, for the record of a request that was refused for its address."""
        key = self._keys.find(caller.credential)
        return Identity(key.id, key.name) if key is not None else PROXY

    def admit(self, key: Key, address: str) -> Identity | Refusal:
        """The identity of a key if it would be let in from this address now."""
        over = self._over(key)
        if over is not None:
            return over
        if key.allowed_ips and not _inside(address, key.allowed_ips):
            return Refusal(Reason.ADDRESS_NOT_ALLOWED, "the API key may not be used from this address")
        whole = not key.compression
        return Identity(key.id, key.name, key.allowed_models, key.allowed_account_ids, key.strict, key.limits, whole=whole)

    def _passing(self, found: passes.Pass) -> Identity | Refusal:
        """Whoever asks in the console. A test is about its one account, and about nothing that was shortened before."""
        if self._clock.now() >= found.expires_at:
            return _refused("expired", "the console's pass has expired; ask for a new one")
        if not self._administrates(found.holder):
            return _refused("disabled", "the console's pass belongs to nobody who is an administrator any more")
        only = (found.account_id,) if found.account_id else ()
        return Identity(CONSOLE_KEY_ID, CONSOLE_KEY_ID, allowed_account_ids=only, whole=bool(only), forced=bool(only))

    def _over(self, key: Key) -> Refusal | None:
        """Why nobody may use the key any more."""
        if not key.enabled:
            return Refusal(Reason.UNAUTHENTICATED, "the API key is disabled")
        if key.expires_at and self._clock.now() >= key.expires_at:
            return Refusal(Reason.UNAUTHENTICATED, "the API key has expired")
        return None

    def _internal(self, key_id: str, cause: str) -> Identity | Refusal:
        """For whom the gateway itself calls. Which model, and from where, is its own choice: what the key may use in
        this does not bind it; which accounts, and the limits, do. Where nothing is to be shortened any more it is refused
        like nobody's, so that what goes on behind a request ends and leaves no record under the key's name.
        """
        if not CAUSE.fullmatch(cause):
            return _refused("malformed", "a call of the gateway's own must name the request it is for")
        if not self._compressing():
            return _refused(UNCOMPRESSED, "conversations are not shortened any more")
        if key_id in (PROXY_KEY_ID, CONSOLE_KEY_ID):
            return Identity(key_id, key_id, cause=cause)
        if OWN_ID.fullmatch(key_id):
            return Identity(key_id, OWN_NAME, cause=cause)
        try:
            key = self._keys.get(key_id)
        except Absent:
            return _refused("unknown", "the key that the gateway calls for is not known")
        if not key.compression:
            return _refused(UNCOMPRESSED, "the key does not want its conversations shortened")
        made = Identity(key.id, key.name, allowed_account_ids=key.allowed_account_ids, limits=key.limits, cause=cause)
        return _counted(key, self._over(key) or made)

    def _is_internal(self, presented: str) -> bool:
        digest = self._internal_digest
        return bool(digest) and hmac.compare_digest(self._vault.digest(INTERNAL_DIGEST, presented), digest)

    def _is_proxy(self, presented: str) -> bool:
        return bool(self._proxy_digest) and hmac.compare_digest(self._vault.digest(DIGEST, presented), self._proxy_digest)

    def _behind_proxy_key(self, presented: str) -> str | None:
        """What follows the proxy key and a colon; None when that is not how it begins."""
        place = -1
        for _ in range(COLONS):
            place = presented.find(":", place + 1)
            if place < 0:
                return None
            if self._is_proxy(presented[:place]):
                return presented[place + 1 :]
        return None

    def _own(self, token: str) -> Identity | Refusal:
        """Whether it still is a sign-in is found out when it is used."""
        if not TOKEN.fullmatch(token):
            return _refused("malformed", "what follows the proxy key and its colon is not a refresh token")
        if SHORTENED in token:
            return _refused("malformed", "the refresh token behind the proxy key has been shortened; give the whole token")
        own = OwnToken(self._vault.digest(OWN_DIGEST, token), token)
        return Identity(own.account_id, OWN_NAME, own=own)


def _counted(key: Key, said: Identity | Refusal) -> Identity | Refusal:
    if isinstance(said, Refusal) and said.reason is Reason.UNAUTHENTICATED:
        metrics.UNAUTHENTICATED.labels("expired" if key.enabled else "disabled").inc()
    return said


def _refused(reason: str, message: str) -> Refusal:
    metrics.UNAUTHENTICATED.labels(reason).inc()
    return Refusal(Reason.UNAUTHENTICATED, message)


@lru_cache(maxsize=4096)
def _inside(address: str, allowed: tuple[str, ...]) -> bool:
    """Whether the address is in one of the networks; an unknown address is in none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return any((mapped or ip) in ipaddress.ip_network(network, strict=False) for network in allowed)
