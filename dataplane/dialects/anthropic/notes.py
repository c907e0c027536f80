"""What is written down beside the Call while a body is read."""

from typing import TypeAlias

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Media, Search

# Where a block is: the message, the block in it, the block in that.
At: TypeAlias = tuple[int, ...]

# A long conversation repeats itself: so many places of one feature are named.
MOST_PLACES = 20

# So much of a client's own words is repeated in an error about them.
QUOTED_CHARACTERS = 300


class Notes:
    """`dropped`, `asked` and `media` as in Call.

    The others are what earlier answers hold: where reasoning stands that is signed, unsigned or
    redacted, where a search does, and the searches by their ids.
    """

    __slots__ = ("asked", "dropped", "efforts", "media", "redacted", "searched", "searches", "signed", "unsigned")

    def __init__(self) -> None:
        self.dropped: list[str] = []
        self.asked: dict[Feature, list[str]] = {}
        self.media: list[Media] = []
        # The `output_config` of single messages, with their places.
        self.efforts: list[tuple[int, bytes]] = []
        self.signed: list[At] = []
        self.unsigned: list[At] = []
        self.redacted: list[At] = []
        self.searched: list[At] = []
        self.searches: dict[str, Search] = {}

    def ask(self, feature: Feature, path: str) -> None:
        self.asked.setdefault(feature, []).append(path)

    def ask_places(self) -> None:
        """Tell what was found in the messages. Once, at the end: most places are past the number that is named."""
        if self.signed:
            self.asked[Feature.REASONING] = paths(self.signed)
        if self.unsigned:
            self.asked[Feature.UNSIGNED_REASONING] = paths(self.unsigned)
        if self.redacted:
            self.asked[Feature.REDACTED_REASONING] = paths(self.redacted)
        if self.searched:
            self.asked[Feature.SEARCH_RESULTS] = paths(self.searched)


def path(at: At) -> str:
    inner = "".join([f".content[{place}]" for place in at[1:]])
    return f"messages[{at[0]}]{inner}"


def paths(places: list[At]) -> list[str]:
    """The first of `places`, each a block of a message."""
    return [f"messages[{i}].content[{j}]" for i, j in places[:MOST_PLACES]]
