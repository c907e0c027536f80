"""Passes: who has one is the console, until it ends, and nobody can make one up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.vault import FileVault
from controlplane.domain.lease import Caller, Identity, Reason
from controlplane.service.identity import Identities
from controlplane.service.keys import Keys
from controlplane.service.passes import PLAYGROUND_SECONDS, Pass, Passes
from headgate.logs import redact
from tests.controlplane.fakes import NOW, FakeClock, MemoryKeys

VAULT = FileVault(b"k" * 32)


def identify(credential, clock=None, vault=VAULT, administrators=("usr_alice",)):
    clock = clock or FakeClock()
    asked = Identities(Keys(MemoryKeys(), vault, clock), vault, clock, lambda: True, lambda holder: holder in administrators)
    return asked.identify(Caller(credential))


def issued(**given):
    return Passes(VAULT, FakeClock()).issue("usr_alice", **given)


def test_a_pass_of_the_playground_is_the_console_without_limits():
    made = issued()
    assert made.expires_at == NOW + PLAYGROUND_SECONDS
    assert identify(made.text) == Identity("console", "console")


def test_a_pass_of_a_test_is_for_its_one_account_however_that_stands():
    said = identify(issued(seconds=120, account_id="acc_1").text)
    assert said == Identity("console", "console", allowed_account_ids=("acc_1",), whole=True, forced=True)


def test_every_control_plane_with_the_same_key_file_reads_it():
    assert Passes(FileVault(b"k" * 32), FakeClock()).read(issued(account_id="a").text) == Pass(
        int(NOW) + PLAYGROUND_SECONDS, "a", "usr_alice"
    )


def test_it_ends():
    clock = FakeClock()
    made = issued(seconds=120).text
    clock.time += 119
    assert isinstance(identify(made, clock), Identity)
    clock.time += 1
    said = identify(made, clock)
    assert said.reason is Reason.UNAUTHENTICATED
    assert "expired" in said.message


def test_it_ends_with_the_rights_of_whom_it_was_made_for():
    said = identify(issued().text, administrators=("usr_bob",))
    assert said.reason is Reason.UNAUTHENTICATED
    assert "administrator" in said.message


def test_another_key_file_knows_nothing_of_it():
    assert identify(issued().text, vault=FileVault(b"o" * 32)).reason is Reason.UNAUTHENTICATED


@pytest.mark.parametrize(
    "credential", ["hgp-", "hgp-.", "hgp-e30", "hgp-e30.", "hgp-e30.\N{SNOWMAN}", "hgp-\ud800.\ud800", "hgp-..", "hgp-" + "x" * 500]
)
def test_what_merely_looks_like_one_is_nobody(credential):
    assert identify(credential).reason is Reason.UNAUTHENTICATED


@given(st.data())
def test_a_changed_or_shortened_one_is_nobody(data):
    made = issued(account_id="acc_1").text
    assert identify(made[: data.draw(st.integers(0, len(made) - 1))]).reason is Reason.UNAUTHENTICATED
    place, other = data.draw(st.integers(0, len(made) - 1)), data.draw(st.characters(codec="ascii"))
    if made[place] != other:
        assert identify(made[:place] + other + made[place + 1 :]).reason is Reason.UNAUTHENTICATED


def test_no_log_line_holds_one():
    made = issued(account_id="acc_1")
    body, signed = made.text.removeprefix("hgp-").split(".")
    shown = redact(f"asked with {made.text}, and again: {made.text}.")
    assert body not in shown
    assert signed not in shown
    assert made.text not in repr(made)
