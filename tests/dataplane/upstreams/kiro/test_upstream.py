import json

import pytest

from dataplane.clients.transport import Transport
from dataplane.conversation.events import Finished, Searched, Started, TextDelta, UsageSeen
from dataplane.conversation.features import Feature
from dataplane.conversation.model import Document, Image, Reasoning, Search, Thinking, Tool, WebSearch
from dataplane.conversation.order import Order
from dataplane.errors import Cause, InvalidRequest
from dataplane.upstreams.base import Credential, Reply, Upstream
from dataplane.upstreams.kiro import Kiro, provenance
from tests.dataplane.upstreams.kiro.samples import ARN, CLAUDE, GPT, STAMP, assistant, call, lease, said, stream, tool, user
from tests.simulators.kiro import KiroSimulator

OWN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/OWN"
ALWAYS = json.dumps({"properties": {"thinking": {"properties": {"type": {"const": "adaptive"}}}}})
TOKENS_ONLY = json.dumps({"properties": {"max_tokens": {}}})
# Where a client of each family may have asked for each optional thing.
PATHS = {feature: [feature.name.lower()] for feature in Feature}


def head():
    return Reply(200, {"content-type": "application/vnd.amazon.eventstream"})


def ended(plan, reply):
    with pytest.raises(StopIteration) as end:
        plan.send(reply)
    return end.value.value


def test_a_call_becomes_one_request_and_its_stream_an_answer():
    plugin: Upstream = Kiro()
    plan = plugin.plan(call(user("hi")), lease(), STAMP)
    assert json.loads(next(plan).body)["conversationState"]["currentMessage"]["userInputMessage"]["content"] == "hi"
    reply = head()
    assert ended(plan, reply) is reply
    decoder = plugin.decoder(call(user("hi")), lease(), STAMP)
    events = decoder.feed(stream(said("Hello")))
    assert events == [Started(), TextDelta("Hello")]
    assert isinstance(decoder.finish()[-1], Finished)
    assert decoder.onward() is None


def test_a_search_leads_through_the_bridge_to_another_exchange():
    plugin, asked = Kiro(), call(user("hi"), web_search=WebSearch())
    decoder = plugin.decoder(asked, lease(), STAMP)
    assert decoder.feed(stream(tool("t1", "web_search", '{"query":"q"}', stop=True))) == []
    decoder.finish()
    plan = decoder.onward()
    assert next(plan).url.endswith("/mcp")
    found = {"results": [{"title": "T", "url": "https://example.com", "snippet": "S"}]}
    content = [{"type": "text", "text": json.dumps(found)}]
    chat = plan.send(Reply(200, {}, json.dumps({"result": {"content": content}}).encode()))
    assert chat.url.endswith("/generateAssistantResponse")
    assert b"https://example.com" in chat.body
    ended(plan, head())
    events = decoder.feed(stream(said("Found."))) + decoder.finish()
    (searched,) = (event for event in events if isinstance(event, Searched))
    assert (searched.search.query, [hit.url for hit in searched.search.hits]) == ("q", ["https://example.com"])
    assert TextDelta("Found.") in events
    assert events[-2].usage.searches == 1
    assert isinstance(events[-2], UsageSeen)
    assert decoder.onward() is None


def test_a_profile_that_was_learned_on_the_way_serves_the_search_of_the_same_answer():
    plugin, asked = Kiro(), call(user("hi"), web_search=WebSearch())
    decoder, plan = plugin.decoder(asked, lease(), STAMP), plugin.plan(asked, lease(), STAMP)
    next(plan)
    plan.send(Reply(400, {}, b'{"message":"profileArn is required for this request."}'))
    plan.send(Reply(200, {}, json.dumps({"profiles": [{"arn": OWN}]}).encode()))
    assert ended(plan, head()).learned == {"profile_arn": OWN}
    decoder.feed(stream(tool("t1", "web_search", '{"query":"q"}', stop=True)))
    decoder.finish()
    assert next(decoder.onward()).headers["x-amzn-kiro-profile-arn"] == OWN
    assert next(Kiro().plan(asked, lease(), STAMP)).body.count(ARN.encode()) == 1


def dropped(asked=None, *, only=None, **more):
    given = {feature: PATHS[feature] for feature in only} if only else {}
    return Kiro().dropped(call(*(asked or [user("hi")]), asked=given, **more.pop("call", {})), lease(**more))


def test_nothing_lost_nothing_told():
    assert Kiro().dropped(call(user("hi")), lease()) == []


