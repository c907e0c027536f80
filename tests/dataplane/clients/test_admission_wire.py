"""What compression adds to the admission contract, there and back."""

from dataplane.clients import admission_wire
from dataplane.ports import Caller, Ending, Outcome, Policy, Reservation, Shortened
from headgate.api.admission.v1 import admission_pb2 as pb
from headgate.api.admission.v1 import admission_service_pb2 as service
from headgate.api.compression.v1 import policy_pb2


def outcome(shortened):
    return Outcome("l", "req_1", Ending.SERVED, 200, 1, 2, "fake", True, shortened=shortened)


def test_for_whom_the_gateway_itself_calls():
    told = admission_wire.caller(Caller("secret", "10.0.0.1", "key_7", "req_9"))
    assert told == pb.Caller(credential="secret", address="10.0.0.1", for_key_id="key_7", for_request_id="req_9")
    assert admission_wire.caller(Caller("secret", "")) == pb.Caller(credential="secret")


def test_a_reservation_says_who_is_likely_to_serve_and_whether_to_shorten():
    message = service.Reservation(lease_id="l", key_id="k", context_window=9, kind="kiro", whole=True)
    assert admission_wire.reservation(message) == Reservation("l", "k", 9, None, "kiro", True)


def test_what_shortening_did_is_recorded():
    told = admission_wire.outcome(outcome(Shortened("incremental", 12, 34_000, 560))).compression
    assert told == pb.Compression(how="incremental", replaced_turns=12, saved_tokens=34_000, spent_tokens=560)
    late = admission_wire.outcome(outcome(Shortened("late", spent_tokens=2**40)))
    assert late.compression == pb.Compression(how="late", spent_tokens=2**32 - 1)
    assert not admission_wire.outcome(outcome(None)).HasField("compression")


def test_a_policy_is_handed_on_whole():
    message = policy_pb2.Policy(enabled=True, tokens=1000, turns=50, seconds=20, model="small", keep_turns=30)
    assert admission_wire.policy(message) == Policy(True, 1000, 50, 20.0, message)
    assert not admission_wire.policy(policy_pb2.Policy()).enabled
