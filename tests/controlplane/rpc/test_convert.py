"""What is kept of leases to be sent again must never be sent for another account, model or state of it."""

from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.compression import CompressionPolicy
from controlplane.domain.lease import Bearer, Lease
from controlplane.domain.outcome import Compression, Ending
from controlplane.rpc import convert
from headgate.api.admission.v1 import admission_pb2
from headgate.api.compression.v1 import policy_pb2

words = st.sampled_from(["", "one", "two"])
figures = st.sampled_from([0, 1, 200_000, 2**40, -1])
leases = st.builds(
    Lease,
    lease_id=words,
    key_id=words,
    account_id=words,
    account_label=words,
    kind=words,
    model=words,
    context_window=figures,
    max_output=figures,
    request_fields_schema=words,
    base_urls=st.lists(words, max_size=2),
    bearer=st.builds(Bearer, words, st.integers(0, 9)),
    attributes=st.dictionaries(words, words, max_size=2),
    deadline=st.integers(0, 9),
    input_types=st.lists(words, max_size=2).map(tuple),
    strict=st.booleans(),
    output_reserved=st.none() | st.integers(0, 9),
    tokens_reserved=st.integers(0, 9),
    credits_reserved=st.integers(0, 9),
)


@given(st.lists(leases, min_size=1, max_size=5))
def test_a_lease_is_sent_as_it_is_whatever_was_sent_before(given_leases):
    for value in given_leases:
        sent = admission_pb2.Lease()
        convert.lease(value, sent)
        assert sent == field_by_field(value)


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(convert, "MOST_WRITTEN", 3)
    for number in range(10):
        value = Lease(f"l{number}", "k", f"acc_{number}", "", "kiro", "m", 0, 0, "", (), Bearer("t"), {}, 1, (), strict=False)
        convert.lease(value, admission_pb2.Lease())
    assert len(convert.WRITTEN) <= 3


policies = st.builds(
    CompressionPolicy,
    tokens=st.none() | st.integers(10_000, 1_000_000),
    ratio=st.floats(0.05, 0.5),
    summary_model=words,
    key_tokens_per_day=st.integers(0, 10**11),
)


@given(policies)
def test_how_conversations_are_shortened_fits_the_contract(policy):
    sent = convert.snapshot(7, (), policy).compression
    assert sent == policy_pb2.Policy(
        enabled=True,
        tokens=policy.tokens or 0,
        turns=200,
        keep_turns=30,
        tool_lookback=8,
        batch_turns=20,
        batch_characters=40_000,
        ratio_thousandths=sent.ratio_thousandths,
        life_minutes=60,
        entries=500,
        model=policy.summary_model,
        key_tokens_a_day=policy.key_tokens_per_day,
        seconds=60,
        original_hours=24,
    )
    assert 50 <= sent.ratio_thousandths <= 500
    assert abs(sent.ratio_thousandths / 1000 - policy.ratio) <= 0.0005 + 1e-9


def test_what_an_outcome_says_of_shortening_arrives():
    message = admission_pb2.Outcome(lease_id="ls_1", ending=admission_pb2.ENDING_SERVED)
    assert convert.outcome(message).compression is None
    message.compression.SetInParent()  # which says nothing of what was done
    assert convert.outcome(message).compression is None
    message.compression.MergeFrom(admission_pb2.Compression(how="store", replaced_turns=120, saved_tokens=80_000, spent_tokens=7))
    assert convert.outcome(message).compression == Compression("store", 120, 80_000, 7)
    assert convert.outcome(message).ending is Ending.SERVED


def field_by_field(value):
    made = admission_pb2.Lease(
        lease_id=value.lease_id,
        key_id=value.key_id,
        account_id=value.account_id,
        account_label=value.account_label,
        kind=value.kind,
        model=value.model,
        context_window=convert.uint32(value.context_window),
        max_output=convert.uint32(value.max_output),
        request_fields_schema=value.request_fields_schema,
        base_urls=value.base_urls,
        attributes=value.attributes,
        deadline=value.deadline,
        input_types=value.input_types,
        strict=value.strict,
        output_reserved=value.output_reserved,
        tokens_reserved=value.tokens_reserved,
        credits_reserved=value.credits_reserved,
    )
    made.credential.access_token = value.bearer.access_token
    made.credential.expires_at = value.bearer.expires_at
    return made
