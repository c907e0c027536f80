"""The calls to OpenAI- and Anthropic-compatible endpoints, against a scripted transport."""

import json
import traceback

import httpx
import pytest

from controlplane.adapters.anthropic import Anthropic
from controlplane.adapters.http import Clients
from controlplane.adapters.openai import OpenAI
from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.domain.errors import AccessRejected, CallForbidden, GrantRejected, ProviderError, ProviderUnavailable
from controlplane.domain.model import ModelFacts

KEY = "sk-MARKED-key"
PICTURES = ("text", "image")


class Endpoint:
    """Answers everything alike, or page after page, and remembers what was asked."""

    def __init__(self, *answers: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.answers = list(answers)
        self.status, self.headers = status, headers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx.Response(self.status, content=content, headers=self.headers)

    async def models(self, kind: str, bearer: str = KEY, **given: object) -> list[ModelFacts]:
        provider = {"openai": OpenAI, "anthropic": Anthropic}[kind](Clients(httpx.MockTransport(self)))
        return list(await provider.models(Account("acc_1", kind, "one", AuthMethod.API_KEY, **given), bearer))


# ---- OpenAI


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ({"id": "gpt-4o", "object": "model", "created": 5, "owned_by": "system"}, ModelFacts("gpt-4o", created=5, owner="system")),
        # Kimi
        (
            {"id": "kimi-k2.6", "created": 7, "owned_by": "moonshot", "context_length": 262144, "supports_image_in": True},
            ModelFacts("kimi-k2.6", "", 262_144, created=7, input_types=PICTURES, owner="moonshot"),
        ),
        ({"id": "a", "supports_image_in": False}, ModelFacts("a", input_types=("text",))),
        # vLLM
        ({"id": "q", "owned_by": "vllm", "max_model_len": 32768, "root": "q"}, ModelFacts("q", "", 32_768, owner="vllm")),
        # Groq
        ({"id": "q", "context_window": 131072, "max_completion_tokens": 8192}, ModelFacts("q", "", 131_072, 8192)),
        # OpenRouter
        (
            {
                "id": "vendor/q",
                "name": "Vendor: Q",
                "context_length": 1000,
                "architecture": {"input_modalities": ["text", "IMAGE", 5]},
                "top_provider": {"max_completion_tokens": 99, "context_length": 1000},
            },
            ModelFacts("vendor/q", "Vendor: Q", 1000, 99, input_types=PICTURES),
        ),
        # llama.cpp
        ({"id": "q", "owned_by": "llamacpp", "meta": {"n_ctx_train": 4096}}, ModelFacts("q", "", 4096, owner="llamacpp")),
        # nobody's
        (
            {"id": "q\0\n", "created": "2026-03-01T00:00:00Z", "context_length": "12", "owned_by": 5},
            ModelFacts("q", "", 12, created=1_772_323_200),
        ),
        ({"id": "q", "created": 10**400, "context_length": -5, "max_model_len": True, "context_window": [1]}, ModelFacts("q")),
        ({"id": "q", "context_length": 10**30, "created": 1_772_323_200_000}, ModelFacts("q", "", 2**32 - 1, created=1_772_323_200)),
    ],
)
async def test_a_row_of_a_list(row: object, facts: ModelFacts) -> None:
    assert await Endpoint({"object": "list", "data": [row]}).models("openai") == [facts]


async def test_lists_of_other_shapes_and_without_what_is_no_chat() -> None:
    rows = [
        {"id": "a"},
        {"id": "a"},
        {"id": ""},
        {"id": 5},
        "text",
        None,
        {"id": "text-embedding-3-small"},
        {"id": "e", "type": "embedding"},
    ]
    for body in (rows, {"data": rows}, {"models": rows}):
        assert [model.id for model in await Endpoint(body).models("openai")] == ["a"]
    assert await Endpoint({"data": []}).models("openai") == []


async def test_whom_it_asks_and_how() -> None:
    endpoint = Endpoint({"data": []})
    await endpoint.models("openai")
    await endpoint.models("openai", bearer="", base_url="http://127.0.0.1:11434/v1")
    first, second = endpoint.requests
    assert (str(first.url), first.headers["authorization"]) == ("https://api.openai.com/v1/models", f"Bearer {KEY}")
    assert str(second.url) == "http://127.0.0.1:11434/v1/models"
    assert "authorization" not in second.headers


# ---- Anthropic

OPUS = {
    "type": "model",
    "id": "claude-opus-5",
    "display_name": "Claude Opus 5",
    "created_at": "2026-03-01T00:00:00Z",
    "lifecycle": "active",
    "max_input_tokens": 1_000_000,
    "max_tokens": 128_000,
    "capabilities": {"image_input": {"supported": True}},
}


