"""How many tokens a text is likely to be, without a tokenizer.

Two constants, chosen so that English prose and code, Cyrillic and Chinese come out near the
tokenizers of the models behind the gateway: about 3.5 characters a token for ASCII, and 0.4 tokens
for each further UTF-8 byte (a Chinese character is then 1.1 tokens, a Cyrillic 0.7).
"""

ASCII_PER_TOKEN = 3.5
TOKENS_PER_FURTHER_BYTE = 0.4


def text_tokens(text: str) -> float:
    """Tokens of `text`, as a fraction so that sums of small pieces do not drift."""
    tokens = len(text) / ASCII_PER_TOKEN
    if not text.isascii():
        tokens += (len(text.encode("utf-8", "surrogatepass")) - len(text)) * TOKENS_PER_FURTHER_BYTE
    return tokens
