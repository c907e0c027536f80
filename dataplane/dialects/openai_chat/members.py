"""Members of a choice that the canonical answer has no word for, put together from the pieces of a stream."""

from collections.abc import Iterable
from typing import Any

from dataplane.conversation.events import Vendor
from dataplane.wire.jsontext import loads

Object = dict[str, Any]


def fold(pieces: Iterable[Vendor], choice: Object) -> None:
    """Add them to a whole choice; what was in a delta belongs to its message."""
    for piece in pieces:
        members = loads(piece.data)
        merge(choice["message"], members.pop("delta", {}))
        merge(choice, members)


def merge(into: Object, members: Object) -> None:
    """Texts and lists go on where they stopped, objects member by member; anything else replaces what was."""
    for name, value in members.items():
        before = into.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merge(before, value)
        elif isinstance(before, str) and isinstance(value, str):
            into[name] = before + value
        elif isinstance(before, list) and isinstance(value, list):
            into[name] = [*before, *value]
        elif value is not None:
            into[name] = value
