"""Who changed what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One change through REST. `before` and `after` are what the administrator could read then, without
    any secret; None where there was nothing. `action` is "key.update", `target` the id of what was changed.
    """

    at_ms: int
    actor: str
    address: str
    action: str
    target: str
    target_name: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Filters of the audit log; None: any. `action` may be its first half, "key"; so may those that are left out."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    limit: int = 50
    cursor: str | None = None
    without: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Newest first; `cursor` continues, None at the end."""

    changes: Sequence[Change]
    cursor: str | None
