import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Search, Tool, WebSearch
from dataplane.upstreams.kiro.asking.names import SEARCH, alias, free, names, used, wire_id
from dataplane.wire import jsontext
from tests.dataplane.upstreams.kiro.samples import assistant, call, result, state, use, user

LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Names within the limits and without, and aliases that a client may hold as real names.
NAMES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["Read", "web_search", "my.tool", "my tool", "a" * 64, "a" * 65, "", alias("my.tool"), alias("web_search")]),
    st.builds(alias, st.sampled_from(["my.tool", "a" * 65, "工具"]), st.sampled_from(["", "+", "1"])),
)
TOOLS = st.lists(st.builds(Tool, NAMES, st.sampled_from(["", "one", "two"])), max_size=8)


def named(*given, **more):
    return names(call(user("a"), tools=[Tool(name) for name in given], **more))


def test_S01_names_are_made_acceptable_and_stay_apart():
    given = ["my.tool", "my tool", "my_tool", "$WEB", "工具", "mcp__plugin__x-y", "a" * 65, "a" * 66, "a" * 64, "get-x.y", "9", ""]
    found = named(*given)
    assert all(LEGAL.fullmatch(wire) for wire in found.wire.values())
    assert len(set(found.wire.values())) == len(given)
    assert {wire: client for client, wire in found.wire.items() if wire != client} == found.client


@pytest.mark.parametrize("name", ["my_tool", "mcp__plugin__x-y", "a" * 64, "9", "-", "web_search"])
def test_S01_a_legal_name_stays_as_it_is(name):
    found = named(name)
    assert (found.wire, found.client) == ({name: name}, {})


def test_S01_an_alias_begins_like_the_name():
    assert named("mcp__gitea.list issues").wire["mcp__gitea.list issues"].startswith("mcp__gitea_list_issues_")


def test_S01_an_alias_never_takes_a_real_name():
    taken = named("my.tool").wire["my.tool"]
    found = named("my.tool", taken).wire
    assert found[taken] == taken
    assert found["my.tool"] != taken
    assert free("my.tool", {taken}) == found["my.tool"]


def test_S02_equal_tools_are_declared_once_and_different_ones_apart():
    same, other = Tool("Read", "R", b"{}"), Tool("Read", "another", b"{}")
    found = names(call(user("a"), tools=[same, Tool("Read", "R", b"{}"), other, Tool("Read", "third")]))
    wires = [wire for wire, _ in found.tools]
    assert len(set(wires)) == len(wires) == 3
    assert wires[0] == found.wire["Read"] == "Read"
    assert found.client == {wires[1]: "Read", wires[2]: "Read"}


def test_S02_two_tools_of_one_foreign_name_stay_apart():
    found = names(call(user("a"), tools=[Tool("my.tool", "one"), Tool("my.tool", "two")]))
    wires = [wire for wire, _ in found.tools]
    assert len(set(wires)) == 2
    assert set(found.client.items()) == {(wire, "my.tool") for wire in wires}


def test_S02_many_tools_of_one_name_are_not_compared_with_each_other(monkeypatch):
    compared = []
    monkeypatch.setattr(Tool, "__eq__", lambda one, other: compared.append(one) or one is other)
    given = [Tool("Read", str(n % 300), b"{}", custom=n % 2 == 0) for n in range(600)]
    assert len(names(call(user("a"), tools=given)).tools) == 300
    assert len(names(call(user("a"), tools=[Tool("Read"), Tool("Read", custom=True), Tool("Read")])).tools) == 2
    assert len(compared) < 600


@pytest.mark.parametrize("id", ["toolu_1", "call-1", "a" * 64])
def test_T06_a_legal_id_stays_as_it_is(id):
    assert wire_id(id) == id


@pytest.mark.parametrize("id", ["call_abc\nfc_" + "0" * 70, "call_x|fc_y", "", "ключ", "a" * 65])
def test_T06_an_id_is_made_acceptable_and_is_the_same_for_call_and_result(id):
    assert LEGAL.fullmatch(wire_id(id))
    turns = state(call(user("a"), assistant(use(id)), user(result(id, "x"))))
    made = turns["history"][1]["assistantResponseMessage"]["toolUses"][0]["toolUseId"]
    given = turns["currentMessage"]["userInputMessage"]["userInputMessageContext"]["toolResults"][0]["toolUseId"]
    assert made == given == wire_id(id)


