"""What an administrator does with managed keys. The database is written first, then memory."""

import asyncio
import ipaddress
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from controlplane.domain.errors import Absent, Duplicate, Invalid
from controlplane.domain.key import Key, KeyDraft
from controlplane.domain.limits import NO_LIMITS, Limits
from controlplane.service import limiting
from controlplane.service.ports import Clock, KeyStore, Vault
from controlplane.service.removed import Removed

PREFIX = "kg-"
VISIBLE = len(PREFIX) + 6
DIGEST = "managed key"  # the purpose of the keyed hash
LONGEST_GRACE = 30 * 86400


class Keys:
    """Managed keys. Reads come from memory and never wait."""

    def __init__(self, store: KeyStore, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._by_digest: dict[str, Key] = {}
        self._removed: Removed[Key] = Removed(clock)
        # Told of the ids of keys that were made, changed, removed.
        self.changed: Callable[[str], None] = lambda _id: None
        # A change is read, written and remembered as one: a renaming must not bring back a secret
        # that was rotated away meanwhile.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Fill memory at the start."""
        for key in await self._store.load():
            self._remember(key)

    def list(self) -> Sequence[Key]:
        """All keys, oldest first."""
        return tuple(self._keys.values())

    def get(self, key_id: str) -> Key:
        """Raises Absent."""
        if key_id not in self._keys:
            raise Absent("there is no such key")
        return self._keys[key_id]

    def limits(self, key_id: str) -> Limits:
        """The key's limits; none for an id that is no managed key's."""
        key = self._keys.get(key_id)
        return NO_LIMITS if key is None else key.limits

    def find(self, presented: str) -> Key | None:
        """The key that was presented, whatever its state; None for one that is none.

        The look-up is by keyed hash: how long it takes says nothing about the keys there are.
        """
        digest = self._vault.digest(DIGEST, presented)
        key = self._by_digest.get(digest)
        if key is None or (digest != key.digest and self._clock.now() >= key.old_until):
            return None
        return key

    async def create(self, draft: KeyDraft) -> tuple[Key, str]:
        """The new key and its secret, which can never be read again. Raises Invalid, Duplicate."""
        check(draft)
        secret = _secret()
        key = Key(
            id=f"key_{secrets.token_hex(8)}",
            name=draft.name.strip(),
            prefix=secret[:VISIBLE],
            digest=self._vault.digest(DIGEST, secret),
            enabled=draft.enabled,
            allowed_models=draft.allowed_models,
            allowed_account_ids=draft.allowed_account_ids,
            allowed_ips=draft.allowed_ips,
            expires_at=draft.expires_at,
            created_at=int(self._clock.now()),
            strict=draft.strict,
            limits=draft.limits,
            compression=draft.compression,
        )
        async with self._changing:
            self._check_name(draft.name)
            await self._store.add(key)
            self._remember(key)
        self.changed(key.id)
        return key, secret

    async def update(self, key_id: str, changes: Mapping[str, Any]) -> tuple[Key, Key]:
        """Change the fields of KeyDraft named in `changes`; `limits` may also be a tree, which is merged leaf by
        leaf (`limiting.merged`). The key before and after. Raises Absent, Invalid, Duplicate.
        """
        async with self._changing:
            before = self.get(key_id)
            wanted = dict(changes)
            if not isinstance(wanted.get("limits", NO_LIMITS), Limits):
                wanted["limits"] = limiting.merged(before.limits, wanted["limits"])
            changed = replace(_draft(before), **wanted)
            check(changed)
            self._check_name(changed.name, key_id)
            return before, await self._save(replace(before, **wanted))

    async def remove(self, key_id: str) -> Key:
        """The key that is no more. Raises Absent."""
        async with self._changing:
            key = self.get(key_id)
            await self._store.remove(key_id)
            self._removed.keep(key_id, key)
            self._forget(key)
            del self._keys[key_id]
            self.changed(key_id)
            return key

    async def restore(self, key_id: str) -> Key:
        """Undo the removal of a moment ago: the key opens what it opened, at once. Raises Absent, and Duplicate when
        its name belongs to another one by now.
        """
        async with self._changing:
            key = self._removed.find(key_id)
            self._check_name(key.name)
            await self._store.add(key)
            self._removed.forget(key_id)
            self._remember(key)
            self.changed(key_id)
            return key

    async def rotate(self, key_id: str, grace_seconds: int = 0) -> tuple[Key, Key, str]:
        """A new secret; the old one stays good for `grace_seconds`, the one before it not a moment longer.
        The key before and after, and its secret. Raises Absent, Invalid.
        """
        if not 0 <= grace_seconds <= LONGEST_GRACE:
            raise Invalid(f"graceSeconds is not between 0 and {LONGEST_GRACE}", "graceSeconds")
        async with self._changing:
            before = self.get(key_id)
            secret = _secret()
            after = replace(before, prefix=secret[:VISIBLE], digest=self._vault.digest(DIGEST, secret), old_digest="", old_until=0)
            if grace_seconds:
                after = replace(after, old_digest=before.digest, old_until=int(self._clock.now()) + grace_seconds)
            return before, await self._save(after), secret

    def _check_name(self, name: str, key_id: str = "") -> None:
        """A name is how people tell keys apart. Raises Duplicate."""
        if any(key.name == name.strip() and key.id != key_id for key in self._keys.values()):
            raise Duplicate("another key has this name", "name")

    async def _save(self, key: Key) -> Key:
        await self._store.save(key)
        self._forget(self._keys[key.id])
        self._remember(key)
        self.changed(key.id)
        return key

    def _remember(self, key: Key) -> None:
        self._keys[key.id] = key
        self._by_digest[key.digest] = key
        if key.old_digest:
            self._by_digest[key.old_digest] = key

    def _forget(self, key: Key) -> None:
        """Let its secrets open nothing; its place in the list stays."""
        self._by_digest.pop(key.digest, None)
        self._by_digest.pop(key.old_digest, None)


def check(draft: KeyDraft) -> None:
    """Raises Invalid, naming the field as the outside contract spells it."""
    if not 0 < len(draft.name.strip()) <= 100 or not draft.name.isprintable():
        raise Invalid("name must be 1 to 100 printable characters", "name")
    for pattern in draft.allowed_models:
        if not pattern.strip() or len(pattern) > 200:
            raise Invalid("allowedModels holds a name that is empty or too long", "allowedModels")
    for network in draft.allowed_ips:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise Invalid(f"allowedIps: {network!r} is not an address or network", "allowedIps") from None
    if draft.expires_at < 0:
        raise Invalid("expiresAt lies before 1970", "expiresAt")
    limiting.check(draft.limits)


def _draft(key: Key) -> KeyDraft:
    """The draft that would make the key as it is."""
    return KeyDraft(**{field.name: getattr(key, field.name) for field in fields(KeyDraft)})


def _secret() -> str:
    return PREFIX + secrets.token_hex(24)
