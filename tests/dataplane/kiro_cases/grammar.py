"""Client bodies of every sort that section 5 of the rules has cases for, good and broken, in both forms.

One grammar over a source of chances: Hypothesis' own, which shrinks what it finds, or a seeded one for
a conversation of thousands of messages. Every text that is not blank begins with a number of its own,
by which it is found again in what is sent.
"""

import base64
from itertools import count
from random import Random

from tests.dataplane.clients.media.files import picture
from tests.dataplane.kiro_cases.bodies import A, F, O, T, a, image, image_url, system, tc, text, thinking, told, tr, tu, u
from tests.dataplane.kiro_cases.gate import redacted, signature

BLANKS = ("", " ", "\n\t", "\u3000")
WORDS = (
    "word",
    "two\n\nparts",
    "é漢🙂",
    "\x00\x1b[0mred",
    "half \ud83d of a pair",
    "\ude00 at the front",
    " trailing \r\n",
    "\u200f\u202eRTL",
    '{"a": [1, "\\ud83d"]}',
    "</thinking> <invoke>",
)
IDS = ("1", "2", "tool_0", "toolu_01A", "call_a\nfc_b", "call_a|fc_b", "x" * 70, "x" * 64, "工具", "id \ud83d")
NAMES = ("Read", "Bash", "web_search", "my.tool", "my tool", "my_tool", "$WEB", "工具", "n" * 80, "mcp__a-b__c", "\ud83dname")
INPUTS = ({}, {"path": "a", "n": 1e3}, {"é": {"漢": ["🙂", None]}}, [1], "str", None, 7, {"half": "\ud83d"})
ARGUMENTS = ("", "{}", '{"a": 1}', "[1]", "null", "{bad", '"str"', '{"a":"\\ud83d"}', '{"a":1}{"a":1}', " ", "\ud83d", '{"a":"\ud83d"}')
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "name": {"type": "string", "format": "uri"}}}
SCHEMAS = (
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    {},
    {"$schema": "x", "type": "object", "properties": None, "required": None, "additionalProperties": False},
    {"type": "object", "properties": {"in": {"type": "object", "required": []}}, "required": []},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {"anyOf": [NODE, {"type": "object", "properties": {"x": {"const": 1}}}], "$defs": {"node": NODE}},
    {"oneOf": [{"type": "string"}, {"type": "null"}]},
    {"type": ["object", "null"], "properties": {"n": {"exclusiveMinimum": 0, "maximum": 9007199254740991, "pattern": "^\\d"}}},
    {"type": "array", "items": {"type": "string"}, "propertyNames": {"pattern": "x"}},
    {"type": "object", "properties": {"\ud83d": {"default": "\ud83d", "enum": ["\ud83d"]}}, "x-vendor": None},
    {"type": "object", "properties": {"a": True, "b": False}, "required": ["a", 1, "a"], "title": 5},
)
DESCRIPTIONS = ("Does it.", "", " ", "漢" * 3_500, "half \ud83d")
SERVED = (
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    {"type": "bash_20250124", "name": "bash"},
    {"type": "code_execution_20250522", "name": "code_execution"},
)
HOSTED = ({"type": "web_search"}, {"type": "image_generation"}, {"type": "custom", "custom": {"name": "apply_patch"}})
PICTURES = tuple(base64.b64encode(picture(kind, (9 + n, 8))).decode() for n, kind in enumerate(("PNG", "JPEG", "WEBP", "BMP")))
ODD_PICTURES = ("%%%", base64.b64encode(b"\x00\x00\x00\x18ftypheic").decode())
CHOICES_A = ({"type": "auto"}, {"type": "none"}, {"type": "any"}, {"type": "auto", "disable_parallel_tool_use": True})
CHOICES_O = ("auto", "none", "required")
FORM = {"type": "object", "properties": {"answer": {"type": "string"}}}


