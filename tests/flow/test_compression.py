"""Long conversations through the whole stack: shortened, remembered, charged and told; left alone where they are to be."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from tests.flow.talks import (
    arrived,
    by_anthropic,
    by_openai,
    changed,
    chat,
    decide,
    facts,
    items,
    left_out,
    make_key,
    opening,
    summaries,
    talk,
)
from tests.stack import until

pytestmark = pytest.mark.slow

KIRO = "kiro/claude-sonnet-4.5"
# How it is asked for, the model, and the simulator that serves it: always across families, where policy decides.
WAYS = {
    "kiro, Messages": (by_anthropic, KIRO, "kiro"),
    "kiro, chat": (by_openai, KIRO, "kiro"),
    "kimi-web, Messages": (by_anthropic, "kimi-web/kimi-k2-instruct-0905", "kimi_web"),
    "kimi-web, chat": (by_openai, "kimi-web/kimi-k2-instruct-0905", "kimi_web"),
    "openai, Messages": (by_anthropic, "openai/gpt-4o", "openai"),
    "anthropic, chat": (by_openai, "anthropic/claude-sonnet-4-5", "anthropic"),
}
KEPT = 30
# A conversation just long enough; and with a round more.
TURNS, ROUND = 126, 6
CLAUDE_CODE = "claude-cli/2.1.220 (external, cli)"


@pytest.fixture(scope="module", autouse=True)
def _short(every_kind):
    """Conversations are long early."""
    decide(every_kind.stack, compressionTokens=10_000)
    yield
    decide(every_kind.stack, compressionTokens=None)


@pytest.fixture
def stack(every):
    return every.stack


@pytest.fixture
def key(stack):
    return make_key(stack)[1]


@pytest.fixture
def decided(stack):
    """`decided(name=value)` changes settings for the time of a test."""
    before = stack.admin("GET", "/api/settings")
    changes = {}

    def change(**settings):
        changes.update(settings)
        decide(stack, **settings)

    yield change
    decide(stack, **{name: before[name] for name in changes})


def recorded(stack, answer):
    """The record of an answer's request."""
    until(lambda: answer.id in [each["requestId"] for each in stack.admin("GET", "/api/requests?internal=false")["requests"]], 5)
    return stack.admin("GET", f"/api/requests/{answer.id}")


def original(stack, answer, key):
    return httpx.get(f"{stack.gateway}/v1/requests/{answer.id}/original", headers={"x-api-key": key})


@pytest.mark.parametrize("way", WAYS)
def test_every_fact_arrives_in_less(stack, key, way):
    ask, model, of = WAYS[way]
    lines = talk()
    assert len(facts(lines)) > 40
    ask(stack, key, model, lines, x_headgate_compress="off")
    answer = ask(stack, key, model, lines)
    whole, shorter = arrived(stack, of)
    assert left_out(whole, lines) == []
    assert [fact for fact in facts(lines) if fact not in shorter] == []
    assert left_out(shorter, lines[-KEPT - 1 :]) == []
    assert len(left_out(shorter, lines)) > len(lines) // 2
    assert len(shorter) < len(whole) / 2
    assert answer.text


def test_the_client_is_told(stack, key):
    lines = talk()
    whole = by_anthropic(stack, key, "openai/gpt-4o", lines, x_headgate_compress="off")
    answer = by_anthropic(stack, key, "openai/gpt-4o", lines)
    turns, saved = map(int, re.fullmatch(r"turns=(\d+);saved=(\d+)", answer.told).groups())
    (heard,) = re.findall(r"I received about (\d+) tokens", answer.text)
    assert answer.tokens == int(heard), "the usage is the upstream's"
    assert abs(whole.tokens - answer.tokens - saved) < saved * 0.2, "what is told is about what came of it"
    assert turns > len(lines) // 2
    told = recorded(stack, answer)["compression"]
    assert (told["how"], told["replacedTurns"], told["savedTokens"]) == ("model", turns, saved)
    assert told["spentTokens"] > 0


@pytest.mark.parametrize("way", ["kiro, Messages", "openai, Messages"])
def test_a_round_more_asks_nobody_and_begins_the_same(stack, key, way):
    ask, model, of = WAYS[way]
    ask(stack, key, model, talk(TURNS))
    asked, metrics = len(summaries(stack)), calls(stack)
    assert asked > 2
    answer = ask(stack, key, model, talk(TURNS + ROUND))
    before, after = arrived(stack, of)
    assert opening(before)
    assert opening(after) == opening(before)
    if of == "openai":
        (before, after) = (each["body"]["messages"] for each in stack.sim("GET", "requests", of=of)["requests"])
        assert after[: len(before)] == before, "all of it is the beginning of the next: what the provider has read, it need not read again"
    assert (len(summaries(stack)), calls(stack)) == (asked, metrics)
    assert recorded(stack, answer)["compression"] == {**recorded(stack, answer)["compression"], "how": "memory", "spentTokens": 0}


