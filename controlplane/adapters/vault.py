"""Secrets at rest: AES-256-GCM, and keyed hashes, both from one key file.

The file's 32 bytes are never used themselves: each use has its own key, derived with HKDF under its
own label. A sealed text is `version (1) + key id (8) + nonce (12) + ciphertext`; owner and field are
authenticated with it, so that a stolen row cannot be given to another account.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controlplane.domain.errors import SealBroken, StartError

KEY_BYTES = 32
VERSION = b"\x01"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
HEAD = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES


class FileVault:
    """Implements the Vault port with one master key."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._cipher = AESGCM(_derive(master, b"headgate encryption"))
        self._key_id = _derive(master, b"headgate key id")[:KEY_ID_BYTES]
        self._hashes: dict[str, tuple[Any, Any]] = {}

    def __repr__(self) -> str:
        return f"FileVault(key_id={self._key_id.hex()})"

    def seal(self, owner: str, field: str, plain: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + self._key_id + nonce + self._cipher.encrypt(nonce, plain.encode(), _bound(owner, field))

    def open(self, owner: str, field: str, sealed: bytes) -> str:
        if sealed[:1] != VERSION or len(sealed) < HEAD:
            raise SealBroken("a stored secret has an unknown form")
        if sealed[1 : 1 + KEY_ID_BYTES] != self._key_id:
            raise SealBroken("a stored secret was encrypted with another key")
        nonce = sealed[1 + KEY_ID_BYTES : HEAD]
        try:
            return self._cipher.decrypt(nonce, sealed[HEAD:], _bound(owner, field)).decode()
        except InvalidTag:
            raise SealBroken("a stored secret was altered or belongs to another record") from None

    def digest(self, purpose: str, text: str) -> str:
        hashes = self._hashes.get(purpose)
        if hashes is None:
            hashes = self._hashes[purpose] = _keyed(_derive(self._master, b"headgate hash: " + purpose.encode()))
        inner, outer = hashes[0].copy(), hashes[1].copy()
        inner.update(text.encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        digest: str = outer.hexdigest()
        return digest


def read_key(path: Path) -> bytes:
    """The key in the file. Raises StartError when there is none that could be used."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise StartError(
            f"the database holds encrypted secrets, but their key file {path} is missing; "
            "restore it from a backup, or start with an empty database"
        ) from None
    except OSError as error:
        raise StartError(f"the key file {path} cannot be read: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise StartError(f"the key file {path} does not hold {KEY_BYTES} bytes; restore it from a backup")
    return key


def read_or_make_key(path: Path) -> bytes:
    """The key in the file; a new one is made where there is no file. Never overwrites."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_key(path)
    except OSError as error:
        raise StartError(f"the key file {path} cannot be created: {error.strerror}") from None
    with os.fdopen(file, "wb") as opened:
        opened.write(key)
        opened.flush()
        os.fsync(opened.fileno())
    return key


def _derive(master: bytes, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=label).derive(master)


def _keyed(key: bytes) -> tuple[Any, Any]:
    """HMAC-SHA256 with this key (RFC 2104), begun: the inner and the outer hash, to be copied. Every request has its
    credential hashed, and to begin anew each time takes three times as long.
    """
    block = key.ljust(hashlib.sha256().block_size, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def _bound(owner: str, field: str) -> bytes:
    """What a sealed text belongs to; lengths are part of it, so that no two pairs read alike."""
    return f"{len(owner)}:{owner}:{field}".encode()
