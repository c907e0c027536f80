"""A summary, as it is made, remembered and put in the place of what it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said in the first `turns` turns of a conversation: `sections`, oldest first, each made by one model
    call that saw those before it.

    `name` stands for everything it was made from and with: tenant apart, the content of the turns, the model, and the
    part of the policy that shapes it. Two summaries of one name are equally good.
    """

    name: bytes
    turns: int
    sections: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return len(self.name) + sum(len(section.encode("utf-8", "surrogatepass")) for section in self.sections) + OVERHEAD


OVERHEAD = 256


@dataclass(frozen=True, slots=True)
class Passage:
    """Turns that were replaced, to be fetched for a while: those from `first` on, up to where the conversation is called
    `name`. `previous` is the name where it begins, b"" at the beginning. `turns` is JSON text, a list.
    """

    name: bytes
    previous: bytes
    first: int
    turns: bytes


@dataclass(frozen=True, slots=True)
class Replaced:
    """What one request's compression did. `passage` names where the replaced part ends, `opening` is JSON text: what
    stood in its place. `at` and `expires_at` are epoch milliseconds; `source` as in the contract, in lower case.
    """

    request_id: str
    key_id: str
    passage: bytes
    replaced_turns: int
    saved_tokens: int
    spent_tokens: int
    source: str
    opening: bytes
    at: int
    expires_at: int
    passages: Sequence[Passage] = field(default=())
