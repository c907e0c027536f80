import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.budget import OutputBudget
from dataplane.conversation.events import Finished, Source, Started, TextDelta, Usage, UsageSeen
from dataplane.conversation.model import OutputFormat, Sampling
from dataplane.conversation.order import Order
from dataplane.errors import Cause, Retry, UpstreamFault
from dataplane.upstreams.kimi_web import KimiWeb, decoder
from headgate.tokens import text_tokens
from tests.dataplane.chunking import cuttings
from tests.dataplane.upstreams.kimi_web.samples import STAMP, answered, call, decoded, events_of, failed, lease, user

HARD = 'Grüße 漢字 🙂 {"a": "}\\\\"} ]}" done'


def usage(text):
    return Usage(1000, output=round(text_tokens(text)), credits_source=Source.DERIVED)


def sampled(**sampling):
    return call(user("hi"), sampling=Sampling(**sampling))


@pytest.mark.parametrize(
    "body",
    [
        answered(HARD),
        json.dumps({"success": True, "data": {"message": HARD}}).encode(),
        b"\xef\xbb\xbf\r\n " + answered(HARD) + b"\n",
        json.dumps({"data": {"id": [{"x": "]"}], "message": HARD, "model": None}, "success": True}, indent=2).encode(),
        # What a script of the site adds behind its object is not the answer's.
        answered(HARD) + b"0<br />{",
    ],
)
def test_a_message_is_one_delta(body):
    """K2, K12: at once, with its opening and its figures."""
    assert events_of(body) == [Started(), TextDelta(HARD), UsageSeen(usage(HARD)), Finished("stop")]


@given(st.text(min_size=1).filter(lambda text: text.strip()), st.booleans(), st.data())
def test_any_message_cut_anywhere(text, ascii, data):
    body = json.dumps({"success": True, "data": {"message": text}}, ensure_ascii=ascii).encode("utf-8", "replace")
    at = data.draw(st.integers(0, len(body)))
    assert decoded([body[:at], body[at:]]) == decoded([body]) == [Started(), TextDelta(text), UsageSeen(usage(text)), Finished("stop")]


def test_half_a_surrogate_pair_becomes_a_mark():
    events = events_of(b'{"success":true,"data":{"message":"a\\ud83d"}}')
    assert events[1] == TextDelta("a\ufffd")


def test_the_answer_is_over_with_the_byte_that_completes_it():
    made = KimiWeb().decoder(call(user("hi")), lease(), STAMP)
    body = answered("Hello")
    assert made.feed(body[:-1]) == []
    assert not made.over
    assert made.feed(body[-1:]) == [Started(), TextDelta("Hello")]
    assert made.over
    assert made.feed(b"}{ and what else comes") == []
    assert made.finish()[-1] == Finished("stop")


def test_a_huge_message_is_told_in_slices(monkeypatch):
    monkeypatch.setattr(decoder, "SLICE", 4)
    assert decoded([answered("abcdefghij")])[:4] == [Started(), TextDelta("abcd"), TextDelta("efgh"), TextDelta("ij")]


# ---- what the client asked for and the site does not do


@pytest.mark.parametrize(
    ("stop", "shown", "reason", "met"),
    [
        (["STOP"], "one two ", "stop_sequence", "STOP"),
        (["STOP", "two"], "one ", "stop_sequence", "two"),
        (["one"], "", "stop_sequence", "one"),
        (["three!"], "one two STOP three", "stop", None),
    ],
)
def test_stop_sequences(stop, shown, reason, met):
    """What stands behind the sequence is no output, as it would not be elsewhere."""
    events = events_of(answered("one two STOP three"), sampled(stop=stop))
    texts = [TextDelta(shown)] if shown else []
    assert events == [Started(), *texts, UsageSeen(usage(shown)), Finished(reason, met)]


def test_max_tokens():
    assert events_of(answered("x" * 35), sampled(max_tokens=10))[1:] == [TextDelta("x" * 35), UsageSeen(usage("x" * 35)), Finished("stop")]
    assert events_of(answered("x" * 36), sampled(max_tokens=10))[1:] == [
        TextDelta("x" * 35),
        UsageSeen(usage("x" * 35)),
        Finished("length"),
    ]


def test_a_limit_before_a_stop_sequence_is_a_limit():
    events = decoded([answered("x" * 40 + "STOP")], sampled(max_tokens=10, stop=["STOP"]))
    assert events[-1] == Finished("length")


def test_nothing_but_white_space_before_a_stop_sequence_is_no_text():
    assert decoded([answered("\n STOP")], sampled(stop=["STOP"])) == [Started(), UsageSeen(usage("")), Finished("stop_sequence", "STOP")]


def test_a_form_that_was_reported_as_dropped_takes_nothing_out_of_the_answer():
    asked = replace(call(user("hi")), output_format=OutputFormat("json_object"))
    assert decoded([answered('Here: {"a":1}.')], asked)[1] == TextDelta('Here: {"a":1}.')


# ---- figures and limits of the key


