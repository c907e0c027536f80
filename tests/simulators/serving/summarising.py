"""What a model answers that is asked for a summary by the gateway's summarizer: the planted facts, and nothing else.

A pure function of the prompt, so that whoever plants facts (`FACT-17: the port of the billing service is 8417.`) knows what has
to come out at the other end. The summarizer is known by the words of its tasks, which stand behind everything that is not its own.
"""

import re
from collections.abc import Iterable, Iterator

from summarizer.shortening.prompts import FOLD, TASK
from tests.simulators.serving.parts import CHARS_PER_TOKEN

NOTHING = "Nothing happened."

# A task up to its end, for what it asks for is in its middle.
_task = re.compile(
    "(?:" + "|".join(re.escape(task).replace(r"\{words\}", r"\d+").replace(r"\{tokens\}", r"(\d+)") for task in (TASK, FOLD)) + r")\s*\Z"
)
_matter = re.compile(r"<(conversation|known)>\n(.*)\n</\1>", re.DOTALL)
_fact = re.compile(r"FACT-\d+:[^\n<\"]*?(?=[.!?](?:\s|$)|[\n<\"]|$)")
_sentence = re.compile(r"(?<=[.!?])\s+|\n")
_mark = re.compile(r"<[^>\n]*>")


def summary(prompt: str) -> str | None:
    """Every fact of what is to be summarised, once, as many as fit into what is asked for; without any its first sentence.
    None for a prompt that asks for something else.
    """
    task = _task.search(prompt)
    if task is None:
        return None
    matter = summarised(prompt)
    found = facts(matter)
    return fitting(found or [first(matter)], int(next(filter(None, task.groups()))) * CHARS_PER_TOKEN)


def summarised(prompt: str) -> str:
    """Without what was summarised before and is not to be repeated."""
    return _matter.findall(prompt)[-1][1]


def facts(text: str) -> list[str]:
    """Those planted in it, each once."""
    return list(dict.fromkeys(_fact.findall(text)))


def first(text: str) -> str:
    """Its first sentence."""
    return next(_sentences(text), NOTHING)


def fitting(lines: Iterable[str], characters: int) -> str:
    """As many of the first as there is room for; of the very first at least its beginning."""
    words = ""
    for line in lines:
        if words and len(words) + len(line) + 2 > characters:
            break
        words += f"{line.rstrip('.')}.\n"
    return words.rstrip()[:characters]


def _sentences(text: str) -> Iterator[str]:
    return (line for piece in _sentence.split(text) if (line := _mark.sub("", piece).strip()))
