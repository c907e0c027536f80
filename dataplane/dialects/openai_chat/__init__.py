"""OpenAI chat completions: POST /v1/chat/completions.

The body is described in `body`, read by `parse` with its parts `messages`, `tools` and `options`,
and answered by `encoder`; `fields` tells what becomes of each member.
"""

from collections.abc import Mapping, Sequence

from dataplane.conversation.kept import Recalled
from dataplane.conversation.model import Call, Stamp
from dataplane.dialects.base import Encoder, Listed
from dataplane.dialects.openai import errors, models, rates
from dataplane.dialects.openai_chat import parse
from dataplane.dialects.openai_chat.encoder import StreamEncoder, WholeEncoder
from dataplane.errors import GatewayError
from dataplane.windows import Windows

# The one thing in an event stream that no client takes for an event.
COMMENT = b": \n\n"


class OpenAIChat:
    """The dialect as the line sees it."""

    name = "openai-chat"
    keepalive = COMMENT
    heartbeat = COMMENT
    headers = ()

    def recalls(self, body: bytes) -> None:  # noqa: ARG002 - each request holds its whole conversation
        return None

    def parse(self, body: bytes, recalled: Recalled | None = None) -> Call:  # noqa: ARG002 - as above
        """Raises InvalidRequest naming the field at fault."""
        call = parse.parse(body)
        call.raw = body
        return call

    def encoder(self, call: Call, stamp: Stamp) -> Encoder:
        return StreamEncoder(call, stamp) if call.stream else WholeEncoder(call, stamp)

    def error(self, error: GatewayError, request_id: str) -> tuple[int, bytes]:  # noqa: ARG002 - OpenAI's shape has no seat for the id
        return errors.status(error), errors.render(error)

    def rate_headers(self, windows: Windows, now_ms: int) -> list[tuple[str, str]]:
        return rates.headers(windows, now_ms)

    def models(self, listed: Sequence[Listed], query: Mapping[str, str]) -> bytes:  # noqa: ARG002 - OpenAI's list has no pages
        return models.models(listed)

    def model(self, listed: Listed) -> bytes:
        return models.model(listed)
