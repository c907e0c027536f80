"""Numbers of outcomes, whatever becomes of their deliveries."""

from hypothesis import given
from hypothesis import strategies as st

from dataplane.clients.outbox import Outbox
from headgate.api.admission.v1 import admission_pb2 as pb

STEPS = st.lists(st.sampled_from(["add", "send", "acknowledge", "again"]), max_size=40)


@given(STEPS, st.randoms(use_true_random=False))
def test_all_up_to_a_number_are_acknowledged_and_nothing_is_lost(steps, random):
    outbox, delivery, sent, done, made = Outbox(), 0, {}, set(), 0
    for step in steps:
        if step == "add":
            made += 1
            outbox.add(pb.Outcome(lease_id=str(made)))
        elif step == "send" and outbox.waiting:
            delivery += 1
            sent[delivery] = outbox.send(delivery, random.randint(1, 3))
        elif step == "acknowledge" and sent:
            number = random.choice(sorted(sent))
            assert outbox.acknowledge(number)
            done |= {outcome.sequence for outcome in sent.pop(number)}
        elif step == "again":
            assert outbox.again(float("inf")) == bool(sent)
            sent.clear()
        assert len(outbox) == made - len(done)
        assert sorted(map(int, outbox.lease_ids)) == sorted(set(range(1, made + 1)) - done)
        through = outbox.settled_through
        assert set(range(1, through + 1)) <= done
        assert through + 1 not in done
    while outbox.waiting:
        delivery += 1
        sent[delivery] = outbox.send(delivery, 2)
    left = [outcome for outcomes in sent.values() for outcome in outcomes]
    assert {outcome.sequence for outcome in left} == set(range(1, made + 1)) - done
    assert all(outcome.lease_id == str(outcome.sequence) for outcome in left)