def calls(stack):
    return re.findall(r'headgate_summarizer_model_calls_total\{result="answered"\} (\S+)', stack.summarizer_metrics())


@pytest.mark.parametrize("turns", [TURNS + 2, TURNS + 4])
@pytest.mark.parametrize("way", WAYS)
def test_it_may_end_in_the_middle_of_work(stack, key, way, turns):
    ask, model, of = WAYS[way]
    lines = talk(turns)
    assert lines[-1].side == "result"
    assert ask(stack, key, model, lines).told
    (body,) = arrived(stack, of)
    assert ([fact for fact in facts(lines) if fact not in body], left_out(body, lines[-KEPT:])) == ([], [])


@pytest.mark.parametrize("way", ["kiro, chat", "kimi-web, chat", "anthropic, chat"])
def test_instructions_stay_wherever_they_stand(stack, key, way):
    _, model, of = WAYS[way]
    body = chat(model, talk(TURNS))
    for place, role in ((60, "developer"), (48, "system"), (0, "system")):
        body["messages"].insert(place, {"role": role, "content": f"Mind rule {place} of the house."})
    answer = httpx.post(f"{stack.gateway}/v1/chat/completions", json=body, headers={"x-api-key": key})
    assert answer.headers["x-headgate-compressed"]
    (got,) = arrived(stack, of)
    assert [got.count(f"Mind rule {place} of the house.") for place in (0, 48, 60)] == [1, 1, 1]


def test_requests_of_one_conversation_at_once_have_one_summary(stack, key):
    by_anthropic(stack, make_key(stack)[1], KIRO, talk(TURNS))
    once = len(summaries(stack))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: by_anthropic(stack, key, KIRO, talk(TURNS)), range(4)))
    assert len(summaries(stack)) == 2 * once
    assert len({answer.told for answer in answers}) == 1
    assert len({opening(body) for body in arrived(stack)}) == 1


def test_what_answers_build_on_is_kept_whole(stack, key):
    """A conversation that the gateway keeps is shortened on its way only."""
    lines = talk(TURNS)
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=key, max_retries=0) as client:
        first = client.responses.create(model=KIRO, input=items(lines))
        asked = len(summaries(stack))
        second = client.responses.create(model=KIRO, input="Go on.", previous_response_id=first.id)
        assert len(summaries(stack)) == asked
        off = {"x-headgate-compress": "off"}
        client.responses.create(model=KIRO, input="Go on.", previous_response_id=second.id, extra_headers=off)
    begun, went_on, whole = arrived(stack)
    assert opening(begun) == opening(went_on) != ""
    assert (opening(whole), left_out(whole, lines)) == ("", [])


def test_what_grows_is_summarised_bit_by_bit(stack, key):
    by_anthropic(stack, key, KIRO, talk(TURNS))
    begun = len(summaries(stack))
    answer = by_anthropic(stack, key, KIRO, talk(TURNS * 2))
    went_on = len(summaries(stack)) - begun
    assert recorded(stack, answer)["compression"]["how"] == "incremental"
    _, other = make_key(stack)
    by_anthropic(stack, other, KIRO, talk(TURNS * 2))
    _, grown, made_at_once = arrived(stack)
    assert opening(grown) == opening(made_at_once), "it does not matter on which way it came about"
    assert len(summaries(stack)) == 2 * (begun + went_on) > 2 * begun, "nothing is summarised twice"


@pytest.mark.parametrize("why", ["header", "key", "settings", "client", "family", "short"])
def test_what_is_to_be_left_alone_is(stack, decided, why):
    _, key = make_key(stack, compression=why != "key")
    if why == "settings":
        decided(compressionEnabled=False)
    headers = {"header": {"x_headgate_compress": "off"}, "client": {"user_agent": CLAUDE_CODE}}.get(why, {})
    lines = talk(60 if why == "short" else TURNS)
    ask, model, of = (by_openai, "openai/gpt-4o", "openai") if why == "family" else WAYS["kiro, Messages"]
    answer = ask(stack, key, model, lines, **headers)
    (body,) = arrived(stack, of)
    assert (left_out(body, lines), opening(body), answer.told, summaries(stack)) == ([], "", None, [])
    assert recorded(stack, answer)["compression"] is None


