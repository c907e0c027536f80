from headgate.api.compression.v1 import conversation_pb2 as _conversation_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompressRequest(_message.Message):
    __slots__ = ("key_id", "request_id", "conversation", "budget_tokens")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    BUDGET_TOKENS_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    request_id: str
    conversation: _conversation_pb2.Conversation
    budget_tokens: int
    def __init__(self, key_id: _Optional[str] = ..., request_id: _Optional[str] = ..., conversation: _Optional[_Union[_conversation_pb2.Conversation, _Mapping]] = ..., budget_tokens: _Optional[int] = ...) -> None: ...

class CompressResponse(_message.Message):
    __slots__ = ("unchanged", "conversation", "replaced_turns", "saved_tokens")
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    REPLACED_TURNS_FIELD_NUMBER: _ClassVar[int]
    SAVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    unchanged: bool
    conversation: _conversation_pb2.Conversation
    replaced_turns: int
    saved_tokens: int
    def __init__(self, unchanged: _Optional[bool] = ..., conversation: _Optional[_Union[_conversation_pb2.Conversation, _Mapping]] = ..., replaced_turns: _Optional[int] = ..., saved_tokens: _Optional[int] = ...) -> None: ...
