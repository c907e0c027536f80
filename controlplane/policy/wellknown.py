"""Models that stand in until an account's own list could be fetched (Kiro rules, new since 2026).

The account's own catalogue always wins; a model that it does not have is found out by the fault
`model_unknown`, which costs one attempt.
"""

from collections.abc import Mapping, Sequence

from controlplane.domain.model import ModelFacts

K = 1000
M = 1_000_000


TEXT = ("text",)
PICTURES = ("text", "image")


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
}
