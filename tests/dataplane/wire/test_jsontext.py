"""One codec for JSON: what it accepts, what it refuses, and how it names the place."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.wire import jsontext


class Inner(msgspec.Struct):
    role: str


class Outer(msgspec.Struct):
    items: list[Inner] = []
    name: str = ""


def misfit(data: bytes) -> tuple[str, str]:
    with pytest.raises(jsontext.ValidationError) as caught:
        msgspec.json.decode(data, type=Outer)
    return jsontext.path(caught.value)


def test_path_of_a_nested_member():
    assert misfit(b'{"items":[{"role":"a"},{"role":5}]}') == ("Expected `str`, got `int`", "items[1].role")


def test_path_of_a_missing_member_is_its_owner():
    assert misfit(b'{"items":[{}]}') == ("Object missing required field `role`", "items[0]")


def test_path_of_a_list_at_the_root():
    with pytest.raises(jsontext.ValidationError) as caught:
        msgspec.json.decode(b'["a",5]', type=list[str])
    assert jsontext.path(caught.value) == ("Expected `str`, got `int`", "[1]")


def test_no_path_where_the_root_is_wrong():
    assert misfit(b"[]") == ("Expected `object`, got `array`", "")


def test_a_path_inside_a_quoted_value_is_not_taken_for_the_place():
    error = jsontext.ValidationError("Invalid enum value ' - at `$.x`y' - at `$.items[0].role`")
    assert jsontext.path(error)[1] == "items[0].role"


def test_dumps_is_compact_and_keeps_order():
    assert jsontext.dumps({"b": [1, None, True], "a": "ü"}) == '{"b":[1,null,true],"a":"ü"}'.encode()


def test_loads_takes_text_and_bytes():
    assert jsontext.loads('{"a":1}') == jsontext.loads(b'{"a":1}') == {"a": 1}


@pytest.mark.parametrize("data", [b"", b"{", b"{} x", b"NaN", b'"\x01"', b"\xef\xbb\xbf{}", b'"\\ud83d"'])
def test_loads_refuses_what_is_not_json(data):
    with pytest.raises(jsontext.DecodeError):
        jsontext.loads(data)


@pytest.mark.parametrize("write", [jsontext.dumps, jsontext.string])
def test_half_a_surrogate_pair_cannot_be_written(write):
    with pytest.raises(ValueError, match="surrogates not allowed"):
        write("\ud83d")


@given(st.text())
def test_a_string_survives(text):
    written = jsontext.string(text)
    assert json.loads(written) == jsontext.loads(written) == text
    assert b"\n" not in written


@pytest.mark.parametrize(
    ("sent", "mended"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00 x"', rb'"\ufffd x"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\u0041"', rb'"\ufffd\u0041"'),
        # A backslash that is escaped itself begins nothing.
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'{"\ud800":"\n\"\ud800\""}', rb'{"\ufffd":"\n\"\ufffd\""}'),
        (b'"\\', b'"\\'),
    ],
)
def test_mend_replaces_halves_only(sent, mended):
    assert jsontext.mend(sent) == mended


@given(st.text(st.characters(categories=["Cs", "Lu", "Po", "So"]), max_size=20))
def test_mended_text_is_what_javascript_calls_well_formed(text):
    sent = json.dumps(text).encode()
    assert jsontext.loads(jsontext.mend(sent)) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