class Grammar:
    """Draws bodies. `odd` is the chance that a picture is none."""

    def __init__(self, random: Random, odd: float = 0.02) -> None:
        self._random = random
        self._odd = odd
        self._serial = count(1)

    # ---- chances

    def maybe(self, chance: float) -> bool:
        return self._random.random() < chance

    def one(self, things):
        return things[self._random.randrange(len(things))]

    def number(self, most: int, least: int = 0) -> int:
        return self._random.randint(least, most)

    def words(self) -> str:
        return self.one(BLANKS) if self.maybe(0.15) else f"«{next(self._serial)}»{self.one(WORDS)}"

    # ---- what both forms share

    def loop(self, make) -> list:
        """A round of calls and their results: in good order, or with some lost, repeated, moved or of nobody."""
        calls = [(self.one(IDS) if self.maybe(0.4) else f"toolu_{next(self._serial)}", self.one(NAMES)) for _ in range(self.number(3, 1))]
        ids = [key for key, _ in calls if not self.maybe(0.15)]
        if self.maybe(0.15):
            ids.append(self.one(IDS))
        if self.maybe(0.2):
            self._random.shuffle(ids)
        return make(calls, ids)

    def body(self, messages: int) -> dict:
        return self.envelope(self.conversation(messages))

    def conversation(self, least: int) -> list:
        """At least that many messages."""
        found: list = []
        while len(found) < least:
            found += self.one(self.RULES)(self)
        return found

    def tools(self, make, served) -> list:
        found = [make(self.one(NAMES), self.one(SCHEMAS), self.one(DESCRIPTIONS)) for _ in range(self.number(4))]
        return found + [each for each in served if self.maybe(0.15)]

    def question(self) -> list:
        return [u(self.content())]

    def envelope(self, messages: list) -> dict:
        raise NotImplementedError

    def content(self):
        raise NotImplementedError

    RULES: tuple = ()


class Messages(Grammar):
    """Bodies of /v1/messages."""

    form = "A"

    def envelope(self, messages):
        more = {}
        if self.maybe(0.5):
            more["system"] = self.words() if self.maybe(0.5) else [text(self.words()) for _ in range(self.number(2))]
        if self.maybe(0.7):
            more["tools"] = self.tools(T, SERVED)
        if self.maybe(0.3):
            more["tool_choice"] = self.choice(more.get("tools", []))
        if self.maybe(0.3):
            more["thinking"] = self.one(({"type": "enabled", "budget_tokens": 2000}, {"type": "adaptive"}, {"type": "disabled"}))
        if self.maybe(0.1):
            more["output_format"] = {"type": "json_schema", "schema": FORM}
        if self.maybe(0.2):
            more |= {"stop_sequences": ["X"], "temperature": 0, "metadata": {"user_id": "u"}, "max_tokens": self.number(9999, 1)}
        return A(*messages, **more)

    def choice(self, tools):
        named = [{"type": "tool", "name": tool["name"]} for tool in tools[:1]]
        return self.one((*CHOICES_A, *named))

    def content(self):
        if self.maybe(0.4):
            return self.words()
        return [self.block() for _ in range(self.number(3))]

    def block(self):
        if self.maybe(0.12):
            return self.picture()
        if self.maybe(0.05):
            return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": self.words()}, "title": "n.txt"}
        return text(self.words())

    def picture(self):
        return image(
            self.one(ODD_PICTURES) if self.maybe(self._odd) else self.one(PICTURES), self.one(("image/png", "image/jpg", "image/heic"))
        )

    def thought(self):
        words = self.words()
        own = "plain" if "\ud83d" in words or "\ude00" in words else words
        return self.one(
            (
                thinking(words),
                thinking(words, "foreign"),
                thinking(words, signature(words.encode("utf-8", "replace").decode(), account="account-2")),
                thinking(own, signature(own)) if own.strip() else thinking(""),
                {"type": "redacted_thinking", "data": redacted()},
            )
        )

    def answer(self):
        blocks = [self.thought()] if self.maybe(0.3) else []
        blocks += [text(self.words()) for _ in range(self.number(2))]
        return [a(self.words() if self.maybe(0.3) else blocks)]

    def instruct(self):
        return [system(self.words() if self.maybe(0.5) else [text(self.words())])]

    def searched(self):
        key, query = f"srvtoolu_{next(self._serial)}", {"query": self.words()}
        hits = [
            {
                "type": "web_search_result",
                "url": "http://a",
                "title": "t",
                "encrypted_content": base64.b64encode(self.hit().encode()).decode(),
            }
            for _ in range(self.number(2))
        ]
        found = {"type": "web_search_tool_result_error", "error_code": "unavailable"} if self.maybe(0.2) else hits
        blocks = [text(self.words()), {"type": "server_tool_use", "id": key, "name": "web_search", "input": query}]
        blocks += [] if self.maybe(0.1) else [{"type": "web_search_tool_result", "tool_use_id": key, "content": found}]
        return [a([*blocks, text(self.words())])]

    def hit(self):
        return self.words().encode("utf-8", "replace").decode()

    def acted(self):
        return self.loop(self._acted)

    def _acted(self, calls, ids):
        said = [text(self.words())] if self.maybe(0.5) else []
        made = a([*said, *(tu(key, name, self.one(INPUTS)) if self.maybe(0.9) else self._bare(key, name) for key, name in calls)])
        results = [tr(key, self.output(), **({"is_error": self.maybe(0.5)} if self.maybe(0.3) else {})) for key in ids]
        if self.maybe(0.15):
            return [made, *self.question(), *self.answer(), u(results)]
        tail = [self.block()] if self.maybe(0.3) else []
        return [made, u([*results, *tail])]

    def _bare(self, key, name):
        return {"type": "tool_use", "id": key, "name": name}

    def output(self):
        if self.maybe(0.1):
            return None
        if self.maybe(0.5):
            return self.words()
        return [self.picture() if self.maybe(0.2) else text(self.words()) for _ in range(self.number(2))]

    RULES = (Grammar.question, answer, instruct, searched, acted, acted)


