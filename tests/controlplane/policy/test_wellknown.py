import pytest

from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts
from controlplane.policy.wellknown import FACTS, MODELS, completed


def test_what_the_well_known_models_read():
    reads = {model.id: model.input_types for model in MODELS["kiro"]}
    assert {types for name, types in reads.items() if name.startswith(("claude-", "gpt-"))} == {("text", "image")}
    assert {name for name, types in reads.items() if types == ("text",)} == {"deepseek-3.2", "minimax-m2.5", "minimax-m2.1", "glm-5"}
    assert reads["qwen3-coder-next"] == (), "nobody said"


def test_whose_models_are_known_without_asking():
    assert set(MODELS) == {"kiro", "kimi-web"}
    assert set(MODELS) < set(KINDS)


@pytest.mark.parametrize(
    ("model", "window", "output"),
    [
        ("claude-sonnet-4-5-20250929", 200_000, 64_000),
        ("claude-opus-4-20250514", 200_000, 32_000),
        ("claude-opus-4-6", 1_000_000, 128_000),
        ("claude-opus-4.6", 1_000_000, 128_000),
        ("anthropic/Claude-Opus-4.6", 1_000_000, 128_000),
        ("claude-next-9", 200_000, 64_000),
        ("gpt-4-1106-preview", 128_000, 4096),
        ("gpt-4.1-mini", 1_047_576, 32_768),
        ("gpt-4o-mini", 128_000, 16_384),
        ("gpt-5.6-sol", 272_000, 128_000),
        ("gpt-oss:20b", 131_072, 0),
        ("o3-mini", 200_000, 100_000),
        ("kimi-k2.6", 262_144, 0),
        ("kimi-k3", 1_000_000, 0),
        ("moonshotai/Kimi-K2-Instruct-0905", 262_144, 0),
        ("deepseek-reasoner", 128_000, 64_000),
        ("o1x", 0, 0),
        ("gpt-99", 0, 0),
        ("llama3.2:3b", 0, 0),
        ("", 0, 0),
    ],
)
def test_what_is_known_by_name(model, window, output):
    facts = completed(ModelFacts(model))
    assert (facts.id, facts.context_window, facts.max_output) == (model, window, output)


def test_what_a_list_tells_comes_first():
    told = ModelFacts("claude-opus-4-6", "Opus", 5, 6, 2.0, "{}", 7, ("text",), "vendor")
    assert completed(told) == told
    assert completed(ModelFacts("claude-opus-4-6", max_output=6)).context_window == 1_000_000


def test_families_are_spelled_as_they_are_looked_up():
    assert all(family == family.lower() and "." not in family and "/" not in family for family in FACTS)
