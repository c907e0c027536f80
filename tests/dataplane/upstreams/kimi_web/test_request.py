import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.kimi_web.provider import HEADERS
from controlplane.policy import wellknown
from dataplane.conversation.model import Stamp
from dataplane.errors import Cause, Kind, Retry, UpstreamFault
from dataplane.upstreams.kimi_web import request
from tests.dataplane.upstreams.kimi_web.samples import NONCE, STAMP, call, fields, lease, user


def posted(**more):
    return request.post(call(user("Grüße & 漢字 = +\n🙂")), lease(**more), STAMP)


def test_the_form():
    made = posted(base_urls=["http://127.0.0.1:1/site/"])
    assert (made.method, made.url) == ("POST", "http://127.0.0.1:1/site/wp-admin/admin-ajax.php")
    assert fields(made.body) == {
        "action": "kimi_send_message",
        "nonce": NONCE,
        "message": "Grüße & 漢字 = +\n🙂",
        "model": "moonshotai/Kimi-K2-Instruct-0905",
        "session_id": request.session(STAMP),
    }


def test_the_headers_of_a_browser():
    made = posted(base_urls=["http://127.0.0.1:1/site"])
    assert made.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"
    assert made.headers["X-Requested-With"] == "XMLHttpRequest"
    assert (made.headers["Origin"], made.headers["Referer"]) == ("http://127.0.0.1:1", "http://127.0.0.1:1/site/chat/")


def test_the_page_and_the_messages_are_asked_for_under_one_name():
    assert posted().headers["User-Agent"] == HEADERS["user-agent"]


def test_an_address_that_the_page_named_is_used():
    assert posted(attributes={"ajax_url": "http://127.0.0.1:1/ajax"}).url == "http://127.0.0.1:1/ajax"


@pytest.mark.parametrize("name", [model.id for model in wellknown.MODELS["kimi-web"]])
def test_every_model_that_is_offered_has_a_name_at_the_site(name):
    assert fields(posted(model=name).body)["model"].lower() == f"moonshotai/{name}"


def test_a_name_of_the_sites_own_passes():
    assert fields(posted(model="moonshotai/Kimi-K3").body)["model"] == "moonshotai/Kimi-K3"


def test_a_model_that_the_site_does_not_have():
    with pytest.raises(UpstreamFault) as raised:
        posted(model="gpt-5")
    fault = raised.value
    assert (fault.cause, fault.retry, fault.error.kind) == (Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, Kind.MODEL_NOT_FOUND)


@given(st.binary(min_size=16, max_size=16), st.integers(1_000_000_000, 9_999_999_999))
def test_sessions_are_spelled_as_the_sites_own(chance, created):
    session = request.session(Stamp(chance.hex(), created))
    assert re.fullmatch(rf"session_{created}\d{{3}}_[0-9a-z]{{9}}", session)


def test_every_attempt_is_a_session_of_its_own():
    assert len({request.session(Stamp(f"{n:032x}", 1_750_000_000)) for n in range(5000)}) == 5000


def test_half_a_surrogate_pair_is_no_reason_to_fail():
    assert fields(request.post(call(user("a\ud83d b")), lease(), STAMP).body)["message"] == "a? b"
