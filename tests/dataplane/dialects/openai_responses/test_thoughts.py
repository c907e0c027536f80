"""Proofs of thinking, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Reasoning
from dataplane.dialects.openai_responses.thoughts import seal, unseal

THOUGHTS = st.one_of(st.builds(Reasoning, st.text(), st.text()), st.builds(Reasoning, redacted=st.text()))


@given(THOUGHTS)
def test_a_thought_comes_back_as_it_was(thought):
    sealed = seal(thought)
    assert sealed is not None
    assert unseal(thought.text, sealed) == thought


@given(st.text(), st.text(), st.text(min_size=1))
def test_a_proof_of_another_text_is_none(text, signature, more):
    assert unseal(text + more, seal(Reasoning(text, signature))) is None


def test_thinking_without_proof_has_no_seal():
    assert seal(Reasoning("hm")) is None


@pytest.mark.parametrize(
    "sealed", ["", "gAAAAAB", "hg1.", "hg1.signed.", "hg1.signed.00000000", "hg1.signed.x.c2ln", "hg2.signed.000000000.c2ln"]
)
def test_what_is_damaged_or_foreign_proves_nothing(sealed):
    assert unseal("", sealed) is None


@given(st.text(), st.text(max_size=40))
def test_nothing_makes_it_fail(text, sealed):
    unseal(text, sealed)
    unseal(text, "hg1." + sealed)
    unseal(text, "hg1.signed." + sealed)
