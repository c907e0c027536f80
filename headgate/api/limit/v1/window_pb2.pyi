from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Window(_message.Message):
    __slots__ = ("limit", "left", "resets_at_ms")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RESETS_AT_MS_FIELD_NUMBER: _ClassVar[int]
    limit: int
    left: int
    resets_at_ms: int
    def __init__(self, limit: _Optional[int] = ..., left: _Optional[int] = ..., resets_at_ms: _Optional[int] = ...) -> None: ...

class Windows(_message.Message):
    __slots__ = ("requests", "tokens")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    requests: Window
    tokens: Window
    def __init__(self, requests: _Optional[_Union[Window, _Mapping]] = ..., tokens: _Optional[_Union[Window, _Mapping]] = ...) -> None: ...
