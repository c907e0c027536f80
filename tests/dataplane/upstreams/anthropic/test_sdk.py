"""An answer of the API through the gateway to its own official client, whose parser is the judge: what the gateway
has no word for arrives as it left.
"""

import anthropic
import httpx2
import pytest

from dataplane.conversation.model import Stamp
from dataplane.dialects.anthropic import Anthropic as Dialect
from dataplane.upstreams.anthropic import Anthropic
from tests.dataplane.upstreams.anthropic.samples import STAMP, block, end, lease, mark, start, stream
from tests.dataplane.upstreams.anthropic.test_decoder import SEARCH

QUOTE = {
    "type": "web_search_result_location",
    "url": "https://a.test",
    "title": "T",
    "cited_text": "sun",
    "encrypted_index": "abc",
}
STREAM = stream(
    start(),
    *block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "s"},
    ),
    *SEARCH,
    *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I looked. "}),
    *block(
        3,
        {"type": "text", "text": "", "citations": []},
        {"type": "citations_delta", "citation": QUOTE},
        {"type": "text_delta", "text": "It is "},
        {"type": "text_delta", "text": "sunny"},
    ),
    *block(4, {"type": "text", "text": ""}, {"type": "text_delta", "text": "."}),
    *end(
        "pause_turn",
        more={"container": {"id": "c", "expires_at": "2026-11-20T00:00:00Z"}},
        server_tool_use={"web_search_requests": 1, "web_fetch_requests": 0},
    ),
)
CONTENT = [
    {"type": "thinking", "thinking": "hm", "signature": mark("s")},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "weather"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "title": "T", "url": "https://a.test", "encrypted_content": "Zz", "page_age": "1 day"}],
    },
    {"type": "text", "text": "I looked. "},
    {"type": "text", "text": "It is sunny", "citations": [QUOTE]},
    {"type": "text", "text": "."},
]


def answer(request):
    dialect, upstream = Dialect(), Anthropic()
    call = dialect.parse(request.read())
    decoder, encoder = upstream.decoder(call, lease(), STAMP), dialect.encoder(call, Stamp("0a1b", 1))
    out = [encoder.feed(decoder.feed(STREAM[at : at + 50])) for at in range(0, len(STREAM), 50)]
    out += [encoder.feed(decoder.finish()), encoder.finish()]
    return httpx2.Response(200, content=b"".join(out), headers={"content-type": encoder.content_type})


@pytest.fixture
def client():
    made = anthropic.Anthropic(
        api_key="k",
        base_url="http://gateway.test",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        _strict_response_validation=True,
    )
    with made:
        yield made


ASK = {"model": "m", "max_tokens": 2000, "messages": [{"role": "user", "content": "hi"}], "thinking": {"type": "adaptive"}}


def shown(message):
    return [block.to_dict() for block in message.content]


def test_streamed(client):
    with client.messages.stream(**ASK) as found:
        message = found.get_final_message()
    assert shown(message) == CONTENT
    assert (message.stop_reason, message.container.id, message.usage.server_tool_use.web_search_requests) == ("pause_turn", "c", 1)


def test_whole(client):
    message = client.messages.create(**ASK)
    assert shown(message) == CONTENT
    assert (message.stop_reason, message.container.id) == ("pause_turn", "c")
