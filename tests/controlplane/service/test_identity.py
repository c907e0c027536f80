"""Who presents a credential: the callers' own accounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.vault import FileVault
from controlplane.domain.lease import Caller, Identity, Reason
from controlplane.service.identity import DIGEST, Identities
from controlplane.service.keys import Keys
from tests.controlplane.fakes import FakeClock, MemoryKeys

PROXY_KEY = "proxy-key-of-the-tests"
TOKEN = "aorAAAAA-a-refresh-token-of-somebody"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
tokens = st.text(PRINTABLE, min_size=16, max_size=60).filter(lambda text: "..." not in text)


def identities(proxy_key=PROXY_KEY):
    vault, clock = FileVault(b"k" * 32), FakeClock()
    made = Identities(Keys(MemoryKeys(), vault, clock), vault, clock, lambda: True, lambda _id: True)
    made.set_proxy_key(vault.digest(DIGEST, proxy_key))
    return made


def of(credential, proxy_key=PROXY_KEY):
    return identities(proxy_key).identify(Caller(credential))


def test_the_proxy_key_alone_brings_no_account():
    said = of(PROXY_KEY)
    assert isinstance(said, Identity)
    assert (said.key_id, said.own) == ("proxy", None)


def test_a_refresh_token_behind_it_is_the_callers_own_account():
    said = of(f"{PROXY_KEY}:{TOKEN}")
    assert isinstance(said, Identity)
    assert said.own.token == TOKEN
    assert said.key_id == said.own.account_id == "own_" + said.own.digest[:32]
    assert len(said.own.digest) == 64
    assert (said.key_name, said.allowed_models, said.allowed_account_ids) == ("own account", (), ())


def test_the_proxy_key_may_hold_colons_and_so_may_the_token():
    said = of("a:b:c:" + TOKEN + ":tail", proxy_key="a:b:c")
    assert said.own.token == TOKEN + ":tail"
    assert of("a:b:c", proxy_key="a:b:c").key_id == "proxy"


@pytest.mark.parametrize(
    "credential",
    [f"x{PROXY_KEY}:{TOKEN}", f"{PROXY_KEY}x:{TOKEN}", f"{PROXY_KEY[:-1]}:{TOKEN}", f":{TOKEN}", f"{PROXY_KEY}{TOKEN}", TOKEN],
)
def test_any_other_key_before_it_is_nobody(credential):
    said = of(credential)
    assert said.reason is Reason.UNAUTHENTICATED
    assert said.message == "the API key is not known"


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "not a refresh token"),
        ("short", "not a refresh token"),
        (TOKEN + " tail", "not a refresh token"),
        (TOKEN + "\u00e9", "not a refresh token"),
        (TOKEN + "\n", "not a refresh token"),
        (TOKEN + "\x7f", "not a refresh token"),
        ("aorAAAAAGx...mWq9TzPq4", "shortened"),
        ("x" * 16_384, "an API key is needed"),
    ],
)
def test_what_cannot_be_a_token_is_refused_without_being_tried(token, words):
    said = of(f"{PROXY_KEY}:{token}")
    assert said.reason is Reason.UNAUTHENTICATED
    assert words in said.message
    assert not token or token not in said.message


@given(st.text(PRINTABLE, min_size=0, max_size=400), tokens, tokens)
def test_tokens_that_begin_alike_name_different_accounts(prefix, one, other):
    made = identities()
    first, second = (made.identify(Caller(f"{PROXY_KEY}:{prefix}{tail}")) for tail in (one, other))
    if "..." in prefix + one or "..." in prefix + other:
        return
    assert (first.own.digest == second.own.digest) is (one == other)
    assert (first.key_id == second.key_id) is (one == other)


@given(tokens)
def test_nothing_of_a_token_can_be_read(token):
    said = of(f"{PROXY_KEY}:{token}")
    assert token not in repr(said)
    assert token not in repr(Caller(f"{PROXY_KEY}:{token}"))
