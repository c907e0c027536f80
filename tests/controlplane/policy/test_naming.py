import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.naming import EXACT, LONGEST, MOST_CLOSE, close, covers, find, headed, literal, names, same, spoken

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
TABLE = names(IDS)
SPOKEN = spoken(TABLE.normal)


def resolve(written, table):
    found = find(written, table)
    return found and found[1]


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
    assert resolve(written, TABLE) == model


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


def test_how_far_a_name_is_from_its_model():
    spelled = ("claude-sonnet-4.5", "claude-sonnet-4-5", "Claude-Sonnet-4.5", "claude-4.5-sonnet", "claude-sonnet-4.5-thinking")
    distances = [find(written, TABLE)[0] for written in spelled]
    assert distances[:2] == [EXACT, EXACT]
    assert distances[2:] == sorted(distances[2:])
    assert EXACT < distances[2] < distances[3] < distances[4]


def test_where_ids_are_literal_there_is_one_spelling():
    table = literal(["gpt-4.1", "org/Model-4.5"])
    assert find("gpt-4.1", table) == (EXACT, "gpt-4.1")
    assert find("org/Model-4.5", table) == (EXACT, "org/Model-4.5")
    for written in ("gpt-4-1", "GPT-4.1", "gpt-4.1-latest", "org/model-4.5", "Model-4.5"):
        assert find(written, table) is None


def test_close_names_help():
    assert close("claude-sonet-4.5", SPOKEN)[0] == "claude-sonnet-4.5"
    assert len(close("kiro/claude-sonnet-9", SPOKEN)) >= 3
    assert close("zzzzzzzz", SPOKEN) == ()


def test_of_a_list_of_any_length_few_are_compared_in_earnest(monkeypatch):
    compared = []
    monkeypatch.setattr("difflib.get_close_matches", lambda wanted, known, **_: compared.extend(known) or [])
    close("claude-sonnet-4.5", spoken({f"claude-{number}": "x" for number in range(5000)} | TABLE.normal))
    assert len(compared) == MOST_CLOSE


@pytest.mark.parametrize(
    ("name", "label", "said"), [("Team/x", "team", True), ("team/", "Team", True), ("team", "team", False), ("teams/x", "team", False)]
)
def test_names_that_begin_with_a_label(name, label, said):
    assert headed(name, label) is said


@given(st.text(max_size=2 * LONGEST))
def test_any_text_is_a_known_model_or_none(written):
    assert resolve(written, TABLE) in (None, *IDS)
    assert set(close(written, SPOKEN)) <= set(IDS)


@pytest.mark.parametrize(
    ("pattern", "model", "said"),
    [
        ("claude-sonnet-4.5", "claude-sonnet-4.5", True),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4.5", True),
        ("claude-haiku*", "claude-haiku-4.5", True),
        ("claude-*-4-5", "claude-haiku-4.5", True),
        ("*", "auto", True),
        ("claude-haiku*", "claude-sonnet-4.5", False),
        ("claude-sonnet", "claude-sonnet-4.5", False),
        ("claude.sonnet-4.5", "claude-sonnet-4.5", False),
        ("*4.5*1m", "claude-sonnet-4.5-1m", True),
        ("claude-*-4.5", "claude-sonnet-4.5-1m", False),
        ("c*c*auto", "auto", False),
        ("au*uto", "auto", False),
        ("*" * 60 + "!", "claude-sonnet-4.5", False),
    ],
)
def test_patterns(pattern, model, said):
    assert covers(pattern, model, TABLE) is said


VARIANTS = names(
    ("claude-sonnet-4", "claude-sonnet-4-20250514", "claude-sonnet-4-thinking", "claude-sonnet-4.5-thinking", "Claude-Opus-5-20260101")
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
        ("CLAUDE-sonnet-4-20250514", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4-20250514-thinking", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4-5-thinking", "claude-sonnet-4.5-thinking"),
        ("claude-sonnet-4.5", None),
        ("claude-opus-5", "Claude-Opus-5-20260101"),
        ("claude-opus-5-20260101-thinking", "Claude-Opus-5-20260101"),
        ("claude-opus-5-20270101", None),
        ("claude-opus-5-20270101-thinking", None),
    ],
)
def test_a_variant_with_an_id_of_its_own_is_no_spelling_of_another(written, model):
    assert resolve(written, VARIANTS) == model


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
def test_a_pattern_for_one_variant_is_for_no_other(pattern, model, said):
    assert covers(pattern, model, VARIANTS) is said


def test_of_two_releases_a_name_without_a_date_is_the_newer():
    table = names(("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022"))
    for written in ("claude-3-5-sonnet", "claude-3-5-sonnet-latest", "claude-sonnet-3.5"):
        assert resolve(written, table) == "claude-3-5-sonnet-20241022"
    assert resolve("claude-3-5-sonnet-20240620-thinking", table) == "claude-3-5-sonnet-20240620"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("claude-sonnet-4.5", "claude-sonnet-4-5-20250929", True),
        ("claude-opus-5.5", "claude-opus-5-5", True),
        ("claude-3-5-haiku-20241022", "claude-haiku-3.5", True),
        ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022", False),
        ("claude-sonnet-4.5", "claude-sonnet-4.5-1m", False),
        ("claude-sonnet-4", "claude-sonnet-4-thinking", False),
        ("claude-sonnet-4", "claude-sonnet-4.5", False),
        ("claude-opus-4.5", "claude-sonnet-4.5", False),
        ("gpt-5.6-sol", "gpt-5.6-luna", False),
    ],
)
def test_which_ids_of_two_vendors_are_one_model(one, other, said):
    assert same(one, other) is said
    assert same(other, one) is said
