"""Stream back: upstream bytes into events into dialect bytes, one send for each read.

The opening events are held back until there is real content, so that a fault reported inside a
good-looking stream can still be answered by another account.
"""

from collections.abc import Sequence

from dataplane.conversation.events import Event, Started, UsageSeen
from dataplane.dialects.base import Encoder
from dataplane.ports import Client, Stream
from dataplane.progress import Progress
from dataplane.upstreams.base import Decoder

# Events that are no content: they alone do not commit an answer.
PRELUDE = (Started, UsageSeen)


async def relay(stream: Stream, decoder: Decoder, encoder: Encoder, client: Client, progress: Progress) -> None:
    """Carry one answer from `stream` to `client`, to its regular end."""
    progress.decoder = decoder
    held: list[Event] = []
    while data := await stream.read():
        events = decoder.feed(data)
        if not events:
            continue
        if progress.first_event_ms is None or held:
            held += events
            if not content(held):
                continue
            progress.saw_first_event()
            events, held = held, []
        if piece := encoder.feed(events):
            await client.send(piece)
    last = held + decoder.finish()
    progress.saw_first_event()
    progress.ended(last)
    await client.finish(encoder.feed(last) + encoder.finish())


def content(events: Sequence[Event]) -> bool:
    """Whether anything here is worth committing to."""
    return any(not isinstance(event, PRELUDE) for event in events)
