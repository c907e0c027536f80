"""Python's cycle collector, told what a long-running service needs of it."""

import gc


def spare() -> None:
    """Leave alone what was loaded at the start, and look less often at what comes and goes.

    Requests leave few cycles behind, yet the default looks at everything alive every few dozen of
    them, which was measured as a quarter of the time of an admission. To be called once, after the
    service is wired.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
