"""Redaction: whatever is logged, and however a library quotes it, no secret comes out."""

import io
import json
import logging
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate import logs

WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=_-", min_size=12, max_size=60)
# What a secret with a name may hold: anything that can be printed.
ANYTHING = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=8, max_size=40)
PROSE = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40)
NAMES = st.sampled_from(
    ["accessToken", "refreshToken", "refresh_token", "clientSecret", "apiKey", "api_key", "password", "ADMIN_PASSWORD", "nonce", "token"]
)
KEYS = st.one_of(
    st.text("0123456789abcdef", min_size=48, max_size=48).map("kg-".__add__),
    WORDS.map("hg-".__add__).map(lambda key: key.translate({ord(c): "x" for c in "+/="})),
    WORDS.map("aoaAAAAA".__add__),
    WORDS.map("aorAAAAA".__add__),
    WORDS.map("sk-ant-".__add__).map(lambda key: key.translate({ord(c): "x" for c in "+/="})),
)


def line(message, *arguments, error=None):
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, error)
    return logs.Line("dataplane").format(record)


@given(KEYS, PROSE, PROSE)
def test_a_key_of_the_field_is_masked_wherever_it_stands(key, before, after):
    assert key not in line("%s %s %s", before, key, after)


@given(WORDS)
def test_a_bearer_is_masked(token):
    assert line(f"Authorization: Bearer {token}").endswith(" Authorization: ***")
    assert line(f"authorization: bearer {token}, next").endswith(" authorization: ***, next")
    assert line(f"sent Bearer {token}").endswith(" sent Bearer ***")
    assert line("%s", {"Authorization": f"Bearer {token}"}).endswith(" {'Authorization': ***}")


@given(NAMES, ANYTHING, st.sampled_from([None, 1]))
def test_a_json_member_is_masked_whatever_it_holds(name, value, indent):
    def text(of):
        return json.dumps({"before": 1, name: of, "after": "kept"}, indent=indent)

    assert line(text(value)).endswith(text("@").replace('"@"', logs.MASK))


@given(NAMES, st.text("abcdefgh\\\"' ", min_size=8, max_size=40))
def test_json_inside_json_is_masked(name, value):
    inner = json.dumps({name: value + "ENDING", "after": 1})
    shown = line(json.dumps({"body": inner}))
    assert "ENDING" not in shown
    assert "after" in shown


@given(NAMES, st.text("abcdefgh\\\"' ", min_size=8, max_size=40))
def test_a_python_mapping_is_masked(name, value):
    shown = line("%s", {"x": {name: value + "ENDING", "after": "kept"}})
    assert "ENDING" not in shown
    assert "kept" in shown


@given(NAMES, WORDS)
def test_a_parameter_is_masked(name, value):
    assert line(f"GET /oauth?{name}={value}&state=2").endswith(f" GET /oauth?{name}=***&state=2")
    assert line(f"{name}: {value}").endswith(f" {name}: ***")


def test_an_error_s_text_and_trace_are_masked():
    try:
        int("kg-" + "0123456789ab" * 4)
    except ValueError:
        shown = line("failed", error=sys.exc_info())
    assert "ValueError: invalid literal for int() with base 10: '***'" in shown
    assert "0123456789ab" * 4 not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+asyncpg://user:pass%40word@db/headgate", "postgresql+asyncpg://***@db/headgate"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl y", "x *** y"),
        ("HEADGATE_RPC_TOKEN=abc, next", "HEADGATE_RPC_TOKEN=***, next"),
        ("set-cookie: headgate_session=abc; path=/", "set-cookie: ***; path=/"),
        # what must stay readable
        ("tokens=100 input_tokens: 5 nextCursor=3 key_id=k1", "tokens=100 input_tokens: 5 nextCursor=3 key_id=k1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("secret.key not found", "secret.key not found"),
        ("id=req_0123456789abcdef status=200", "id=req_0123456789abcdef status=200"),
    ],
)
def test_forms(text, shown):
    assert logs.redact(text) == shown


def test_a_line_says_when_how_bad_who_and_what():
    record = logging.LogRecord("x", logging.WARNING, __file__, 1, "served id=%s", ("req_1",), None)
    record.created, record.msecs = 1_700_000_000.123, 123
    formatter = logs.Line("dataplane")
    formatter.converter = time.gmtime
    assert formatter.format(record) == "2023-11-14T22:13:20.123Z WARNING dataplane served id=req_1"


@pytest.fixture
def root():
    kept = logging.getLogger()
    handlers, level = kept.handlers[:], kept.level
    yield kept
    kept.handlers[:], kept.level = handlers, level


def test_set_up_masks_what_libraries_log(root, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    logs.set_up("controlplane", "INFO")
    logging.getLogger("some.library").info("token=%s", "abcdef")
    logging.getLogger("httpx").info("too much")
    assert out.getvalue().endswith("Z INFO controlplane token=***\n")
    assert "too much" not in out.getvalue()


def test_quiet_drops_only_what_is_unwanted(root, caplog):
    logs.quiet("noisy", lambda record: "boring" in record.getMessage())
    with caplog.at_level("INFO"):
        logging.getLogger("noisy").info("boring news")
        logging.getLogger("noisy").info("news")
    assert [record.getMessage() for record in caplog.records] == ["news"]
