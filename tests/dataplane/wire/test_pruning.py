"""Unknown members are taken out and named; nothing else of the JSON changes."""

import json
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from dataplane.wire.pruning import RawMember, asks, forget, plain, prune, written


class Named(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""
    more: RawMember = UNSET


class Dot(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="dot"):
    at: Named | None = None


class Line(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="line"):
    ends: list[Named] = []


class Loose(msgspec.Struct):
    inner: Named | None = None


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    shapes: str | Dot | list[Dot | Line] | None = None
    loose: Loose | None = None
    word: Literal["a"] = "a"
    listed: list[str] = []


def pruned(text):
    dropped = []
    made = prune(text if isinstance(text, bytes) else json.dumps(text).encode(), Outer, dropped)
    return made, dropped


@pytest.mark.parametrize(
    ("said", "left", "dropped"),
    [
        ({}, {}, []),
        ({"word": "a", "x": 1}, {"word": "a"}, ["x"]),
        ({"shapes": {"kind": "dot", "at": {"name": "n", "x": 1}}}, {"shapes": {"kind": "dot", "at": {"name": "n"}}}, ["shapes.at.x"]),
        ({"shapes": [{"kind": "dot", "ends": [1]}]}, {"shapes": [{"kind": "dot"}]}, ["shapes[0].ends"]),
        (
            {"shapes": [{"kind": "dot"}, {"ends": [{"name": "n"}, {"x": 1}], "at": {"x": 1}, "kind": "line"}]},
            {"shapes": [{"kind": "dot"}, {"ends": [{"name": "n"}, {}], "kind": "line"}]},
            ["shapes[1].ends[1].x", "shapes[1].at"],
        ),
        ({"loose": {"x": 1, "inner": {"y": 1}}}, {"loose": {"x": 1, "inner": {}}}, ["loose.inner.y"]),
        ({"shapes": {"kind": "dot", "at": {"more": {"x": 1}}}}, {"shapes": {"kind": "dot", "at": {"more": {"x": 1}}}}, []),
    ],
)
def test_what_the_structs_do_not_name_is_taken_out(said, left, dropped):
    made, found = pruned(said)
    assert (json.loads(made), found) == (left, dropped)
    msgspec.json.decode(made, type=Outer)


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}])
def test_what_asks_for_nothing_is_taken_out_without_a_word(value):
    assert pruned({"x": value}) == (b"{}", [])


@pytest.mark.parametrize("value", [True, 1, -1, 0.5, "a", " ", [0], {"a": 0}, [[]], [None]])
def test_what_asks_for_something_is_named(value):
    assert pruned({"x": value}) == (b"{}", ["x"])


@pytest.mark.parametrize(
    "said",
    [
        {"shapes": [{"kind": "cube", "x": 1}]},
        {"shapes": [{"x": 1}]},
        {"shapes": [{"kind": ["dot"], "x": 1}]},
        {"shapes": {"kind": None, "x": 1}},
        {"shapes": [[{"kind": "dot", "x": 1}]]},
        {"shapes": 5},
        {"loose": "x"},
        {"listed": [{"x": 1}]},
    ],
)
def test_what_fits_no_struct_is_left_to_the_decoder(said):
    made, dropped = pruned(said)
    assert (json.loads(made), dropped) == (said, [])
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(made, type=Outer)


@pytest.mark.parametrize("text", [b"1.10", b"1e400", b"9" * 400, b'"\\u00e9 \\/ \\ud83d\\ude00"', b'{"b": 1, "a": 2, "b": 3}', b"[ 1 ,2 ]"])
def test_what_no_struct_looks_into_stays_to_the_byte(text):
    made, dropped = pruned(b'{"y":1,"shapes":[{"kind":"line","ends":[{"more":%b}]}]}' % text)
    assert (made, dropped) == (b'{"shapes":[{"kind":"line","ends":[{"more":%b}]}]}' % text, ["y"])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x-y.z", "x-y.z"),
        ("a\r\nb", "['a\\r\\nb']"),
        ("名", "['\\u540d']"),
        ("a b" * 100, f"['{('a b' * 100)[:40]}']"),
        ("long" * 50, f"['{'long' * 10}']"),
        ("", "['']"),
    ],
)
def test_a_name_cannot_break_a_header(name, path):
    assert pruned({name: 1})[1] == [path]
    assert plain(name) is (path == name)


def test_what_is_no_object_is_refused():
    for text in (b"[]", b"{", b"", b'{"a":'):
        with pytest.raises(msgspec.DecodeError):
            pruned(text)


def test_paths_within_what_was_dropped_whole_are_forgotten():
    dropped = ["tools[1].x", "tools[1].y.z", "tools[10].x", "tools[2].x", "x", "tools[1]", "tools[2].own"]
    forget(dropped, 5)
    assert dropped == ["tools[10].x", "tools[2].x", "x", "tools[1]", "tools[2].own"]


def test_members_that_are_absent_ask_for_nothing():
    assert (asks(UNSET), written(UNSET)) == (False, b"")
    assert (asks(Raw(b"null")), asks(Raw(b"[ ]")), asks(Raw(b"[0]"))) == (False, False, True)
    assert written(Raw(b"[0]")) == b"[0]"


NAMED = st.fixed_dictionaries({}, optional={"name": st.text(max_size=3), "more": st.none() | st.lists(st.integers(), max_size=2)})
DOT = st.fixed_dictionaries({"kind": st.just("dot")}, optional={"at": st.none() | NAMED})
LINE = st.fixed_dictionaries({"kind": st.just("line")}, optional={"ends": st.lists(NAMED, max_size=2)})
OUTER = st.fixed_dictionaries({}, optional={"shapes": st.text(max_size=3) | DOT | st.lists(DOT | LINE, max_size=3), "word": st.just("a")})


@given(OUTER)
def test_a_body_without_unknown_members_stays_what_it_is(said):
    made, dropped = pruned(said)
    assert (json.loads(made), dropped) == (said, [])


@given(OUTER, st.integers(0, 3))
def test_any_unknown_member_is_found_wherever_it_is(said, seed):
    objects = list(within(said))
    objects[seed % len(objects)]["unknown"] = 1
    made, dropped = pruned(said)
    del objects[seed % len(objects)]["unknown"]
    assert json.loads(made) == said
    assert [path.rpartition(".")[2] for path in dropped] == ["unknown"]


def within(value):
    """Every object of `value` that a struct stands for."""
    if isinstance(value, dict):
        yield value
        for name in ("shapes", "at", "ends"):
            yield from within(value.get(name))
    elif isinstance(value, list):
        for item in value:
            yield from within(item)
