"""The models on offer, and what each of them takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """`window` and `output` are tokens. `adaptive` and `budget`: the kinds of thinking it knows.

    `sampling`: temperature and its like may be set. `prefill`: the last turn may be the assistant's.
    `system_turns`: system messages in the conversation, without a beta.
    """

    id: str
    name: str
    created: str
    window: int
    output: int
    adaptive: bool = True
    budget: bool = False
    sampling: bool = False
    prefill: bool = False
    system_turns: bool = True


MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        Model("claude-opus-5-5", "Claude Opus 5.5", "2026-10-06T00:00:00Z", 1_000_000, 128_000),
        Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-22T00:00:00Z", 1_000_000, 128_000),
        Model("claude-haiku-5-5", "Claude Haiku 5.5", "2026-09-22T00:00:00Z", 200_000, 64_000),
        Model("claude-opus-4-8", "Claude Opus 4.8", "2026-05-28T00:00:00Z", 1_000_000, 128_000),
        Model("claude-opus-4-7", "Claude Opus 4.7", "2026-04-16T00:00:00Z", 1_000_000, 128_000, system_turns=False),
        Model("claude-opus-4-6", "Claude Opus 4.6", "2026-02-04T00:00:00Z", 1_000_000, 128_000, True, True, True, system_turns=False),
        Model("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17T00:00:00Z", 1_000_000, 64_000, True, True, True, system_turns=False),
        Model("claude-sonnet-4-5", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", 200_000, 64_000, False, True, True, True, False),
        Model("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", 200_000, 64_000, False, True, True, True, False),
        Model("claude-haiku-4-5", "Claude Haiku 4.5", "2025-10-15T00:00:00Z", 200_000, 64_000, False, True, True, True, False),
    )
}
