from headgate.api.compression.v1 import conversation_pb2 as _conversation_pb2
from headgate.api.compression.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompressRequest(_message.Message):
    __slots__ = ("key_id", "request_id", "turns", "overhead_tokens", "room_tokens", "only_to_fit", "policy", "threshold_tokens")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    OVERHEAD_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ROOM_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ONLY_TO_FIT_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_TOKENS_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    request_id: str
    turns: _containers.RepeatedCompositeFieldContainer[_conversation_pb2.Turn]
    overhead_tokens: int
    room_tokens: int
    only_to_fit: bool
    policy: _policy_pb2.Policy
    threshold_tokens: int
    def __init__(self, key_id: _Optional[str] = ..., request_id: _Optional[str] = ..., turns: _Optional[_Iterable[_Union[_conversation_pb2.Turn, _Mapping]]] = ..., overhead_tokens: _Optional[int] = ..., room_tokens: _Optional[int] = ..., only_to_fit: _Optional[bool] = ..., policy: _Optional[_Union[_policy_pb2.Policy, _Mapping]] = ..., threshold_tokens: _Optional[int] = ...) -> None: ...

class CompressResponse(_message.Message):
    __slots__ = ("unchanged", "opening", "replaced_turns", "saved_tokens", "spent_tokens", "source", "standing")
    class Unchanged(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNCHANGED_UNSPECIFIED: _ClassVar[CompressResponse.Unchanged]
        UNCHANGED_SHORT: _ClassVar[CompressResponse.Unchanged]
        UNCHANGED_NO_GAIN: _ClassVar[CompressResponse.Unchanged]
        UNCHANGED_MODEL_FAILED: _ClassVar[CompressResponse.Unchanged]
        UNCHANGED_LATE: _ClassVar[CompressResponse.Unchanged]
        UNCHANGED_BUDGET: _ClassVar[CompressResponse.Unchanged]
    UNCHANGED_UNSPECIFIED: CompressResponse.Unchanged
    UNCHANGED_SHORT: CompressResponse.Unchanged
    UNCHANGED_NO_GAIN: CompressResponse.Unchanged
    UNCHANGED_MODEL_FAILED: CompressResponse.Unchanged
    UNCHANGED_LATE: CompressResponse.Unchanged
    UNCHANGED_BUDGET: CompressResponse.Unchanged
    class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SOURCE_UNSPECIFIED: _ClassVar[CompressResponse.Source]
        SOURCE_MODEL: _ClassVar[CompressResponse.Source]
        SOURCE_INCREMENTAL: _ClassVar[CompressResponse.Source]
        SOURCE_MEMORY: _ClassVar[CompressResponse.Source]
        SOURCE_STORE: _ClassVar[CompressResponse.Source]
    SOURCE_UNSPECIFIED: CompressResponse.Source
    SOURCE_MODEL: CompressResponse.Source
    SOURCE_INCREMENTAL: CompressResponse.Source
    SOURCE_MEMORY: CompressResponse.Source
    SOURCE_STORE: CompressResponse.Source
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    OPENING_FIELD_NUMBER: _ClassVar[int]
    REPLACED_TURNS_FIELD_NUMBER: _ClassVar[int]
    SAVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SPENT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STANDING_FIELD_NUMBER: _ClassVar[int]
    unchanged: CompressResponse.Unchanged
    opening: _containers.RepeatedCompositeFieldContainer[_conversation_pb2.Turn]
    replaced_turns: int
    saved_tokens: int
    spent_tokens: int
    source: CompressResponse.Source
    standing: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, unchanged: _Optional[_Union[CompressResponse.Unchanged, str]] = ..., opening: _Optional[_Iterable[_Union[_conversation_pb2.Turn, _Mapping]]] = ..., replaced_turns: _Optional[int] = ..., saved_tokens: _Optional[int] = ..., spent_tokens: _Optional[int] = ..., source: _Optional[_Union[CompressResponse.Source, str]] = ..., standing: _Optional[_Iterable[int]] = ...) -> None: ...

class OriginalRequest(_message.Message):
    __slots__ = ("request_id", "key_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    key_id: str
    def __init__(self, request_id: _Optional[str] = ..., key_id: _Optional[str] = ...) -> None: ...

class OriginalResponse(_message.Message):
    __slots__ = ("body",)
    BODY_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    def __init__(self, body: _Optional[bytes] = ...) -> None: ...
