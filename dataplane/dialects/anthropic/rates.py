"""Rate headers as Anthropic spells them."""

from datetime import UTC, datetime

from dataplane.windows import Windows

# The last second that a date can name.
LAST_SECOND = 253_402_300_799


def headers(windows: Windows) -> list[tuple[str, str]]:
    """Names and values; a limit that never resets has no reset."""
    found = []
    for unit, window in windows.each():
        prefix = f"anthropic-ratelimit-{unit}"
        found += [(f"{prefix}-limit", str(window.limit)), (f"{prefix}-remaining", str(window.left))]
        if window.resets_at_ms:
            found.append((f"{prefix}-reset", moment(window.resets_at_ms)))
    return found


def moment(epoch_ms: int) -> str:
    """RFC 3339 in UTC, whole seconds; never earlier than `epoch_ms`."""
    seconds = min(-(-epoch_ms // 1000), LAST_SECOND)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