def test_the_original_can_be_fetched_by_whose_it_is(stack, key):
    lines = talk(TURNS)
    answer = by_anthropic(stack, key, KIRO, lines)
    replaced = int(re.match(r"turns=(\d+)", answer.told).group(1))
    until(lambda: original(stack, answer, key).status_code == 200, 5)
    found = original(stack, answer, key)
    assert len(found.json()["turns"]) == replaced
    assert left_out(found.text, lines[:replaced]) == []
    assert lines[replaced].words not in found.text
    assert found.json()["replacedBy"]
    assert original(stack, answer, make_key(stack)[1]).status_code == 404
    assert stack.admin("GET", f"/api/requests/{answer.id}/original") == found.json()
    plain = by_anthropic(stack, key, KIRO, talk(30))
    assert original(stack, plain, key).status_code == 404


def test_summaries_are_charged_to_the_key_and_are_no_requests(stack):
    key_id, key = make_key(stack, limits={"concurrency": 1, "requests": {"total": 1}})
    answer = by_anthropic(stack, key, KIRO, talk(TURNS))
    assert answer.told
    found = recorded(stack, answer)
    until(lambda: stack.admin("GET", "/api/proxy/stats")["backlog"] == 0, 5)
    caused = stack.admin("GET", f"/api/requests?cause={answer.id}")["requests"]
    assert len(caused) == len(summaries(stack)) > 2
    assert {(each["keyId"], each["cause"], each["ending"]) for each in caused} == {(key_id, answer.id, "served")}
    assert len(found["summaries"]) == len(caused)
    spent = sum(each["tokens"] for each in found["summaries"])
    assert found["compression"]["spentTokens"] == spent > 0
    shown = stack.admin("GET", f"/api/keys/{key_id}")
    tokens, requests = shown["usage"]["tokens"]["total"], shown["usage"]["requests"]["total"]
    own = sum(found["usage"][name] for name in ("input", "cacheRead", "cacheWrite", "output"))
    assert (tokens["used"], tokens["reserved"]) == (own + spent, 0)
    assert (requests["used"], requests["reserved"], shown["stats"]["totalRequests"]) == (1, 0, 1)


def test_a_limit_that_the_summary_would_break_leaves_the_conversation_as_it_is(stack):
    lines = talk(TURNS)
    _, free = make_key(stack)
    tokens = by_anthropic(stack, free, KIRO, lines, x_headgate_compress="off").tokens
    _, key = make_key(stack, limits={"tokens": {"total": int(tokens * 1.25) + 600}})
    answer = by_anthropic(stack, key, KIRO, lines)
    assert (left_out(arrived(stack)[-1], lines), answer.told) == ([], None)
    assert recorded(stack, answer)["compression"]["how"] == "model-failed"


def test_one_seat_is_enough_for_several_conversations_at_once(every, decided):
    stack, (only, *others) = every.stack, every.kiro
    decided(summaryModel="kiro/claude-haiku-4.5")
    for account in others:
        stack.admin("POST", f"/api/accounts/{account['id']}/disable")
    stack.admin("PUT", f"/api/accounts/{only['id']}", {"maxConcurrency": 1})
    try:
        _, key = make_key(stack)
        subjects = ("red", "green", "blue", "black")
        with ThreadPoolExecutor(len(subjects)) as pool:
            answers = list(pool.map(lambda subject: by_anthropic(stack, key, KIRO, talk(TURNS, subject=subject)), subjects))
    finally:
        stack.admin("PUT", f"/api/accounts/{only['id']}", {"maxConcurrency": None})
    assert all(answer.told for answer in answers)
    bodies = arrived(stack)
    assert len(bodies) == len(subjects)
    for subject in subjects:
        (own,) = [body for body in bodies if f"port of {subject} is" in body]
        assert [fact for fact in facts(talk(TURNS, subject=subject)) if fact not in own] == []


def test_tenants_share_nothing(stack):
    secret, other = "FACT-900: the word of the first is lemon.", "FACT-901: the word of the second is melon."
    lines = talk(TURNS)
    (_, first), (_, second) = make_key(stack), make_key(stack)
    for key in (first, second):
        by_anthropic(stack, key, KIRO, lines)
    half = len(summaries(stack)) // 2
    assert len(summaries(stack)) == half * 2, "each pays for its own"
    assert half > 2
    assert opening(arrived(stack)[0]) == opening(arrived(stack)[1])
    for key, words in ((first, secret), (second, other)):
        by_anthropic(stack, key, KIRO, changed(lines, 40, words))
    ours, theirs = arrived(stack)[2:]
    assert (secret in ours, other in ours) == (True, False)
    assert (secret in theirs, other in theirs) == (False, True)
    # Another turn is another conversation, also for the same key; what is before it is known.
    by_anthropic(stack, first, KIRO, changed(lines, 40, other))
    assert (secret in arrived(stack)[-1], other in arrived(stack)[-1]) == (False, True)
