from headgate.api.limit.v1 import window_pb2 as _window_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_UNAUTHENTICATED: _ClassVar[Reason]
    REASON_MODEL_NOT_ALLOWED: _ClassVar[Reason]
    REASON_ADDRESS_NOT_ALLOWED: _ClassVar[Reason]
    REASON_UNKNOWN_MODEL: _ClassVar[Reason]
    REASON_RATE_LIMITED: _ClassVar[Reason]
    REASON_QUOTA_EXHAUSTED: _ClassVar[Reason]
    REASON_ACCOUNTS_BUSY: _ClassVar[Reason]
    REASON_ACCOUNTS_EXHAUSTED: _ClassVar[Reason]
    REASON_NO_ACCOUNT: _ClassVar[Reason]
    REASON_UNKNOWN_LEASE: _ClassVar[Reason]
    REASON_CREDENTIAL_LOST: _ClassVar[Reason]
REASON_UNSPECIFIED: Reason
REASON_UNAUTHENTICATED: Reason
REASON_MODEL_NOT_ALLOWED: Reason
REASON_ADDRESS_NOT_ALLOWED: Reason
REASON_UNKNOWN_MODEL: Reason
REASON_RATE_LIMITED: Reason
REASON_QUOTA_EXHAUSTED: Reason
REASON_ACCOUNTS_BUSY: Reason
REASON_ACCOUNTS_EXHAUSTED: Reason
REASON_NO_ACCOUNT: Reason
REASON_UNKNOWN_LEASE: Reason
REASON_CREDENTIAL_LOST: Reason

class Refusal(_message.Message):
    __slots__ = ("reason", "message", "retry_after_seconds", "suggestions", "windows")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    message: str
    retry_after_seconds: int
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    windows: _window_pb2.Windows
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ..., message: _Optional[str] = ..., retry_after_seconds: _Optional[int] = ..., suggestions: _Optional[_Iterable[str]] = ..., windows: _Optional[_Union[_window_pb2.Windows, _Mapping]] = ...) -> None: ...
