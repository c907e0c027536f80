"""What is known of models without asking.

MODELS stand in until an account's own list could be fetched (Kiro rules, new since 2026). The account's own
catalogue always wins; a model that it does not have is found out by the fault `model_unknown`, which costs one
attempt.

FACTS fill in what a list leaves out: most lists of API endpoints hold nothing but names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from controlplane.domain.model import ModelFacts

K = 1000
M = 1_000_000


TEXT = ("text",)
PICTURES = ("text", "image")


def completed(facts: ModelFacts) -> ModelFacts:
    """The facts with what is known of the model by its name, where they do not tell it."""
    name = facts.id.lower().rpartition("/")[2].replace(".", "-")
    known = next((known for family, known in _LONGEST_FIRST if _of(family, name)), _NOTHING)
    return replace(
        facts,
        context_window=facts.context_window or known.context_window,
        max_output=facts.max_output or known.max_output,
        input_types=facts.input_types or known.input_types,
    )


def _of(family: str, name: str) -> bool:
    """Whether the name begins so, and with nothing less than whole words: gpt-4-1106 is no gpt-4-1."""
    return name.startswith(family) and (family.endswith("-") or not name[len(family) :][:1].isalnum())


def _model(id: str, name: str, window: int, output: int, rate: float = 1.0, reads: tuple[str, ...] = PICTURES) -> ModelFacts:
    return ModelFacts(id, name, window, output, rate, input_types=reads)


MODELS: Mapping[str, Sequence[ModelFacts]] = {
    "kiro": (
        _model("auto", "Auto", M, 64 * K),
        _model("claude-opus-5.5", "Claude Opus 5.5", M, 128 * K, 2.0),
        _model("claude-opus-5", "Claude Opus 5", M, 128 * K, 2.2),
        _model("claude-opus-4.8", "Claude Opus 4.8", M, 128 * K, 2.2),
        _model("claude-opus-4.7", "Claude Opus 4.7", M, 128 * K, 2.2),
        _model("claude-opus-4.6", "Claude Opus 4.6", M, 32 * K, 2.2),
        _model("claude-opus-4.5", "Claude Opus 4.5", 200 * K, 64 * K, 2.2),
        _model("claude-sonnet-5.5", "Claude Sonnet 5.5", M, 128 * K, 1.3),
        _model("claude-sonnet-5", "Claude Sonnet 5", M, 64 * K, 1.3),
        _model("claude-sonnet-4.6", "Claude Sonnet 4.6", M, 64 * K, 1.3),
        _model("claude-sonnet-4.5", "Claude Sonnet 4.5", 200 * K, 64 * K, 1.3),
        _model("claude-sonnet-4", "Claude Sonnet 4", 200 * K, 64 * K, 1.3),
        _model("claude-haiku-4.5", "Claude Haiku 4.5", 200 * K, 64 * K, 0.4),
        _model("gpt-5.6-sol", "GPT 5.6 Sol", 272 * K, 128 * K, 4.4),
        _model("gpt-5.6-terra", "GPT 5.6 Terra", 272 * K, 128 * K, 2.2),
        _model("gpt-5.6-luna", "GPT 5.6 Luna", 272 * K, 128 * K, 1.1),
        _model("deepseek-3.2", "DeepSeek 3.2", 128 * K, 8 * K, reads=TEXT),
        _model("minimax-m2.5", "MiniMax M2.5", 196 * K, 8 * K, reads=TEXT),
        _model("minimax-m2.1", "MiniMax M2.1", 196 * K, 8 * K, reads=TEXT),
        _model("glm-5", "GLM 5", 200 * K, 8 * K, reads=TEXT),
        _model("qwen3-coder-next", "Qwen3 Coder Next", 256 * K, 8 * K, reads=()),
    ),
    # The two that the site knows (Kimi wire notes, models); their windows are what a prompt of the site holds.
    "kimi-web": (
        _model("kimi-k2-instruct-0905", "Kimi K2 Instruct 0905", 128 * K, 0, 0.0, TEXT),
        _model("kimi-k2-instruct", "Kimi K2 Instruct", 128 * K, 0, 0.0, TEXT),
    ),
}


def _known(window: int, output: int = 0, reads: tuple[str, ...] = ()) -> ModelFacts:
    return ModelFacts("", "", window, output, input_types=reads)


# By the first words of a model's name, points written as dashes; the longest that fits counts. The window is what a
# model reads, 0 and () are unknown. Vendors' model pages, late 2026; what is newer has the facts of its family's line.
FACTS: Mapping[str, ModelFacts] = {
    "claude-": _known(200 * K, 64 * K, PICTURES),
    "claude-3-": _known(200 * K, 4096, PICTURES),
    "claude-3-5-": _known(200 * K, 8192, PICTURES),
    "claude-3-7-": _known(200 * K, 64 * K, PICTURES),
    "claude-opus-4": _known(200 * K, 32 * K, PICTURES),
    "claude-opus-4-5": _known(200 * K, 64 * K, PICTURES),
    "claude-opus-4-6": _known(M, 128 * K, PICTURES),
    "claude-opus-4-7": _known(M, 128 * K, PICTURES),
    "claude-opus-4-8": _known(M, 128 * K, PICTURES),
    "claude-opus-5": _known(M, 128 * K, PICTURES),
    "claude-sonnet-4-6": _known(M, 64 * K, PICTURES),
    "claude-sonnet-5": _known(M, 64 * K, PICTURES),
    "gpt-3-5": _known(16_385, 4096, TEXT),
    "gpt-4": _known(8192, 8192, TEXT),
    "gpt-4-1106": _known(128 * K, 4096, TEXT),
    "gpt-4-0125": _known(128 * K, 4096, TEXT),
    "gpt-4-turbo": _known(128 * K, 4096, PICTURES),
    "gpt-4o": _known(128 * K, 16_384, PICTURES),
    "gpt-4-1": _known(1_047_576, 32_768, PICTURES),
    "gpt-5": _known(272 * K, 128 * K, PICTURES),
    "gpt-oss": _known(131_072, 0, TEXT),
    "o1": _known(200 * K, 100 * K, PICTURES),
    "o3": _known(200 * K, 100 * K, PICTURES),
    "o3-mini": _known(200 * K, 100 * K, TEXT),
    "o4-mini": _known(200 * K, 100 * K, PICTURES),
    "kimi-": _known(262_144),
    "kimi-k2": _known(131_072, 0, TEXT),
    "kimi-k2-instruct-0905": _known(262_144, 0, TEXT),
    "kimi-k2-5": _known(262_144, 0, PICTURES),
    "kimi-k2-6": _known(262_144, 0, PICTURES),
    "kimi-k2-7": _known(262_144),
    "kimi-k3": _known(M),
    "moonshot-v1-8k": _known(8192, 0, TEXT),
    "moonshot-v1-32k": _known(32_768, 0, TEXT),
    "moonshot-v1-128k": _known(131_072, 0, TEXT),
    "deepseek-": _known(128 * K, 8 * K, TEXT),
    "deepseek-reasoner": _known(128 * K, 64 * K, TEXT),
}
_LONGEST_FIRST = sorted(FACTS.items(), key=lambda row: -len(row[0]))
_NOTHING = ModelFacts("")
