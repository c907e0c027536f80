from headgate.api.limit.v1 import window_pb2 as _window_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ending(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENDING_UNSPECIFIED: _ClassVar[Ending]
    ENDING_SERVED: _ClassVar[Ending]
    ENDING_FAILED: _ClassVar[Ending]
    ENDING_CUT: _ClassVar[Ending]
    ENDING_CANCELLED: _ClassVar[Ending]
ENDING_UNSPECIFIED: Ending
ENDING_SERVED: Ending
ENDING_FAILED: Ending
ENDING_CUT: Ending
ENDING_CANCELLED: Ending

class Caller(_message.Message):
    __slots__ = ("credential", "address", "for_key_id", "for_request_id")
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FOR_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    FOR_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    credential: str
    address: str
    for_key_id: str
    for_request_id: str
    def __init__(self, credential: _Optional[str] = ..., address: _Optional[str] = ..., for_key_id: _Optional[str] = ..., for_request_id: _Optional[str] = ...) -> None: ...

class Credential(_message.Message):
    __slots__ = ("access_token", "expires_at")
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    access_token: str
    expires_at: int
    def __init__(self, access_token: _Optional[str] = ..., expires_at: _Optional[int] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("lease_id", "key_id", "account_id", "account_label", "kind", "model", "context_window", "max_output", "request_fields_schema", "base_urls", "credential", "attributes", "deadline", "input_types", "strict", "output_reserved", "windows", "tokens_reserved", "credits_reserved")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_LABEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELDS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    BASE_URLS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    INPUT_TYPES_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_RESERVED_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_RESERVED_FIELD_NUMBER: _ClassVar[int]
    CREDITS_RESERVED_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    key_id: str
    account_id: str
    account_label: str
    kind: str
    model: str
    context_window: int
    max_output: int
    request_fields_schema: str
    base_urls: _containers.RepeatedScalarFieldContainer[str]
    credential: Credential
    attributes: _containers.ScalarMap[str, str]
    deadline: int
    input_types: _containers.RepeatedScalarFieldContainer[str]
    strict: bool
    output_reserved: int
    windows: _window_pb2.Windows
    tokens_reserved: int
    credits_reserved: int
    def __init__(self, lease_id: _Optional[str] = ..., key_id: _Optional[str] = ..., account_id: _Optional[str] = ..., account_label: _Optional[str] = ..., kind: _Optional[str] = ..., model: _Optional[str] = ..., context_window: _Optional[int] = ..., max_output: _Optional[int] = ..., request_fields_schema: _Optional[str] = ..., base_urls: _Optional[_Iterable[str]] = ..., credential: _Optional[_Union[Credential, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., deadline: _Optional[int] = ..., input_types: _Optional[_Iterable[str]] = ..., strict: _Optional[bool] = ..., output_reserved: _Optional[int] = ..., windows: _Optional[_Union[_window_pb2.Windows, _Mapping]] = ..., tokens_reserved: _Optional[int] = ..., credits_reserved: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("input", "cache_read", "cache_write", "output", "reasoning", "credits", "input_source", "output_source", "searches", "credits_source")
    class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SOURCE_UNSPECIFIED: _ClassVar[Usage.Source]
        SOURCE_UPSTREAM: _ClassVar[Usage.Source]
        SOURCE_DERIVED: _ClassVar[Usage.Source]
        SOURCE_ESTIMATED: _ClassVar[Usage.Source]
    SOURCE_UNSPECIFIED: Usage.Source
    SOURCE_UPSTREAM: Usage.Source
    SOURCE_DERIVED: Usage.Source
    SOURCE_ESTIMATED: Usage.Source
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    CREDITS_FIELD_NUMBER: _ClassVar[int]
    INPUT_SOURCE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEARCHES_FIELD_NUMBER: _ClassVar[int]
    CREDITS_SOURCE_FIELD_NUMBER: _ClassVar[int]
    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    credits: float
    input_source: Usage.Source
    output_source: Usage.Source
    searches: int
    credits_source: Usage.Source
    def __init__(self, input: _Optional[int] = ..., cache_read: _Optional[int] = ..., cache_write: _Optional[int] = ..., output: _Optional[int] = ..., reasoning: _Optional[int] = ..., credits: _Optional[float] = ..., input_source: _Optional[_Union[Usage.Source, str]] = ..., output_source: _Optional[_Union[Usage.Source, str]] = ..., searches: _Optional[int] = ..., credits_source: _Optional[_Union[Usage.Source, str]] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("account_id", "kind", "model", "started_ms", "ended_ms", "fault", "status", "retry_after_seconds", "detail", "endpoint", "endpoints", "learned")
    class LearnedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_MS_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    LEARNED_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    kind: str
    model: str
    started_ms: int
    ended_ms: int
    fault: str
    status: int
    retry_after_seconds: int
    detail: str
    endpoint: str
    endpoints: _containers.RepeatedCompositeFieldContainer[EndpointFault]
    learned: _containers.ScalarMap[str, str]
    def __init__(self, account_id: _Optional[str] = ..., kind: _Optional[str] = ..., model: _Optional[str] = ..., started_ms: _Optional[int] = ..., ended_ms: _Optional[int] = ..., fault: _Optional[str] = ..., status: _Optional[int] = ..., retry_after_seconds: _Optional[int] = ..., detail: _Optional[str] = ..., endpoint: _Optional[str] = ..., endpoints: _Optional[_Iterable[_Union[EndpointFault, _Mapping]]] = ..., learned: _Optional[_Mapping[str, str]] = ...) -> None: ...

class EndpointFault(_message.Message):
    __slots__ = ("url", "fault", "retry_after_seconds")
    URL_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    url: str
    fault: str
    retry_after_seconds: int
    def __init__(self, url: _Optional[str] = ..., fault: _Optional[str] = ..., retry_after_seconds: _Optional[int] = ...) -> None: ...

class Compression(_message.Message):
    __slots__ = ("replaced_turns", "saved_tokens", "spent_tokens", "how")
    REPLACED_TURNS_FIELD_NUMBER: _ClassVar[int]
    SAVED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SPENT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    HOW_FIELD_NUMBER: _ClassVar[int]
    replaced_turns: int
    saved_tokens: int
    spent_tokens: int
    how: str
    def __init__(self, replaced_turns: _Optional[int] = ..., saved_tokens: _Optional[int] = ..., spent_tokens: _Optional[int] = ..., how: _Optional[str] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("lease_id", "request_id", "ending", "usage", "attempts", "status", "error", "finish_reason", "received_at_ms", "first_event_ms", "duration_ms", "dialect", "streamed", "dropped", "sequence", "compression")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ENDING_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_EVENT_MS_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    STREAMED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    request_id: str
    ending: Ending
    usage: Usage
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    status: int
    error: str
    finish_reason: str
    received_at_ms: int
    first_event_ms: int
    duration_ms: int
    dialect: str
    streamed: bool
    dropped: _containers.RepeatedScalarFieldContainer[str]
    sequence: int
    compression: Compression
    def __init__(self, lease_id: _Optional[str] = ..., request_id: _Optional[str] = ..., ending: _Optional[_Union[Ending, str]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., status: _Optional[int] = ..., error: _Optional[str] = ..., finish_reason: _Optional[str] = ..., received_at_ms: _Optional[int] = ..., first_event_ms: _Optional[int] = ..., duration_ms: _Optional[int] = ..., dialect: _Optional[str] = ..., streamed: _Optional[bool] = ..., dropped: _Optional[_Iterable[str]] = ..., sequence: _Optional[int] = ..., compression: _Optional[_Union[Compression, _Mapping]] = ...) -> None: ...
