"""One cell: a protocol at a kind of upstream. What is possible in it, docs/fidelity.md's table says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataplane.fidelity import cell as verdict
from tests.flow.matrix.asking import Ask, Sdk, Told
from tests.flow.matrix.upstreams import Upstream, words
from tests.stack import Stack


@dataclass
class Cell:
    """`lost` is what of the last request the table calls dropped, by the names of the wishes."""

    stack: Stack
    sdk: Sdk
    upstream: Upstream
    mode: str
    lost: Sequence[str] = ()

    @property
    def model(self) -> str:
        return f"{self.upstream.kind}/{self.upstream.model}"

    @property
    def thinker(self) -> str:
        return f"{self.upstream.kind}/{self.upstream.thinker}"

    @property
    def streamed(self) -> bool:
        return self.mode != "whole"

    @property
    def in_pieces(self) -> bool:
        """Whether the program sees the answer while it is made."""
        return self.streamed and self.upstream.streams

    def tell(self, ask: Ask, *wishes: str) -> Told:
        """A good answer to a request with these wishes. What was reported as dropped is what the table says, neither more nor less."""
        told = self.sdk.tell(ask, self.mode)
        assert told.error is None
        assert told.headers["x-headgate-model"] == ask.model
        assert told.usage is not None
        assert min(told.usage) > 0
        self.lost = [wish for wish in wishes if self.drops(wish)]
        paths = [path for wish in self.lost for path in self.sdk.written[wish]]
        self._reported(paths, [each for each in told.headers.get("x-headgate-dropped", "").split(",") if each])
        return told

    def drops(self, wish: str) -> bool:
        """Whether the table says that the upstream has no place for it."""
        fields = self.sdk.table.fields
        verdicts = {verdict(fields[path], self.sdk.table, self.upstream.column) for path in self.sdk.written[wish]}
        assert len(verdicts & {"dropped"}) == 0 or verdicts == {"dropped"}, "the parts of a wish share its fate"
        return verdicts == {"dropped"}

    def heard(self) -> Any:
        """The body that the upstream got last."""
        return self.upstream.heard(self.stack)

    def overheard(self, text: str) -> bool:
        """Whether the text was in it."""
        return text in words(self.heard())

    def _reported(self, paths: Sequence[str], reported: Sequence[str]) -> None:
        told = [re.sub(r"\[\d+\]", "[]", each) for each in reported]
        listed = [re.sub(r"\{[^}]*\}", "", path) for path in paths]
        assert [path for path in listed if not any(_within(path, each) for each in told)] == [], f"lost in silence; told: {reported}"
        assert [each for each in told if not any(_within(path, each) for path in listed)] == [], f"the table keeps it; told: {reported}"


def records(stack: Stack) -> list[dict[str, Any]]:
    """All usage records, newest first."""
    found: list[dict[str, Any]] = []
    path = "/api/requests?limit=200"
    while True:
        page = stack.admin("GET", path)
        found += page["requests"]
        if page["nextCursor"] is None:
            return found
        path = f"/api/requests?limit=200&cursor={page['nextCursor']}"


def _within(path: str, place: str) -> bool:
    """Whether a member is at a place or below it."""
    return path == place or path.startswith((f"{place}.", f"{place}["))
