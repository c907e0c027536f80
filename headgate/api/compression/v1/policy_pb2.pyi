from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Policy(_message.Message):
    __slots__ = ("enabled", "tokens", "turns", "keep_turns", "tool_lookback", "batch_turns", "batch_characters", "ratio_thousandths", "life_minutes", "entries", "model", "key_tokens_a_day", "seconds", "original_hours")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    KEEP_TURNS_FIELD_NUMBER: _ClassVar[int]
    TOOL_LOOKBACK_FIELD_NUMBER: _ClassVar[int]
    BATCH_TURNS_FIELD_NUMBER: _ClassVar[int]
    BATCH_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    RATIO_THOUSANDTHS_FIELD_NUMBER: _ClassVar[int]
    LIFE_MINUTES_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    KEY_TOKENS_A_DAY_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    tokens: int
    turns: int
    keep_turns: int
    tool_lookback: int
    batch_turns: int
    batch_characters: int
    ratio_thousandths: int
    life_minutes: int
    entries: int
    model: str
    key_tokens_a_day: int
    seconds: int
    original_hours: int
    def __init__(self, enabled: _Optional[bool] = ..., tokens: _Optional[int] = ..., turns: _Optional[int] = ..., keep_turns: _Optional[int] = ..., tool_lookback: _Optional[int] = ..., batch_turns: _Optional[int] = ..., batch_characters: _Optional[int] = ..., ratio_thousandths: _Optional[int] = ..., life_minutes: _Optional[int] = ..., entries: _Optional[int] = ..., model: _Optional[str] = ..., key_tokens_a_day: _Optional[int] = ..., seconds: _Optional[int] = ..., original_hours: _Optional[int] = ...) -> None: ...
