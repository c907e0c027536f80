import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.upstreams.kiro import provenance
from tests.dataplane.upstreams.kiro.samples import lease

SIGNATURE = "EqQBCkYIChgCKkD+/w=="


@given(signature=st.text(min_size=1, max_size=50), account=st.text(max_size=20), model=st.text(max_size=20))
def test_R02_the_own_signature_comes_back_whole(signature, account, model):
    own = lease(account_id=account, model=model)
    assert provenance.bare(provenance.mark(signature, own), own) == signature


@pytest.mark.parametrize(
    "other", [{"account_id": "account-2"}, {"model": "claude-opus-4.8"}, {"account_id": "account-1\0claude-sonnet-4.5", "model": ""}]
)
def test_R02_a_signature_is_worth_nothing_to_another_account_or_model(other):
    assert provenance.bare(provenance.mark(SIGNATURE, lease()), lease(**other)) is None


def test_R02_another_lease_of_the_same_account_and_model_knows_it():
    assert provenance.bare(provenance.mark(SIGNATURE, lease()), lease(lease_id="later", key_id="another")) == SIGNATURE


@pytest.mark.parametrize("spoilt", ["", SIGNATURE, "hg1", "hg1.", f"hg1.{SIGNATURE}", f"hg1.abcdefghijkl.{SIGNATURE}", "hg1.abcdefghijkl."])
def test_R02_untagged_and_damaged_signatures_are_nobodys(spoilt):
    assert provenance.bare(spoilt, lease()) is None


def test_R02_a_tag_alone_is_no_signature():
    assert provenance.bare(provenance.mark("", lease()), lease()) is None


def test_the_tag_is_short_ascii_and_tells_nothing():
    marked = provenance.mark(SIGNATURE, lease())
    head, tag, rest = marked.split(".")
    assert (head, len(tag), rest) == ("hg1", 12, SIGNATURE)
    assert marked.isascii()
    assert json.dumps(marked) == f'"{marked}"'
    assert "account" not in marked
    assert marked == provenance.mark(SIGNATURE, lease())