def test_what_kiro_ignores_is_told_in_the_clients_words():
    only = [Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K, Feature.STRICT_TOOLS, Feature.UNSIGNED_REASONING]
    assert dropped(only=only) == ["temperature", "top_p", "top_k", "strict_tools", "unsigned_reasoning"]


def test_what_the_gateway_does_itself_is_not_lost():
    only = [
        Feature.STOP, Feature.JSON_OBJECT, Feature.JSON_SCHEMA, Feature.SERIAL_TOOL_CALLS, Feature.MAX_TOKENS, Feature.TOOL_CHOICE,
        Feature.WEB_SEARCH, Feature.WEB_SEARCH_DOMAINS, Feature.WEB_SEARCH_USES, Feature.DOCUMENT, Feature.IMAGE_URL,
    ]  # fmt: skip
    assert dropped(only=only) == []


def test_members_of_another_family_are_told():
    assert dropped(only=[Feature.TOP_K], call={"extras": {"service_tier": b'"auto"'}}) == ["top_k", "service_tier"]


THINKING = [Feature.THINKING, Feature.THINKING_BUDGET, Feature.THINKING_DISPLAY, Feature.EFFORT]
ALL = ["thinking", "thinking_budget", "thinking_display", "effort"]


@pytest.mark.parametrize(
    ("schema", "model", "thinking", "lost"),
    [
        (CLAUDE, "claude-opus-4.8", Thinking("enabled", 1000, "high", "omitted"), []),
        (GPT, "gpt-5.6-sol", Thinking("enabled", effort="high"), []),
        # Tags ask for it.
        ("", "claude-sonnet-4.5", Thinking("enabled", 1000, "high", "summarized"), []),
        ("", "claude-sonnet-4.5", Thinking("enabled", 1000, "high", "omitted"), ["thinking_display"]),
        # Neither a seat nor tags.
        ("", "claude-opus-4.8", Thinking("enabled", 1000, "high", "summarized"), ALL),
        (TOKENS_ONLY, "auto", Thinking("adaptive", effort="low"), ALL),
        # What is not wanted is not lost.
        ("", "claude-opus-4.8", Thinking("disabled"), []),
        ("", "claude-opus-4.8", Thinking("disabled", effort="none"), []),
        ("", "claude-opus-4.8", None, []),
        # An effort without thinking has a seat with Claude only.
        (CLAUDE, "claude-opus-4.8", Thinking("disabled", effort="high"), []),
        ("", "claude-sonnet-4.5", Thinking("disabled", effort="high"), ["effort"]),
        (GPT, "gpt-5.6-sol", Thinking("disabled", effort="high"), ["effort"]),
        (ALWAYS, "claude-opus-5.5", Thinking("enabled", display="omitted"), ["thinking_display"]),
    ],
)
def test_E06_lost_thinking_is_told(schema, model, thinking, lost):
    assert dropped(only=THINKING, request_fields_schema=schema, model=model, call={"thinking": thinking}) == lost


def own(text):
    return provenance.mark(text, lease())


@pytest.mark.parametrize(
    ("parts", "paths", "lost"),
    [
        ([Reasoning("t", own("s"))], ["a"], []),
        ([Reasoning("t", "s")], ["a"], ["a"]),
        ([Reasoning("t", own("s")), Reasoning("u", "s")], ["a", "b"], ["b"]),
        ([Reasoning("t", own("s")), Reasoning("u", "s")], ["all"], ["all"]),
        ([Reasoning("unsigned"), Reasoning("u", "s")], ["b"], ["b"]),
        ([Reasoning(redacted="s"), Reasoning("u", own("s"))], ["b"], []),
    ],
)
def test_R02_reasoning_of_another_origin_is_told(parts, paths, lost):
    asked = call(user("a"), assistant(*parts, "b"), user("c"), asked={Feature.REASONING: paths})
    assert Kiro().dropped(asked, lease()) == lost


def test_R02_redacted_reasoning_of_another_origin_is_told():
    for redacted, lost in ((own("s"), []), ("s", ["r"])):
        asked = call(user("a"), assistant(Reasoning(redacted=redacted), "b"), user("c"), asked={Feature.REDACTED_REASONING: ["r"]})
        assert Kiro().dropped(asked, lease()) == lost


def test_every_feature_has_a_row():
    assert set(Kiro.fidelity) == set(Feature)
    assert all(row.kind in {"passed", "mapped", "approximated", "dropped"} and len(row.note) < 120 for row in Kiro.fidelity.values())


PICTURE = Image("image/png", "AAAA", where="messages[0].content[1]")
PAPER = Document("application/pdf", "AAAA", where="messages[0].content[0]")