@given(st.text(max_size=90), st.text(max_size=90))
def test_T06_different_ids_stay_different(one, other):
    assert (wire_id(one) == wire_id(other)) == (one == other)


def test_T09_tools_of_the_history_are_declared_after_the_clients_own():
    asked = call(user("a"), assistant(use("1", "Bash"), use("2", "$WEB")), user(result("1", "x"), result("2", "y")), tools=[Tool("Read")])
    found = names(asked)
    assert found.tools == [("Read", Tool("Read")), ("Bash", None), (found.wire["$WEB"], None)]


def test_T10_the_history_speaks_of_tools_by_the_names_they_are_declared_under():
    asked = call(
        user("a"), assistant(use("1", "$WEB"), use("2", "my.tool")), user(result("1", "x"), result("2", "y")), tools=[Tool("my.tool")]
    )
    found = state(asked)
    uses = [made["name"] for made in found["history"][1]["assistantResponseMessage"]["toolUses"]]
    context = found["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    assert sorted(uses) == sorted(tool["toolSpecification"]["name"] for tool in context["tools"])
    assert all(LEGAL.fullmatch(name) for name in uses)


def test_T10_a_longer_history_changes_no_name():
    tools = [Tool("my.tool"), Tool("Read"), Tool("Read", "2")]
    short = names(call(user("a"), tools=tools, web_search=WebSearch()))
    long = names(
        call(user("a"), assistant(use("1", "Bash"), use("2", "$X"), Search("3", "q")), user("b"), tools=tools, web_search=WebSearch())
    )
    assert long.tools[: len(short.tools)] == short.tools
    assert short.wire.items() <= long.wire.items()


def test_no_client_can_name_the_hosted_search():
    for text in (b'"\\ud800web_search"', b'"\xed\xa0\x80web_search"'):
        with pytest.raises((ValueError, UnicodeDecodeError)):
            jsontext.loads(text)
    assert jsontext.loads(jsontext.mend(b'"\\ud800web_search"')) != SEARCH


def test_the_hosted_search_is_one_of_the_tools():
    found = named("Read", web_search=WebSearch())
    assert found.wire == {"Read": "Read", SEARCH: "web_search"}
    assert found.client == {"web_search": SEARCH}
    (_, (wire, tool)) = found.tools
    assert wire == "web_search"
    assert tool.description
    assert jsontext.loads(tool.schema)["required"] == ["query"]


def test_a_function_of_the_client_called_web_search_stays_the_clients():
    found = named("web_search", web_search=WebSearch())
    assert found.wire["web_search"] == "web_search"
    assert found.client == {found.wire[SEARCH]: SEARCH}
    assert LEGAL.fullmatch(found.wire[SEARCH])
    assert named("web_search").client == {}


def test_the_search_gives_way_to_a_function_that_only_the_history_knows():
    found = names(call(user("a"), assistant(use("1", "web_search"), Search("2", "q")), user(result("1", "x"))))
    assert found.wire["web_search"] == "web_search"
    assert found.tools == [(found.wire[SEARCH], None), ("web_search", None)]


def test_a_search_of_the_history_alone_is_no_longer_available():
    asked = call(user("a"), assistant("x", Search("1", "q")), user("b"))
    assert list(used(asked)) == [SEARCH]
    assert names(asked).tools == [("web_search", None)]
    assert names(call(user("a"))).tools == []


@given(TOOLS, st.lists(NAMES, max_size=4), st.sampled_from([None, WebSearch()]), st.booleans())
def test_S01_S02_T10_every_name_finds_back_to_the_client(tools, called, search, searched):
    parts = [*(use(str(at), name) for at, name in enumerate(called)), *([Search("s", "q")] if searched else [])]
    asked = call(user("a"), assistant(*parts), user("b"), tools=tools, web_search=search)
    found = names(asked)
    wires = [wire for wire, _ in found.tools]
    assert len(set(wires)) == len(wires)
    assert all(LEGAL.fullmatch(wire) for wire in wires)
    expected = {tool.name for tool in tools} | set(called) | ({SEARCH} if search or searched else set())
    assert found.wire.keys() == expected
    assert len(set(found.wire.values())) == len(expected)
    # Back again, as the decoder does it.
    assert all(found.client.get(wire, wire) == name for name, wire in found.wire.items())
    assert {found.client.get(wire, wire) for wire in wires} == expected
    for wire, tool in found.tools:
        assert tool is None or found.client.get(wire, wire) == tool.name
    assert names(asked) == found
