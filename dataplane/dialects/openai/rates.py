"""Rate headers as OpenAI spells them."""

from dataplane.windows import Windows


def headers(windows: Windows, now_ms: int) -> list[tuple[str, str]]:
    """Names and values at `now_ms` (epoch milliseconds); a limit that never resets has no reset."""
    found = []
    for unit, window in windows.each():
        found += [(f"x-ratelimit-limit-{unit}", str(window.limit)), (f"x-ratelimit-remaining-{unit}", str(window.left))]
        if window.resets_at_ms:
            found.append((f"x-ratelimit-reset-{unit}", duration(window.resets_at_ms - now_ms)))
    return found


def duration(ms: int) -> str:
    """As Go writes it: "6h2m0s", "1m30s", "250ms"; from a second on whole seconds, rounded up."""
    if ms <= 0:
        return "0s"
    if ms < 1000:
        return f"{ms}ms"
    minutes, seconds = divmod(-(-ms // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