def test_pictures_within_the_services_limits_are_taken():
    rules = Kiro().media(call(user("hi", PICTURE), media=[PICTURE]), lease())
    assert rules.formats == {"image/png", "image/jpeg", "image/gif", "image/webp"}
    assert (rules.max_base64, rules.max_side, rules.many, rules.many_side) == (5_242_880, 8000, 20, 2000)
    assert (rules.documents, rules.pages) == (False, 20)
    assert Kiro().media(call(user("hi", PICTURE), media=[PICTURE]), lease(input_types=["text", "image"])) == rules


def test_I09_a_picture_for_a_model_that_reads_only_text_is_refused_by_its_place():
    with pytest.raises(InvalidRequest) as raised:
        Kiro().media(call(user("hi", PAPER, PICTURE), media=[PAPER, PICTURE]), lease(input_types=["text"]))
    assert raised.value.param == "messages[0].content[1]"
    assert "claude-sonnet-4.5" in raised.value.message


def test_I09_a_file_for_such_a_model_may_be_read_but_not_shown():
    rules = Kiro().media(call(user("hi", PAPER), media=[PAPER]), lease(input_types=["text"]))
    assert (rules.documents, rules.pages) == (False, 0)


def test_what_an_answer_searched_is_no_thought():
    asked = call(user("a"), assistant(Search("s", "q"), "b"), user("c"), asked={Feature.REASONING: []})
    assert Kiro().dropped(asked, lease()) == []


async def served(plugin, transport, asked, given):
    """The head of the answer and its events, searches included."""
    decoder, head, events = plugin.decoder(asked, given, STAMP), None, []
    plan = plugin.plan(asked, given, STAMP)
    while plan is not None:
        async with transport.follow(plan) as answer:
            head = head or answer.reply
            while data := await answer.read():
                events += decoder.feed(data)
        events += decoder.finish()
        plan = decoder.onward()
    Order().follow(events)
    return head, events


def seat(simulator, account, **more):
    attributes = {"auth_method": account.method, "profile_arn": account.profile_arn, **more.pop("attributes", {})}
    return lease(base_urls=[simulator.url], credential=Credential(account.access_token), attributes=attributes, **more)


@pytest.fixture
async def transport():
    found = Transport(5.0)
    yield found
    await found.close()


async def test_S08_a_picky_host_is_served_and_remembered(transport):
    async with KiroSimulator(picky=True) as simulator:
        given, plugin = seat(simulator, simulator.account()), Kiro()
        tools = [Tool("Read", "R", b'{"type":"object","properties":{"a":{"type":"string","format":"uri"}},"additionalProperties":false}')]
        for _ in range(2):
            _, events = await served(plugin, transport, call(user("hi"), tools=tools), given)
            assert isinstance(events[-1], Finished)
        assert [request.status for request in simulator.requests] == [400, 200, 200]


@pytest.mark.parametrize("method", ["social", "builder-id", "idc"])
async def test_E04_an_account_without_a_profile_finds_its_own(transport, method):
    async with KiroSimulator(spelling="dashed") as simulator:
        account = simulator.account(method=method)
        head, events = await served(Kiro(), transport, call(user("hi")), seat(simulator, account, attributes={"profile_arn": ""}))
        assert head.learned == {"profile_arn": account.profile_arn}
        assert isinstance(events[-1], Finished)
        assert simulator.rejections == []


async def test_a_dead_endpoint_gives_way_to_the_next_one(transport):
    async with KiroSimulator() as simulator:
        given = seat(simulator, simulator.account())
        given.base_urls = ["http://127.0.0.1:1", simulator.url]
        head, events = await served(Kiro(), transport, call(user("hi")), given)
        assert (head.endpoint, [(fault.url, fault.cause) for fault in head.failed]) == (
            simulator.url,
            [("http://127.0.0.1:1", Cause.UNREACHABLE)],
        )
        assert isinstance(events[-1], Finished)


async def test_the_web_is_searched_where_the_account_may(transport):
    async with KiroSimulator() as simulator:
        simulator.script("tools", {"calls": [["web_search", {"query": "kiro"}]]})
        head, events = await served(Kiro(), transport, call(user("hi"), web_search=WebSearch()), seat(simulator, simulator.account()))
        assert head.endpoint == simulator.url
        (searched,) = (event.search for event in events if isinstance(event, Searched))
        assert [hit.title for hit in searched.hits] == ["Result 1 for kiro", "Result 2 for kiro"]
        assert isinstance(events[-1], Finished)
        assert [request.status for request in simulator.requests] == [200, 200]
        assert simulator.rejections == []
