"""Compress: is the conversation long? Then the summarizer may shorten it.

Only the key's reservation is held meanwhile, never an account. Whatever goes wrong, the conversation
passes as it came; where it cannot fit, the client is told so.
"""

from dataclasses import replace

from dataplane import telemetry
from dataplane.catalogue import Catalogue
from dataplane.compacting import compacts
from dataplane.conversation.estimate import guessed_tokens, media, prompt_tokens
from dataplane.conversation.model import Call
from dataplane.errors import ContextTooLong
from dataplane.memory import MARGIN
from dataplane.ports import Client, Policy, Reservation, Shortening, Summarizer
from dataplane.progress import Progress, Request

# A client's header that refuses, and ours that tells. What takes long is told to be under way, for headers go out meanwhile.
REFUSING, OFF = b"x-headgate-compress", b"off"
TOLD, UNDER_WAY = "x-headgate-compressed", "pending"
# Nothing so short is worth a thought.
LEAST_TOKENS = 2000
# Nobody talks so long. To go through more of them would hold up everybody else, here and in the summarizer.
MOST_TURNS = 20_000
# What models read whose window nobody has told.
USUAL_WINDOW = 200_000
# Room for an answer whose client names no length.
ANSWER_TOKENS = 4096
# An estimate may be this much too high: what is longer is not sent at all, for there are upstreams that would cut it silently.
DOUBT = 1.25
# How much of a request's time a summary may take: the rest is for the answer itself.
SHARE = 0.5


class Compression:
    """`first_token_seconds`: when an answer must have begun."""

    def __init__(self, summarizer: Summarizer, catalogue: Catalogue, first_token_seconds: float) -> None:
        self._summarizer = summarizer
        self._catalogue = catalogue
        self._patience = first_token_seconds

    def concerns(self, request: Request, call: Call) -> bool:
        """Whether the conversation may have to be shortened, as far as the model's name tells. Costs next to nothing for
        those that are short.
        """
        policy = self._catalogue.compression
        if (call.input_estimate < LEAST_TOKENS and len(call.turns) <= policy.turns) or not policy.enabled:
            return False
        if len(call.turns) > MOST_TURNS:
            return False
        if request.sent.get(REFUSING, b"").lower() == OFF:
            return False
        window = self._catalogue.window(call.model) or USUAL_WINDOW
        return not fits(call, window) or (long(call, policy, window) and not compacts(request.sent))

    async def shorten(self, call: Call, reservation: Reservation, progress: Progress, client: Client) -> Call:
        """The call to send. Raises ContextTooLong for one that no doubt is too long for the model."""
        if reservation.whole:
            return call
        window = reservation.context_window
        call = await self._shorter(call, reservation, progress, client)
        if window and length(call) > window * DOUBT:
            raise ContextTooLong(length(call), window)
        return call

    async def _shorter(self, call: Call, reservation: Reservation, progress: Progress, client: Client) -> Call:
        policy, window = self._catalogue.compression, reservation.context_window
        # Its client, or the upstream's own protocol, has better means than ours, as long as they help.
        only_to_fit = reservation.kind == call.family or compacts(progress.request.sent)
        if fits(call, window) and (only_to_fit or not long(call, policy, window or USUAL_WINDOW)):
            return call
        client.say(TOLD, UNDER_WAY)
        ask = Shortening(
            key_id=reservation.key_id,
            request_id=progress.request.id,
            overhead_tokens=prompt_tokens(replace(call, turns=[])),
            room_tokens=room(call, window),
            only_to_fit=only_to_fit,
            policy=policy,
            seconds=min(policy.seconds, SHARE * self._left(progress.request)),
            threshold_tokens=threshold(policy, window or USUAL_WINDOW),
        )
        with telemetry.COMPRESSING.time():
            turns, progress.shortened = await self._summarizer.compress(call, ask)
        client.say(TOLD, "")
        if progress.shortened is not None:
            telemetry.compressed(progress.shortened.how, progress.shortened.saved_tokens, progress.shortened.spent_tokens)
        if turns is None or progress.shortened is None:
            return call
        client.say(TOLD, f"turns={progress.shortened.replaced_turns};saved={progress.shortened.saved_tokens}")
        shorter = replace(call, turns=list(turns), media=media(turns), raw=b"")
        # The encoder was made for the call as it came, and tells its client the size of what is sent.
        call.input_estimate = shorter.input_estimate = prompt_tokens(shorter)
        return shorter

    def _left(self, request: Request) -> float:
        return max(0.0, self._patience - request.elapsed_ms() / 1000)


def length(call: Call) -> int:
    """Its estimated tokens, as far as they are more than a guess."""
    return call.input_estimate - guessed_tokens(call)


def long(call: Call, policy: Policy, window: int) -> bool:
    """Whether it is above what is left alone."""
    return length(call) > threshold(policy, window) or len(call.turns) > policy.turns


def threshold(policy: Policy, window: int) -> int:
    """Tokens above which a conversation is long."""
    return policy.tokens or window // 2


def fits(call: Call, window: int) -> bool:
    """Whether the model can read it and still answer, as far as can be told; 0 is a window that nobody has told."""
    return not window or length(call) * MARGIN <= room(call, window)


def room(call: Call, window: int) -> int:
    """What the answer leaves of the window."""
    return window - min(call.sampling.max_tokens or ANSWER_TOKENS, window // 2)
