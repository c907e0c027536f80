"""What a body asks for beside the conversation itself, each thing under the client's own path."""

from dataplane.conversation.features import Feature

# Enough to show the client what is meant; a long history could name thousands of places.
PATHS = 20


class Findings:
    """`asked` is what an upstream may have to leave out, `dropped` what has no seat in the canonical conversation."""

    __slots__ = ("asked", "dropped")

    def __init__(self) -> None:
        self.asked: dict[Feature, list[str]] = {}
        self.dropped: list[str] = []

    def ask(self, feature: Feature, path: str) -> None:
        paths = self.asked.setdefault(feature, [])
        if len(paths) < PATHS:
            paths.append(path)

    def drop(self, path: str) -> None:
        self.dropped.append(path)
