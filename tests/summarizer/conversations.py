"""Conversations for tests: builders by hand, random ones, and what no upstream would accept."""

from collections import Counter
from hashlib import blake2b
from math import ceil
from random import Random

from hypothesis import strategies as st

from headgate.tokens import text_tokens
from summarizer.shortening.conversation import Call, Conversation, Opaque, Result, Text, Turn

SPOKEN = "the file config parser must read lines before tests run again because we decided on a smaller cache 我们 决定 采用 数据库"
BOOK = " ".join(Random(0).choices(SPOKEN.split(), k=5000))
TOOLS = ("Read", "Write", "Edit", "Bash", "Grep")
KINDS = ("plain", "plain", "tools", "tools", "tools", "parallel", "several", "system", "opaque", "abandoned", "orphan", "first_calls")


def turn(role, *parts, tokens=None):
    """A turn of those parts; a string is a text."""
    parts = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    if tokens is None:
        tokens = ceil(4 + sum(text_tokens(words(part)) for part in parts))
    return Turn(role, parts, tokens, blake2b(repr((role, parts)).encode("utf-8", "surrogatepass"), digest_size=16).digest())


def words(part):
    match part:
        case Text(text) | Result(_, text):
            return text
        case Call(_, name, arguments):
            return name + arguments
    return "x" * 1500


def user(*parts, tokens=None):
    return turn("user", *parts, tokens=tokens)


def assistant(*parts, tokens=None):
    return turn("assistant", *parts, tokens=tokens)


def system(*parts, tokens=None):
    return turn("system", *parts, tokens=tokens)


def chat(exchanges, tokens=100):
    """Questions and answers of equal size, and a last question."""
    said = [one for n in range(exchanges) for one in (user(f"question {n}", tokens=tokens), assistant(f"answer {n}", tokens=tokens))]
    return [*said, user("and now?", tokens=tokens)]


def work(rounds, tokens=100):
    """One request, and tool work in which nobody speaks."""
    said = [user("do it", tokens=tokens)]
    for n in range(rounds):
        said += [assistant(Call(f"c{n}", "Bash", "{}"), tokens=tokens), user(Result(f"c{n}", f"line {n}"), tokens=tokens)]
    return said


class Maker:
    """Grows a conversation of pieces of the kinds above. Ids of calls repeat."""

    def __init__(self, seed, scale, first_user=True):
        """`scale`: words of a text, on average."""
        self.chance = Random(seed)
        self.scale = scale
        self.turns = [user(self.text())] if first_user else []

    def text(self):
        size = min(max(6, int(6 * self.chance.expovariate(1 / self.scale))), len(BOOK) // 2)
        begin = self.chance.randrange(len(BOOK) - size)
        return BOOK[begin : begin + size]

    def call(self, id=None):
        arguments = f'{{"path": "src/{self.chance.randrange(9)}.py"}}'
        return Call(id or f"call_{self.chance.randrange(6)}", self.chance.choice(TOOLS), arguments)

    def result(self, call):
        opaque = ("image",) if self.chance.random() < 0.1 else ()
        return Result(call.id, self.text(), self.chance.random() < 0.1, opaque)

    def add(self, kind):
        getattr(self, kind)()
        return self

    def plain(self):
        self.turns += [assistant(self.text()), user(self.text())]

    def tools(self):
        call = self.call()
        self.turns += [assistant(self.text(), call), user(self.result(call))]

    def parallel(self):
        """Answered in one turn or, as some clients do, in several; in any order."""
        calls = [self.call(f"p{self.chance.randrange(3)}_{n}") for n in range(self.chance.randint(2, 4))]
        self.turns.append(assistant(*calls))
        results = [self.result(call) for call in self.chance.sample(calls, len(calls))]
        cut = self.chance.randint(0, len(results) - 1)
        self.turns += [user(*some) for some in (results[:cut], results[cut:]) if some]

    def several(self):
        self.turns += [user(self.text()) for _ in range(self.chance.randint(1, 3))]

    def system(self):
        self.turns.append(system(self.text()))

    def opaque(self):
        self.turns += [assistant(Opaque("reasoning"), self.text()), user(Opaque(self.chance.choice(("image", "document"))), self.text())]

    def abandoned(self):
        """The user went on before the call was answered."""
        self.turns += [assistant(self.call()), user(self.text()), assistant(self.text()), user(self.text())]

    def orphan(self):
        self.turns += [assistant(self.text()), user(Result(f"nobody_{self.chance.randrange(3)}", self.text()))]

    def first_calls(self):
        self.turns += [assistant(self.call("open"), self.call("open2")), user(Result("open", self.text()), self.text())]

    def answer(self):
        self.turns.append(assistant(self.text()))

    def late(self):
        """An answer that comes long after."""
        self.turns += [assistant(self.text()), user(Result(self.chance.choice(("open", "open2", "call_1", "p0_0")), self.text()))]


@st.composite
def talks(draw, longest=60, kinds=KINDS, scales=(5, 30, 60, 200)):
    """The turns of a conversation that ends with what is to be answered."""
    maker = Maker(draw(st.integers(0, 2**32)), draw(st.sampled_from(scales)), first_user=draw(st.integers(0, 9)) > 0)
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6))
    for _ in range(draw(st.integers(1, longest))):
        maker.add(maker.chance.choice(chosen))
    return maker.turns


@st.composite
def conversations(draw, odd=True, **how):
    """Any conversation; `odd`: also with calls answered late, and with answers begun by the client."""
    kinds = (*KINDS, "late", "answer") if odd else KINDS
    turns = draw(talks(kinds=kinds, **how))
    return Conversation(turns, draw(st.sampled_from((0, 900, 6000))), draw(st.sampled_from((0, 0, 3000, 8000, 20_000, 60_000))))


def loose(turns):
    """Calls without a result and results without a call, in the whole: by id, how many. A result is of the nearest call before it."""
    latest, unanswered, orphans = {}, set(), Counter()
    for place, one in enumerate(turns):
        for nth, part in enumerate(one.parts):
            if isinstance(part, Call):
                latest[part.id] = (place, nth, part.id)
                unanswered.add((place, nth, part.id))
            elif isinstance(part, Result):
                if part.call_id in latest:
                    unanswered.discard(latest[part.call_id])
                else:
                    orphans[part.call_id] += 1
    return Counter(one for *_, one in unanswered), orphans


def prompt_faults(turns):
    """What Anthropic would say of these turns: consecutive turns of one role are one; a call is answered in the next turn,
    a result answers a call of the turn before; the first turn is a user's. By kind, how often.
    """
    merged = []
    for one in turns:
        if one.role == "system":
            continue
        if merged and merged[-1][0] == one.role:
            merged[-1][1].extend(one.parts)
        else:
            merged.append((one.role, list(one.parts)))
    faults = Counter({"first": 1} if merged and merged[0][0] != "user" else {})
    before = []
    for place, (_, parts) in enumerate(merged):
        after = merged[place + 1][1] if place + 1 < len(merged) else []
        answered = {part.call_id for part in after if isinstance(part, Result)}
        asked = {part.id for part in before if isinstance(part, Call)}
        faults["unanswered"] += sum(isinstance(part, Call) and part.id not in answered for part in parts)
        faults["orphan"] += sum(isinstance(part, Result) and part.call_id not in asked for part in parts)
        before = parts
    return faults
