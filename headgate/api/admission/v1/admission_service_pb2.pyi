from headgate.api.admission.v1 import admission_pb2 as _admission_pb2
from headgate.api.admission.v1 import snapshot_pb2 as _snapshot_pb2
from headgate.api.error.v1 import detail_pb2 as _detail_pb2
from headgate.api.limit.v1 import window_pb2 as _window_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionRequest(_message.Message):
    __slots__ = ("questions",)
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    def __init__(self, questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ...) -> None: ...

class SessionResponse(_message.Message):
    __slots__ = ("answers",)
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    def __init__(self, answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("id", "hello", "identify", "acquire", "renew", "settle", "extend")
    ID_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    IDENTIFY_FIELD_NUMBER: _ClassVar[int]
    ACQUIRE_FIELD_NUMBER: _ClassVar[int]
    RENEW_FIELD_NUMBER: _ClassVar[int]
    SETTLE_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    id: int
    hello: Hello
    identify: Identify
    acquire: Acquire
    renew: Renew
    settle: Settle
    extend: Extend
    def __init__(self, id: _Optional[int] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., identify: _Optional[_Union[Identify, _Mapping]] = ..., acquire: _Optional[_Union[Acquire, _Mapping]] = ..., renew: _Optional[_Union[Renew, _Mapping]] = ..., settle: _Optional[_Union[Settle, _Mapping]] = ..., extend: _Optional[_Union[Extend, _Mapping]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("id", "welcome", "identity", "lease", "credential", "settled", "refusal", "reservation", "extension")
    ID_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
    id: int
    welcome: Welcome
    identity: Identity
    lease: _admission_pb2.Lease
    credential: _admission_pb2.Credential
    settled: Settled
    refusal: _detail_pb2.Refusal
    reservation: Reservation
    extension: Extension
    def __init__(self, id: _Optional[int] = ..., welcome: _Optional[_Union[Welcome, _Mapping]] = ..., identity: _Optional[_Union[Identity, _Mapping]] = ..., lease: _Optional[_Union[_admission_pb2.Lease, _Mapping]] = ..., credential: _Optional[_Union[_admission_pb2.Credential, _Mapping]] = ..., settled: _Optional[_Union[Settled, _Mapping]] = ..., refusal: _Optional[_Union[_detail_pb2.Refusal, _Mapping]] = ..., reservation: _Optional[_Union[Reservation, _Mapping]] = ..., extension: _Optional[_Union[Extension, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("instance_id", "open_leases", "open_reservation_ids", "settled_through", "unsettled_lease_ids", "open_reservations")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_LEASES_FIELD_NUMBER: _ClassVar[int]
    OPEN_RESERVATION_IDS_FIELD_NUMBER: _ClassVar[int]
    SETTLED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    UNSETTLED_LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    OPEN_RESERVATIONS_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    open_leases: _containers.RepeatedCompositeFieldContainer[_admission_pb2.Lease]
    open_reservation_ids: _containers.RepeatedScalarFieldContainer[str]
    settled_through: int
    unsettled_lease_ids: _containers.RepeatedScalarFieldContainer[str]
    open_reservations: _containers.RepeatedCompositeFieldContainer[Reservation]
    def __init__(self, instance_id: _Optional[str] = ..., open_leases: _Optional[_Iterable[_Union[_admission_pb2.Lease, _Mapping]]] = ..., open_reservation_ids: _Optional[_Iterable[str]] = ..., settled_through: _Optional[int] = ..., unsettled_lease_ids: _Optional[_Iterable[str]] = ..., open_reservations: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    def __init__(self, version: _Optional[str] = ...) -> None: ...

class Identify(_message.Message):
    __slots__ = ("caller", "usage")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    caller: _admission_pb2.Caller
    usage: bool
    def __init__(self, caller: _Optional[_Union[_admission_pb2.Caller, _Mapping]] = ..., usage: _Optional[bool] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("key_id", "key_name", "allowed_models", "usage_json")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_NAME_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_MODELS_FIELD_NUMBER: _ClassVar[int]
    USAGE_JSON_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    key_name: str
    allowed_models: _containers.RepeatedScalarFieldContainer[str]
    usage_json: str
    def __init__(self, key_id: _Optional[str] = ..., key_name: _Optional[str] = ..., allowed_models: _Optional[_Iterable[str]] = ..., usage_json: _Optional[str] = ...) -> None: ...

class Acquire(_message.Message):
    __slots__ = ("caller", "request_id", "model", "estimated_input_tokens", "max_output_tokens", "session", "excluded_account_ids", "lease_id", "reserve_only", "failed", "received_at_ms", "dialect", "streamed", "sticky")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVE_ONLY_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    STREAMED_FIELD_NUMBER: _ClassVar[int]
    STICKY_FIELD_NUMBER: _ClassVar[int]
    caller: _admission_pb2.Caller
    request_id: str
    model: str
    estimated_input_tokens: int
    max_output_tokens: int
    session: str
    excluded_account_ids: _containers.RepeatedScalarFieldContainer[str]
    lease_id: str
    reserve_only: bool
    failed: _containers.RepeatedCompositeFieldContainer[_admission_pb2.Attempt]
    received_at_ms: int
    dialect: str
    streamed: bool
    sticky: bool
    def __init__(self, caller: _Optional[_Union[_admission_pb2.Caller, _Mapping]] = ..., request_id: _Optional[str] = ..., model: _Optional[str] = ..., estimated_input_tokens: _Optional[int] = ..., max_output_tokens: _Optional[int] = ..., session: _Optional[str] = ..., excluded_account_ids: _Optional[_Iterable[str]] = ..., lease_id: _Optional[str] = ..., reserve_only: _Optional[bool] = ..., failed: _Optional[_Iterable[_Union[_admission_pb2.Attempt, _Mapping]]] = ..., received_at_ms: _Optional[int] = ..., dialect: _Optional[str] = ..., streamed: _Optional[bool] = ..., sticky: _Optional[bool] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("lease_id", "key_id", "context_window", "windows", "kind", "whole", "tokens_reserved", "credits_reserved")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_RESERVED_FIELD_NUMBER: _ClassVar[int]
    CREDITS_RESERVED_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    key_id: str
    context_window: int
    windows: _window_pb2.Windows
    kind: str
    whole: bool
    tokens_reserved: int
    credits_reserved: int
    def __init__(self, lease_id: _Optional[str] = ..., key_id: _Optional[str] = ..., context_window: _Optional[int] = ..., windows: _Optional[_Union[_window_pb2.Windows, _Mapping]] = ..., kind: _Optional[str] = ..., whole: _Optional[bool] = ..., tokens_reserved: _Optional[int] = ..., credits_reserved: _Optional[int] = ...) -> None: ...

class Renew(_message.Message):
    __slots__ = ("lease_id", "cause", "access_token")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    cause: str
    access_token: str
    def __init__(self, lease_id: _Optional[str] = ..., cause: _Optional[str] = ..., access_token: _Optional[str] = ...) -> None: ...

class Extend(_message.Message):
    __slots__ = ("lease_id", "output_tokens", "input_tokens")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    output_tokens: int
    input_tokens: int
    def __init__(self, lease_id: _Optional[str] = ..., output_tokens: _Optional[int] = ..., input_tokens: _Optional[int] = ...) -> None: ...

class Extension(_message.Message):
    __slots__ = ("output_reserved",)
    OUTPUT_RESERVED_FIELD_NUMBER: _ClassVar[int]
    output_reserved: int
    def __init__(self, output_reserved: _Optional[int] = ...) -> None: ...

class Settle(_message.Message):
    __slots__ = ("outcomes",)
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[_admission_pb2.Outcome]
    def __init__(self, outcomes: _Optional[_Iterable[_Union[_admission_pb2.Outcome, _Mapping]]] = ...) -> None: ...

class Settled(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("instance_id",)
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    def __init__(self, instance_id: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: _snapshot_pb2.Snapshot
    def __init__(self, snapshot: _Optional[_Union[_snapshot_pb2.Snapshot, _Mapping]] = ...) -> None: ...