async def test_all_pages_of_a_list() -> None:
    first = {"data": [OPUS], "has_more": True, "first_id": "claude-opus-5", "last_id": "claude-opus-5"}
    last = {"data": [{"id": "b"}, {"id": "c", "lifecycle": "retired"}], "has_more": False, "last_id": "b"}
    endpoint = Endpoint(first, last)
    assert await endpoint.models("anthropic") == [
        ModelFacts("claude-opus-5", "Claude Opus 5", 1_000_000, 128_000, created=1_772_323_200, input_types=PICTURES),
        ModelFacts("b"),
    ]
    asked = [(request.url.path, dict(request.url.params)) for request in endpoint.requests]
    assert asked == [("/v1/models", {"limit": "1000"}), ("/v1/models", {"limit": "1000", "after_id": "claude-opus-5"})]
    assert endpoint.requests[0].headers["anthropic-version"] == "2023-06-01"


async def test_lists_that_never_end_do() -> None:
    again = Endpoint({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    assert len(await again.models("anthropic")) == 1
    assert len(again.requests) == 2
    ever_new = Endpoint(*({"data": [{"id": f"{n}"}], "has_more": True, "last_id": f"{n}"} for n in range(50)))
    assert len(await ever_new.models("anthropic")) == 20


@pytest.mark.parametrize(
    ("base", "key", "shown"),
    [
        ("", KEY, {"x-api-key": KEY}),
        ("https://api.anthropic.com/v1", KEY, {"x-api-key": KEY}),
        ("", "sk-ant-oat01-x", {"authorization": "Bearer sk-ant-oat01-x", "anthropic-beta": "oauth-2025-04-20"}),
        ("https://api.moonshot.ai/anthropic", KEY, {"x-api-key": KEY, "authorization": f"Bearer {KEY}"}),
    ],
)
async def test_how_the_key_is_shown(base: str, key: str, shown: dict[str, str]) -> None:
    endpoint = Endpoint({"data": []})
    await endpoint.models("anthropic", key, base_url=base)
    (request,) = endpoint.requests
    assert {name: request.headers[name] for name in ("x-api-key", "authorization", "anthropic-beta") if name in request.headers} == shown
    assert str(request.url).split("?")[0] == (base.removesuffix("/v1") or "https://api.anthropic.com") + "/v1/models"


# ---- both


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": {"message": "bad key"}}, AccessRejected),
        (401, b"<html>", AccessRejected),
        (403, {"error": {"message": "no"}}, AccessRejected),
        (403, {"error": {"message": "Missing scopes: api.model.read"}}, CallForbidden),
        (403, {"error": {"code": "unsupported_country_region_territory"}}, CallForbidden),
        (403, b"<html>challenge</html>", ProviderUnavailable),
        (402, {"error": {"message": "Insufficient Balance"}}, CallForbidden),
        (429, {"error": {}}, ProviderUnavailable),
        (500, b"", ProviderUnavailable),
        (502, b"<html>", ProviderUnavailable),
        (302, b"", ProviderUnavailable),
        (200, b"<html>", ProviderUnavailable),
        (200, {"object": "list"}, ProviderUnavailable),
        (200, b'"text"', ProviderUnavailable),
        (200, b"null", ProviderUnavailable),
    ],
)
async def test_refusals(kind: str, status: int, body: object, error: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        await Endpoint(body, status=status).models(kind)
    assert type(caught.value) is error


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("status", [404, 405])
async def test_an_endpoint_without_a_list(kind: str, status: int) -> None:
    endpoint = Endpoint({"error": "nothing here"}, status=status)
    assert await endpoint.models(kind, models=("a",)) == []
    with pytest.raises(CallForbidden, match="baseUrl"):
        await endpoint.models(kind)


async def test_how_long_to_wait_is_told() -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        await Endpoint({}, status=429, headers={"retry-after": "7"}).models("openai")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_no_error_shows_the_key_or_their_words(kind: str) -> None:
    for status in (400, 401, 402, 403, 404, 429, 500):
        with pytest.raises(ProviderError) as caught:
            await Endpoint({"error": {"message": f"Incorrect API key provided: {KEY}"}}, status=status).models(kind)
        assert caught.value.__context__ is None
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert KEY not in shown
        assert "Incorrect" not in caught.value.message


async def test_what_such_accounts_do_not_have() -> None:
    provider = OpenAI(Clients(httpx.MockTransport(Endpoint({}))))
    account = Account("acc_1", "openai", "one", AuthMethod.API_KEY)
    assert await provider.profiles(account, KEY) == []
    with pytest.raises(GrantRejected):
        await provider.refresh(account, Credentials(api_key=KEY))
    with pytest.raises(CallForbidden):
        await provider.allowance(account, KEY)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_an_address_that_is_none(kind: str) -> None:
    with pytest.raises(ProviderUnavailable, match="address"):
        await Endpoint({}).models(kind, base_url="http://[::]99a/v1")
