"""Results that are kept, since a conversation brings the same picture with each of its turns."""

import asyncio
from collections import OrderedDict
from weakref import WeakValueDictionary

from dataplane.clients.media.job import Piece

Pieces = tuple[Piece, ...]


class Memory:
    """The results used last, up to `capacity` bytes of them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._kept: OrderedDict[bytes, Pieces] = OrderedDict()
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def turn(self, key: bytes) -> asyncio.Lock:
        """Held by whoever makes a result, so that the next one to want it finds it remembered."""
        return self._turns.setdefault(key, asyncio.Lock())

    def get(self, key: bytes) -> Pieces | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: bytes, pieces: Pieces) -> None:
        """Keep a result, at the cost of those that were not used for longest. One larger than all is not kept."""
        if key in self._kept or weight(pieces) > self._capacity:
            return
        self._kept[key] = pieces
        self._size += weight(pieces)
        while self._size > self._capacity:
            self._size -= weight(self._kept.popitem(last=False)[1])


def weight(pieces: Pieces) -> int:
    """About the bytes that a result takes; base64 and most text have one for each letter."""
    return sum(len(piece.text) + len(piece.data) + 200 for piece in pieces)