class Chat(Grammar):
    """Bodies of /v1/chat/completions."""

    form = "O"

    def envelope(self, messages):
        more = {}
        if self.maybe(0.7):
            more["tools"] = self.tools(F, HOSTED)
        if self.maybe(0.3):
            named = [
                {"type": "function", "function": {"name": tool["function"]["name"]}}
                for tool in more.get("tools", [])[:1]
                if "function" in tool
            ]
            more["tool_choice"] = self.one((*CHOICES_O, *named))
        if self.maybe(0.1):
            more["parallel_tool_calls"] = False
        if self.maybe(0.2):
            form = {"type": "json_schema", "json_schema": {"name": "f", "schema": FORM}}
            more["response_format"] = self.one(({"type": "text"}, {"type": "json_object"}, form))
        if self.maybe(0.2):
            more |= {"reasoning_effort": self.one(("none", "minimal", "high", "xhigh")), "temperature": 1, "stop": "X", "seed": 1}
        return O(*messages, **more)

    def content(self):
        if self.maybe(0.5):
            return self.words() if self.maybe(0.95) else None
        return [self.part() for _ in range(self.number(3))]

    def part(self):
        if not self.maybe(0.12):
            return text(self.words())
        data = self.one(ODD_PICTURES) if self.maybe(self._odd) else self.one(PICTURES)
        return image_url(f"data:image/png;base64,{data}")

    def answer(self):
        more = {"reasoning_content": self.words()} if self.maybe(0.2) else {}
        return [a(self.words() if self.maybe(0.8) else [text(self.words())], **more)]

    def instruct(self):
        return [{"role": self.one(("system", "developer")), "content": self.words()}]

    def acted(self):
        return self.loop(self._acted)

    def _acted(self, calls, ids):
        made = a(self.words() if self.maybe(0.3) else None, tool_calls=[tc(key, name, self.one(ARGUMENTS)) for key, name in calls])
        results = [told(key, self.words() if self.maybe(0.6) else [text(self.words())]) for key in ids]
        between = self.answer() if self.maybe(0.15) else []
        if between and self.maybe(0.5):
            between = [*self.question(), *between]
        return [made, *between, *results]

    RULES = (Grammar.question, answer, instruct, acted, acted)


def appended(body: dict, *messages) -> dict:
    return {**body, "messages": [*body["messages"], *messages]}
