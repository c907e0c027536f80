"""How many tokens a text is likely to be, without a tokenizer.

Used for the honest first figure (reservation, count_tokens, message_start) that upstream figures
correct later. Two constants, chosen so that English prose and code, Cyrillic and Chinese come out
near the tokenizers of the models behind the gateway: about 3.5 characters a token for ASCII, and
0.4 tokens for each further UTF-8 byte (a Chinese character is then 1.1 tokens, a Cyrillic 0.7).
"""

from dataplane.conversation.model import Call, Document, Image, Part, Reasoning, Text, ToolCall, ToolResult

ASCII_PER_TOKEN = 3.5
TOKENS_PER_FURTHER_BYTE = 0.4
# What surrounds a turn or a tool on the wire.
TURN_TOKENS = 4
TOOL_TOKENS = 12
# A picture of the usual size; the true figure depends on its pixels.
IMAGE_TOKENS = 1500


def text_tokens(text: str) -> float:
    """Tokens of `text`, as a fraction so that sums of small pieces do not drift."""
    tokens = len(text) / ASCII_PER_TOKEN
    if not text.isascii():
        tokens += (len(text.encode("utf-8", "surrogatepass")) - len(text)) * TOKENS_PER_FURTHER_BYTE
    return tokens


def prompt_tokens(call: Call) -> int:
    """Tokens of everything `call` sends; at least 1."""
    tokens = sum(text_tokens(text) for text in call.system)
    for turn in call.turns:
        tokens += TURN_TOKENS + sum(map(_part_tokens, turn.parts))
    for tool in call.tools:
        tokens += TOOL_TOKENS + text_tokens(tool.name) + text_tokens(tool.description) + len(tool.schema) / ASCII_PER_TOKEN
    return max(1, round(tokens))


def _part_tokens(part: Part) -> float:
    match part:
        case Text(text):
            return text_tokens(text)
        case Reasoning():
            return text_tokens(part.text)
        case ToolCall():
            return text_tokens(part.name) + text_tokens(part.arguments)
        case ToolResult():
            return sum(map(_part_tokens, part.parts))
        case Image():
            return IMAGE_TOKENS
        case Document():
            return text_tokens(part.text) + len(part.data) / ASCII_PER_TOKEN
