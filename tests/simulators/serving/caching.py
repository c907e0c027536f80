"""Prompt caching as services do it: a prefix that came before, byte for byte, is not computed again."""

import hashlib
from collections.abc import Iterator, Sequence


class Prefixes:
    """Which prefixes are known, and until when. Times are seconds."""

    def __init__(self) -> None:
        self._known: dict[bytes, float] = {}

    def chain(self, seed: str, blocks: Sequence[bytes]) -> list[bytes]:
        """A digest for each prefix: the first block, the first two, ..."""
        return list(_chain(hashlib.sha256(seed.encode()).digest(), blocks))

    def knows(self, digest: bytes, now: float) -> bool:
        return self._known.get(digest, 0.0) > now

    def keep(self, digest: bytes, until: float) -> None:
        self._known[digest] = max(until, self._known.get(digest, 0.0))


def _chain(digest: bytes, blocks: Sequence[bytes]) -> Iterator[bytes]:
    for block in blocks:
        digest = hashlib.sha256(digest + hashlib.sha256(block).digest()).digest()
        yield digest
