import pytest

from dataplane.upstreams.openai.mends import MENDS
from dataplane.upstreams.openai.quirks import RULES, of
from tests.dataplane.upstreams.openai.samples import PLACES, lease


@pytest.mark.parametrize("place", PLACES)
def test_each_place_has_its_row(place):
    assert of(lease(place)).name == place


def test_every_row_has_a_place_here():
    assert {rule.quirks.name for rule in RULES} == set(PLACES)


@pytest.mark.parametrize(
    ("url", "owner", "model", "name"),
    [
        ("https://api.openai.com:443/v1", "", "gpt-5-chat-latest", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "", "o3", "openai o"),
        ("https://notopenai.com/v1", "", "gpt-5", "generic"),
        ("https://api.openai.com.evil.example/v1", "", "gpt-5", "generic"),
        ("https://proxy.example/v1", "openai", "gpt-5", "generic"),
        ("https://openrouter.ai/api/v1", "", "moonshotai/kimi-k3", "generic"),
        ("https://api.moonshot.ai/v1", "", "moonshotai/Kimi-K3", "kimi k3"),
        ("http://127.0.0.1:9/v1", "DeepSeek", "deepseek-chat", "deepseek"),
        ("http://127.0.0.1:9/v1", "vllm", "org/Qwen3-Coder", "vllm qwen"),
    ],
)
def test_places_are_told_by_host_owner_and_model(url, owner, model, name):
    assert of(lease(base_urls=[url], model=model, attributes={"model_owner": owner})).name == name


@pytest.mark.parametrize("name", MENDS)
def test_every_mend_changes_the_row_that_has_the_member(name):
    assert any(MENDS[name](rule.quirks) != rule.quirks for rule in RULES)
