"""The protocols that clients speak."""

from tests.flow.matrix.chat import Chat
from tests.flow.matrix.messages import Messages
from tests.flow.matrix.responses import Responses

SDKS = (Chat, Responses, Messages)
