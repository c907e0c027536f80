import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.naming import LONGEST, Named, allowed, close, names, resolve

IDS = (
    "auto",
    "claude-sonnet-4.5",
    "claude-sonnet-4.5-1m",
    "claude-sonnet-4",
    "claude-opus-4.6",
    "claude-haiku-4.5",
    "claude-sonnet-5",
    "gpt-5.6-sol",
    "minimax-m2.1",
    "CLAUDE_3_7_SONNET_20250219_V1_0",
)
TABLE = names(IDS, ["kiro"], {"Work": ("kiro", "acc_1"), "anthropic-team": ("kiro", "acc_2")})

MEANINGS = {
    "claude-sonnet-4.5": "claude-sonnet-4.5",
    "claude-sonnet-4-5": "claude-sonnet-4.5",
    "Claude-Sonnet-4.5": "claude-sonnet-4.5",
    " claude-sonnet-4.5 ": "claude-sonnet-4.5",
    "claude-sonnet-4-5-20250929": "claude-sonnet-4.5",
    "anthropic/claude-sonnet-4-5-20250929": "claude-sonnet-4.5",
    "claude-code/claude-sonnet-4-5": "claude-sonnet-4.5",
    "claude-sonnet-4-5-latest": "claude-sonnet-4.5",
    "claude-sonnet-4.5-thinking": "claude-sonnet-4.5",
    "claude-sonnet-4-5-20250929-thinking": "claude-sonnet-4.5",
    "claude-4.5-sonnet": "claude-sonnet-4.5",
    "claude-4-5-sonnet": "claude-sonnet-4.5",
    "claude-sonnet-4.5[1m]": "claude-sonnet-4.5-1m",
    "claude-opus-4-6[1m]": "claude-opus-4.6",
    "claude-sonnet-4-20250514": "claude-sonnet-4",
    "claude-haiku-4-5-20251001": "claude-haiku-4.5",
    "claude-sonnet-5-latest": "claude-sonnet-5",
    "gpt-5-6-sol": "gpt-5.6-sol",
    "minimax-m2-1": "minimax-m2.1",
    "AUTO": "auto",
    "CLAUDE_3_7_SONNET_20250219_V1_0": "CLAUDE_3_7_SONNET_20250219_V1_0",
}


@pytest.mark.parametrize(("written", "model"), MEANINGS.items())
def test_spellings_of_a_model(written, model):
    assert resolve(written, TABLE) == Named(model)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "claude",
        "claude-sonnet",
        "claude-sonnet-4.6",
        "claude-sonnet-4-55",
        "claude-opus-4.5",
        "gpt-4",
        "claude-sonnet-4.5-2m",
        "kiro/",
        "/auto",
        "x" * 10_000,
    ],
)
def test_never_a_different_model(written):
    assert resolve(written, TABLE) is None


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("kiro/claude-sonnet-4-5", Named("claude-sonnet-4.5", "kiro")),
        ("KIRO/auto", Named("auto", "kiro")),
        ("work/claude-haiku-4.5", Named("claude-haiku-4.5", "kiro", "acc_1")),
        ("anthropic-team/auto", Named("auto", "kiro", "acc_2")),
        ("kiro/gpt-4", None),
        ("home/auto", None),
    ],
)
def test_prefixes_pin(written, named):
    assert resolve(written, TABLE) == named


def test_close_names_help_and_are_never_more_than_three():
    assert close("claude-sonet-4.5", TABLE)[0] == "claude-sonnet-4.5"
    assert len(close("kiro/claude-sonnet-9", TABLE)) == 3
    assert close("zzzzzzzz", TABLE) == ()


@given(st.text(max_size=2 * LONGEST))
def test_any_text_resolves_to_a_known_model_or_none(written):
    named = resolve(written, TABLE)
    assert named is None or named.model in IDS
    assert len(close(written, TABLE)) <= 3


@pytest.mark.parametrize(
    ("patterns", "model", "said"),
    [
        ((), "auto", True),
        (("claude-sonnet-4.5",), "claude-sonnet-4.5", True),
        (("claude-sonnet-4-5-20250929",), "claude-sonnet-4.5", True),
        (("kiro/claude-sonnet-4.5",), "claude-sonnet-4.5", True),
        (("claude-haiku*",), "claude-haiku-4.5", True),
        (("claude-*-4-5",), "claude-haiku-4.5", True),
        (("*",), "auto", True),
        (("claude-haiku*",), "claude-sonnet-4.5", False),
        (("claude-sonnet",), "claude-sonnet-4.5", False),
        (("claude.sonnet-4.5",), "claude-sonnet-4.5", False),
        (("gpt*", "auto"), "auto", True),
        (("work/auto",), "auto", False),
        (("kiro/claude-*-4.5",), "claude-haiku-4.5", True),
        (("*4.5*1m",), "claude-sonnet-4.5-1m", True),
        (("claude-*-4.5",), "claude-sonnet-4.5-1m", False),
        (("c*c*auto",), "auto", False),
        (("au*uto",), "auto", False),
        (("*" * 60 + "!",), "claude-sonnet-4.5", False),
    ],
)
def test_patterns_of_a_key(patterns, model, said):
    assert allowed(patterns, model, lambda written: resolve(written, TABLE)) is said


VARIANTS = names(
    ("claude-sonnet-4", "claude-sonnet-4-20250514", "claude-sonnet-4-thinking", "claude-sonnet-4.5-thinking", "Claude-Opus-5-20260101"),
    ["kiro"],
    {},
)


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("claude-sonnet-4", "claude-sonnet-4"),
        ("claude-sonnet-4-latest", "claude-sonnet-4"),
        ("claude-sonnet-4-thinking", "claude-sonnet-4-thinking"),
        ("Claude-Sonnet-4-Thinking", "claude-sonnet-4-thinking"),
        ("anthropic/claude-sonnet-4-thinking", "claude-sonnet-4-thinking"),
        ("claude-4-sonnet-thinking-latest", "claude-sonnet-4-thinking"),
        ("kiro/CLAUDE-sonnet-4-20250514", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4-20250514-thinking", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4-5-thinking", "claude-sonnet-4.5-thinking"),
        ("claude-sonnet-4.5", None),
        ("claude-opus-5", "Claude-Opus-5-20260101"),
    ],
)
def test_a_variant_with_an_id_of_its_own_is_no_spelling_of_another(written, model):
    named = resolve(written, VARIANTS)
    assert (named and named.model) == model


@pytest.mark.parametrize(
    ("pattern", "model", "said"),
    [
        ("claude-sonnet-4", "claude-sonnet-4", True),
        ("claude-sonnet-4", "claude-sonnet-4-thinking", False),
        ("claude-sonnet-4", "claude-sonnet-4-20250514", False),
        ("claude-sonnet-4-thinking", "claude-sonnet-4-thinking", True),
        ("claude-sonnet-4-thinking", "claude-sonnet-4", False),
        ("*-sonnet-4", "claude-sonnet-4-thinking", False),
        ("claude-sonnet-4*", "claude-sonnet-4-thinking", True),
    ],
)
def test_a_key_for_one_variant_is_for_no_other(pattern, model, said):
    assert allowed((pattern,), model, lambda written: resolve(written, VARIANTS)) is said
