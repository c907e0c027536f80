"""What people and models said, found by rules: what they wanted, decided, asked. In their own words, a line each.

Of every text only its beginning and end are looked at, and every pattern takes time in proportion to that.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from summarizer.shortening.conversation import Role, Text, Turn
from summarizer.shortening.framing import line

# Characters of one text that are looked at, from either end; and of all texts together, for decisions, from the latest back.
LOOK, LOOK_BACK = 2000, 200_000
INTENT_CHARACTERS, SENTENCE_CHARACTERS = 300, 200
MOST_DECISIONS, MOST_QUESTIONS = 20, 10

# Clients put notes of their own into the user's mouth, between tags.
_note = re.compile(r"\s{0,8}<[A-Za-z][\w-]{0,40}>")
_sentence = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|[\r\n]+")  # noqa: RUF001 - Chinese marks
# What anybody says who decides, in lower case.
_decision = re.compile(
    r"\b(?:decid(?:ed|es|ing)|decision|agreed|cho(?:se|sen)|opted|settled on|let['’]s (?:use|go|keep|do|not)"  # noqa: RUF001
    r"|(?:i|we)(?:['’]ll| will) (?:use|keep|go with|switch|adopt|avoid|stick)|go(?:ing)? with|switch(?:ed|ing)? to"  # noqa: RUF001
    r"|instead of|rather than)\b"
    r"|决定|采用|改用|改为|选用|选择了|确定用|确定使用|就用|统一用|统一使用|约定|敲定"
)
# What a user says who sets a condition; models say it about anything.
_condition = re.compile(
    r"\b(?:must|never|always|don['’]t|do not|only use|prefer|make sure|no need to|should(?: not|n['’]t)?)\b"  # noqa: RUF001
    r"|不要|必须|禁止|不能|务必|一律|只能|请勿|不许|应该|优先"
)


def intents(turns: Sequence[Turn]) -> Iterator[str]:
    """The user's first words, and the last where these are others."""
    first = next(words(turns, "user"), "")
    latest = next(words(tuple(reversed(turns)), "user"), "")
    if first:
        yield line(first, INTENT_CHARACTERS)
    if latest and latest != first:
        yield f"most recently: {line(latest, INTENT_CHARACTERS)}"


def decisions(turns: Sequence[Turn]) -> list[str]:
    """The latest, oldest first."""
    found = dict.fromkeys(islice(_decided(turns), MOST_DECISIONS))
    return list(reversed(found))


def _decided(turns: Sequence[Turn]) -> Iterator[str]:
    left = LOOK_BACK
    for turn in reversed(turns):
        if left <= 0:
            return
        texts = [] if turn.role == "system" else list(said(turn))
        for sentence in reversed([each for text in texts for each in sentences(text)]):
            left -= len(sentence)
            small = sentence.lower()
            if _decision.search(small) or (turn.role == "user" and _condition.search(small)):
                yield f"{turn.role}: {line(sentence, SENTENCE_CHARACTERS)}"


def questions(turns: Sequence[Turn]) -> list[str]:
    """Those at the end to which the other side has said nothing yet, oldest first."""
    found: list[str] = []
    asking: Role | None = None
    for turn in reversed(turns):
        texts = [] if turn.role == "system" else list(said(turn))
        if not texts:
            continue
        if asking not in (None, turn.role) or len(found) >= MOST_QUESTIONS:
            break
        asking = turn.role
        asked = [each for text in texts for each in sentences(text) if each.endswith(("?", "？"))]  # noqa: RUF001
        found += [f"{turn.role}: {line(each, SENTENCE_CHARACTERS)}" for each in reversed(asked)]
    return found[:MOST_QUESTIONS][::-1]


def words(turns: Sequence[Turn], role: Role) -> Iterator[str]:
    """What one side said."""
    return (text for turn in turns if turn.role == role for text in said(turn))


def said(turn: Turn) -> Iterator[str]:
    """Its texts, but for notes that a client added and what is blank."""
    for part in turn.parts:
        if isinstance(part, Text) and part.text and not part.text.isspace() and not (turn.role == "user" and _note.match(part.text)):
            yield part.text


def sentences(text: str) -> list[str]:
    """Those at the beginning and end; code between fences is not speech."""
    prose = " \n".join(piece for end in ends(text) for piece in end.split("```")[::2])
    return [sentence for each in _sentence.split(prose) if (sentence := each.strip())]


def ends(text: str) -> list[str]:
    """The text; of a long one the pieces that are looked at."""
    return [text] if len(text) <= 2 * LOOK else [text[:LOOK], text[-LOOK:]]
