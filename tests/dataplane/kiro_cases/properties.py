"""What must be true of everything that is sent, held against what the client wrote (P3, P5, P7)."""

from collections import Counter

from dataplane.upstreams.kiro.asking.images import REMOVED
from tests.dataplane.kiro_cases import reading
from tests.dataplane.kiro_cases.grammar import PICTURES

# Sent as it is, unlike the last one, which is recoded.
KEPT = frozenset(PICTURES[:-1])


def spoken(sent, role):
    """The contents of one side."""
    return [said["content"] for said in sent.messages if ("modelId" in said) == (role == "user")]


def outputs(sent):
    return [output for _, output in sent.outputs]


def marks(texts):
    return [int(found) for text in texts for found in reading.MARK.findall(text)]


def places(sent):
    """What each side was told: a text, and where in it each mark stands."""
    found = {
        "user": spoken(sent, "user"),
        "assistant": spoken(sent, "assistant"),
        "result": [*outputs(sent), *spoken(sent, "user")],
        "query": [str(arguments.get("query")) for _, _, arguments in sent.uses],
    }
    joined = {side: "\0\0".join(texts) for side, texts in found.items()}
    return {side: (text, {int(each[1]): each.start() for each in reading.MARK.finditer(text)}) for side, text in joined.items()}


def every_text_is_there_once_and_in_order(body, sent):
    """P3. Results may move to their calls (T05), or be told in their turn where they have none (T02)."""
    told = reading.texts(body)
    queries = {each.mark for each in told if each.side == "query"}
    given_back = {each.mark for each in told if each.side == "result"}
    found = places(sent)
    for each in told:
        text, places_of = found[each.side]
        assert text.startswith(each.text, places_of[each.mark])
    order = [mark for mark in marks(sent.contents) if mark not in given_back | queries]
    assert order == [each.mark for each in told if each.side in {"user", "assistant"}]
    assert sorted(mark for mark in marks([*sent.contents, *outputs(sent)]) if mark in given_back) == sorted(given_back)
    groups: dict = {}
    for each in told:
        if each.side == "result":
            groups.setdefault(each.group, []).append(found["result"][1][each.mark])
    assert all(group == sorted(group) for group in groups.values())


def every_call_is_kept_with_its_arguments_and_results(body, sent):
    """T01, T08, T13: calls in their order; a result that can belong to one call only belongs to that."""
    # Searches are calls of their own, under ids that the grammar gives to nothing else.
    uses = [use for use in sent.uses if not use[0].startswith("srvtoolu_")]
    calls = list(reading.full_calls(body))
    assert [arguments for _, _, arguments in uses] == [arguments for *_, arguments in calls]
    made = Counter(key for _, key, _, _ in calls)
    told = Counter(reading.result_ids(body))
    outputs_of = dict(sent.outputs)
    places_of = {key: (index, wire) for (index, key, _, _), (wire, _, _) in zip(calls, uses, strict=True)}
    for index, key, texts in reading.given_back(body):
        if made[key] == told[key] == 1 and places_of[key][0] < index:
            assert all(text in outputs_of[places_of[key][1]] for text in texts)


def little_is_made_up(body, sent):
    """P5: words of the gateway's own stand only where something is missing or misplaced."""
    told = {each.mark: each.text for each in reading.texts(body)}
    made_up = [piece for text in [*sent.contents, *outputs(sent)] for piece in leftover(text, told) if piece.strip()]
    assert len(made_up) <= reasons(body), made_up


def leftover(text, told):
    """What of `text` the client did not write."""
    for mark in marks([text]):
        text = text.replace(told[mark], "", 1)
    return text.split("\n\n")


def reasons(body):
    """How many words of its own the gateway has cause for."""
    asked = sum(name in body for name in ("tool_choice", "response_format", "output_format", "parallel_tool_calls"))
    results = reading.silent_results(body) + reading.failed_results(body)
    pictured = 2 * len(reading.pictures(body)) + len(list(reading.blocks(body, "document")))
    ends = sum(message["role"] == "assistant" for message in (body["messages"][0], body["messages"][-1])) + starts_mute(body)
    return unpaired(body) + results + pictured + 4 * reading.searches(body) + ends + 2 * asked


def unpaired(body):
    """Calls without a result, results without a call or late, and ids used again."""
    waiting, seen, faults = Counter(), set(), 0
    latest = set()
    for kind, key in reading.traffic(body):
        if kind == "answer":
            latest = set()
        elif kind == "call":
            faults += key in seen
            seen.add(key)
            latest.add(key)
            waiting[key] += 1
        else:
            faults += key not in latest or not waiting[key]
            waiting[key] -= waiting[key] > 0
    return faults + waiting.total()


def starts_mute(body):
    """Whether the beginning or the end of the conversation may fall away for saying nothing."""
    return 2 * any(not isinstance(message["content"], str) or not message["content"].strip() for message in body["messages"])


def no_picture_is_lost(body, sent):
    """P7. A result that was sent twice counts once (T03); of too many pictures the oldest leave a note (I06)."""
    asked = reading.pictures(body)
    found = [data for _, _, data in sent.images]
    if len(asked) > 100:
        assert len(found) == 100
        assert any(REMOVED in text for text in [*sent.contents, *outputs(sent)])
        return
    assert {data for data in asked if data in KEPT} == {data for data in found if data in KEPT}
    ids = reading.result_ids(body)
    if len(set(ids)) == len(ids):
        assert len(found) == len(asked)
        assert Counter(data for data in asked if data in KEPT) == Counter(data for data in found if data in KEPT)