class Control:
    """Extends by what is asked, or by nothing."""

    def __init__(self, left):
        self.left, self.asked = left, []

    async def extend(self, lease_id, tokens):
        self.asked.append(tokens)
        return self.left


@pytest.mark.parametrize(
    ("left", "shown", "reason"),
    [(0, 35, "length"), (1000, 350, "stop")],
)
async def test_what_is_beyond_the_reservation_is_asked_for_or_cut(left, shown, reason):
    given = lease(output_reserved=10)
    control, made = Control(left), KimiWeb().decoder(call(user("hi")), given, STAMP)
    budget = OutputBudget(control, given, None)
    events = await budget.fit(made.feed(answered("x" * 350)), made)
    events += made.finish()
    Order().follow(events)
    assert events[1:] == [TextDelta("x" * shown), UsageSeen(usage("x" * shown)), Finished(reason)]
    assert control.asked


def test_an_answer_cut_before_anything_went_out_is_opened_and_ended():
    made = KimiWeb().decoder(call(user("hi")), lease(), STAMP)
    made.truncate(0.0)
    assert made.over
    assert made.finish() == [Started(), UsageSeen(usage("")), Finished("length")]


def test_figures_of_an_answer_that_never_came():
    made = KimiWeb().decoder(call(user("hi")), lease(), STAMP)
    made.feed(answered("Hello")[:20])
    assert (made.usage(), made.written) == (usage(""), 0.0)


# ---- broken answers


def read(made, pieces, given):
    for piece in pieces:
        given += made.feed(piece)
    made.finish()


def fault(body):
    """The fault of a body, the same however it is cut; nothing of it was taken for an answer (K5)."""
    found = []
    for pieces in cuttings(body):
        made = KimiWeb().decoder(call(user("hi")), lease(), STAMP)
        given = []
        with pytest.raises(UpstreamFault) as raised:
            read(made, pieces, given)
        assert given == []
        found.append((raised.value.cause, raised.value.retry, raised.value.status, raised.value.detail))
    assert len(set(found)) == 1
    return raised.value


@pytest.mark.parametrize(
    ("body", "cause", "retry"),
    [
        (failed("Invalid nonce"), Cause.CREDENTIAL_REJECTED, Retry.RENEWED),
        (failed({"message": "Security check failed"}), Cause.CREDENTIAL_REJECTED, Retry.RENEWED),
        (b"-1", Cause.CREDENTIAL_REJECTED, Retry.RENEWED),
        (b"0\n", Cause.CREDENTIAL_REJECTED, Retry.RENEWED),
        (failed("Too many requests"), Cause.THROTTLED, Retry.OTHER_ACCOUNT),
        (failed("Something odd"), Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT),
        (b"", Cause.EMPTY, Retry.SAME_ACCOUNT),
        (b" \r\n", Cause.EMPTY, Retry.SAME_ACCOUNT),
        (answered(""), Cause.EMPTY, Retry.SAME_ACCOUNT),
        (answered(" \n"), Cause.EMPTY, Retry.SAME_ACCOUNT),
        (answered("Hello")[:-1], Cause.CUT, Retry.SAME_ACCOUNT),
        (answered('quoted " }}')[:-3], Cause.CUT, Retry.SAME_ACCOUNT),
        (b"{", Cause.CUT, Retry.SAME_ACCOUNT),
        (answered(None), Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (answered({"deep": 1}), Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b'{"success":true,"data":"text"}', Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b'{"success":1,"data":{"message":"x"}}', Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b'{"message":"x"}', Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b'{"success":true,"data":{"message":"\xff"}}', Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b'[{"success":true}]', Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"null", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"1", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"Hello there", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"<html><body>Maintenance</body></html>", Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"<br />Warning: nonce" + answered("x"), Cause.CORRUPT, Retry.OTHER_ACCOUNT),
        (b"<html><title>Just a moment...</title></html>", Cause.FORBIDDEN, Retry.OTHER_ACCOUNT),
    ],
)
def test_what_is_no_answer_is_a_fault(body, cause, retry):
    found = fault(body)
    assert (found.cause, found.retry, found.status) == (cause, retry, 200)


def test_a_message_about_a_nonce_is_a_message():
    """K6: only what the site calls a failure can be one."""
    assert events_of(answered("Invalid nonce: too many requests"))[-1] == Finished("stop")


def test_a_body_nested_too_deeply_is_nonsense():
    with pytest.raises(UpstreamFault) as raised:
        decoded([b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
    assert raised.value.cause is Cause.CORRUPT


@pytest.mark.parametrize("opening", [b'{"success":true,"data":{"message":"', b"<html>"])
def test_a_body_without_end_is_not_kept(monkeypatch, opening):
    monkeypatch.setattr(decoder, "LONGEST_ANSWER", 1000)
    made = KimiWeb().decoder(call(user("hi")), lease(), STAMP)
    made.feed(opening)
    with pytest.raises(UpstreamFault) as raised:
        read(made, [b"and on "] * 200, [])
    assert raised.value.cause is Cause.CORRUPT
