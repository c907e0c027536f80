"""The one caller of time."""

import asyncio
import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()  # noqa: TID251 - this is the place where it is read

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
