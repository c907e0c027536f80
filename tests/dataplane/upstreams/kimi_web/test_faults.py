import json

import pytest

from dataplane import errors
from dataplane.errors import Cause, Kind, Retry, UpstreamFault
from dataplane.upstreams.base import Reply
from dataplane.upstreams.kimi_web import answer, faults
from tests.dataplane.upstreams.kimi_web.samples import call, failed, lease, user
from tests.simulators.kimi_web.faults import BODIES, DENIALS

SECRET = "the site's own words"


def refused(status, body=b"", headers=None, **more):
    data = body.encode() if isinstance(body, str) else body
    return faults.refused(Reply(status, headers or {}, data), call(user("hi"), **more), lease())


def outcome(fault):
    return fault.cause, fault.retry, fault.error.kind


NONCE = (Cause.CREDENTIAL_REJECTED, Retry.RENEWED, Kind.UPSTREAM_ERROR)
FORBIDDEN = (Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR)
THROTTLED = (Cause.THROTTLED, Retry.OTHER_ACCOUNT, Kind.ACCOUNTS_BUSY)
FAILED = (Cause.UNAVAILABLE, Retry.SAME_ACCOUNT, Kind.UPSTREAM_ERROR)
LATE = (Cause.TIMEOUT, Retry.SAME_ACCOUNT, Kind.UPSTREAM_TIMEOUT)
ELSEWHERE = (Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR)
OVERLOADED = (Cause.OVERLOADED, Retry.OTHER_ACCOUNT, Kind.OVERLOADED)
TOO_LONG = (Cause.TOO_LONG, Retry.NONE, Kind.CONTEXT_TOO_LONG)
NO_MODEL = (Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND)
REJECTED = (Cause.BAD_REQUEST, Retry.NONE, Kind.UPSTREAM_REJECTED)
CORRUPT = (Cause.CORRUPT, Retry.OTHER_ACCOUNT, Kind.UPSTREAM_ERROR)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, "0", NONCE),
        (403, "-1", NONCE),
        (403, "", NONCE),
        (403, failed("Nonce verification failed"), NONCE),
        (403, "<html><body>The link you followed has expired.</body></html>", NONCE),
        (401, "<html>no</html>", FORBIDDEN),
        (403, "<html><body>Forbidden</body></html>", FORBIDDEN),
        (403, "<html><title>Just a moment...</title></html>", FORBIDDEN),
        (403, failed("Not for you"), FORBIDDEN),
        (503, "<html><title>Just a moment...</title></html>", FORBIDDEN),
        (451, "", FORBIDDEN),
        (429, "", THROTTLED),
        (429, failed("nonce"), THROTTLED),
        (429, "<html><title>Attention Required!</title></html>", THROTTLED),
        (403, failed("Rate limit exceeded"), THROTTLED),
        (400, failed("Message is too long"), TOO_LONG),
        (413, "", TOO_LONG),
        (414, "", TOO_LONG),
        (400, failed("Invalid model selected"), NO_MODEL),
        (400, failed("Message is required"), REJECTED),
        (422, "", REJECTED),
        (404, "<html>no such page</html>", ELSEWHERE),
        (302, "", ELSEWHERE),
        (204, "", CORRUPT),
        (999, "", CORRUPT),
        (408, "", LATE),
        (500, "<html>There has been a critical error, check the nonce</html>", FAILED),
        (500, "nonce", FAILED),
        (502, "", FAILED),
        (503, "<html>Service Unavailable</html>", FAILED),
        (504, "", LATE),
        (520, "", FAILED),
        (521, "", FAILED),
        (522, "", LATE),
        (523, "", FAILED),
        (524, "", LATE),
        (599, "", FAILED),
    ],
)
def test_refusals(status, body, expected):
    found = refused(status, body)
    assert outcome(found) == expected
    assert found.status == status


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Invalid nonce.", NONCE),
        ("Your session expired, reload the page", NONCE),
        ("Too many messages, slow down", THROTTLED),
        ("Daily limit reached", THROTTLED),
        ("API quota exceeded", THROTTLED),
        ("The prompt exceeds the maximum length", TOO_LONG),
        ("This model's maximum context length is 131072 tokens", TOO_LONG),
        ("model not found", NO_MODEL),
        ("The request timed out", LATE),
        ("The model is overloaded", OVERLOADED),
        ("Server busy, try again", OVERLOADED),
        ("Whatever", ELSEWHERE),
        ("", ELSEWHERE),
    ],
)
@pytest.mark.parametrize("shape", [lambda words: words, lambda words: {"message": words}, lambda words: [{"code": "x", "message": words}]])
def test_failures_by_their_wording(words, expected, shape):
    said = answer.read(json.dumps({"success": False, "data": shape(words)}).encode())
    assert outcome(faults.unfit(said, call(user("hi")), lease())) == expected


@pytest.mark.parametrize(("status", "body"), DENIALS.values(), ids=DENIALS)
def test_every_way_to_refuse_a_nonce_is_known(status, body):
    found = refused(status, body) if status != 200 else faults.unfit(answer.read(body.encode()), call(user("hi")), lease())
    assert outcome(found) == NONCE


@pytest.mark.parametrize(
    ("headers", "asked", "told"),
    [({}, None, 10), ({"retry-after": "7"}, 7, 7), ({"retry-after": "0"}, 0, 1), ({"retry-after": "1.2"}, 2, 2), ({"retry-after": "-3"}, None, 10),
     ({"retry-after": "Fri, 20 Nov 2026 10:00:00 GMT"}, None, 10), ({"retry-after": "nan"}, None, 10), ({"retry-after": "1e99"}, 86400, 86400)],
)  # fmt: skip
def test_waits_that_the_site_asks_for(headers, asked, told):
    found = refused(429, "", headers)
    assert (found.retry_after, found.error.retry_after) == (asked, told)


def test_a_challenge_is_known_by_its_header():
    assert outcome(refused(503, "<html></html>", {"cf-mitigated": "challenge"})) == FORBIDDEN


@pytest.mark.parametrize("status", BODIES)
def test_the_sites_words_are_for_the_log_only(status):
    found = refused(status, f"<html>{SECRET}</html>" * 100)
    assert SECRET in found.detail
    assert len(found.detail) <= 500
    assert SECRET not in found.error.message


def test_what_is_too_long_for_the_site_is_told_with_figures_that_say_so():
    found = refused(413, input_estimate=12)
    assert found.error.message == "prompt is too long: 142858 tokens > 142857 maximum"
    found = faults.refused(Reply(413, {}), call(user("hi"), input_estimate=300_000), lease(context_window=262_144))
    assert found.error.message == "prompt is too long: 300000 tokens > 262144 maximum"


def test_an_unreachable_site_is_asked_once_more_and_then_a_bad_upstream():
    lost = UpstreamFault(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, errors.Overloaded("no"), detail="Unreachable: x")
    found = faults.unanswered(lost, call(user("hi")), lease())
    assert outcome(found) == (Cause.UNREACHABLE, Retry.SAME_ACCOUNT, Kind.UPSTREAM_ERROR)
    assert found.detail == "Unreachable: x"


def test_other_failures_of_the_network_stay_what_they_are():
    lost = UpstreamFault(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, errors.UpstreamTimeout("no"))
    assert faults.unanswered(lost, call(user("hi")), lease()) is lost
