import hmac
import os
import stat

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.vault import FileVault, read_key, read_or_make_key
from controlplane.domain.errors import SealBroken, StartError

VAULT = FileVault(b"k" * 32)


@given(st.text(), st.text(), st.text())
def test_what_is_sealed_opens_for_its_owner_and_field_only(owner, field, plain):
    sealed = VAULT.seal(owner, field, plain)
    assert VAULT.open(owner, field, sealed) == plain
    for other, part in ((owner + "x", field), (owner, field + "x"), (field + "1", owner)):
        with pytest.raises(SealBroken):
            VAULT.open(other, part, sealed)


def test_owner_and_field_cannot_be_shifted_into_each_other():
    with pytest.raises(SealBroken):
        VAULT.open("ab", "c", VAULT.seal("a", "bc", "secret"))


def test_another_key_opens_nothing():
    with pytest.raises(SealBroken, match="another key"):
        FileVault(b"x" * 32).open("a", "f", VAULT.seal("a", "f", "secret"))


def test_every_altered_byte_is_noticed():
    sealed = VAULT.seal("a", "f", "secret")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(SealBroken):
            VAULT.open("a", "f", bytes(altered))
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            VAULT.open("a", "f", sealed[:length])


def test_the_same_text_is_sealed_differently_each_time_and_not_visible():
    one, two = (VAULT.seal("a", "f", "secret") for _ in range(2))
    assert one != two
    assert b"secret" not in one
    assert "k" * 8 not in repr(VAULT)


def test_hashes_depend_on_key_purpose_and_text():
    digests = {VAULT.digest("p", "t"), VAULT.digest("q", "t"), VAULT.digest("p", "u"), FileVault(b"x" * 32).digest("p", "t")}
    assert len(digests) == 4
    assert VAULT.digest("p", "t") == FileVault(b"k" * 32).digest("p", "t")
    assert len(VAULT.digest("p", "\ud800")) == 64


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "secret.key"
    before = os.umask(0)
    try:
        made = read_or_make_key(path)
    finally:
        os.umask(before)
    assert len(made) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_make_key(path) == made == read_key(path)


def test_key_files_that_cannot_be_used(tmp_path):
    path = tmp_path / "secret.key"
    with pytest.raises(StartError, match="missing"):
        read_key(path)
    path.write_bytes(b"short")
    with pytest.raises(StartError, match="32 bytes"):
        read_or_make_key(path)
    assert path.read_bytes() == b"short"
    with pytest.raises(StartError, match="cannot be created"):
        read_or_make_key(tmp_path / "no" / "secret.key")


def test_digests_are_hmac_sha256_for_those_that_are_stored_must_still_be_known():
    master = bytes(range(32))
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"headgate hash: proxy key").derive(master)
    vault = FileVault(master)
    for text in ("", "sk-1", "x" * 200, "\udcff"):
        expected = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
        assert [vault.digest("proxy key", text) for _ in range(2)] == [expected] * 2
