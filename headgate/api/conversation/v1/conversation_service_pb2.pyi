from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Speaker(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPEAKER_UNSPECIFIED: _ClassVar[Speaker]
    SPEAKER_USER: _ClassVar[Speaker]
    SPEAKER_ASSISTANT: _ClassVar[Speaker]
SPEAKER_UNSPECIFIED: Speaker
SPEAKER_USER: Speaker
SPEAKER_ASSISTANT: Speaker

class Item(_message.Message):
    __slots__ = ("id", "json")
    ID_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    json: bytes
    def __init__(self, id: _Optional[str] = ..., json: _Optional[bytes] = ...) -> None: ...

class RecallRequest(_message.Message):
    __slots__ = ("key_id", "answer_id", "item_ids")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    answer_id: str
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key_id: _Optional[str] = ..., answer_id: _Optional[str] = ..., item_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RecallResponse(_message.Message):
    __slots__ = ("history", "items")
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    history: _containers.RepeatedCompositeFieldContainer[Item]
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, history: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class KeepRequest(_message.Message):
    __slots__ = ("key_id", "answer_id", "previous_id", "body", "input", "output")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_ID_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    answer_id: str
    previous_id: str
    body: bytes
    input: _containers.RepeatedCompositeFieldContainer[Item]
    output: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, key_id: _Optional[str] = ..., answer_id: _Optional[str] = ..., previous_id: _Optional[str] = ..., body: _Optional[bytes] = ..., input: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., output: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class KeepResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FindAnswerRequest(_message.Message):
    __slots__ = ("key_id", "answer_id")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    answer_id: str
    def __init__(self, key_id: _Optional[str] = ..., answer_id: _Optional[str] = ...) -> None: ...

class FindAnswerResponse(_message.Message):
    __slots__ = ("body",)
    BODY_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    def __init__(self, body: _Optional[bytes] = ...) -> None: ...

class ForgetAnswerRequest(_message.Message):
    __slots__ = ("key_id", "answer_id")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ANSWER_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    answer_id: str
    def __init__(self, key_id: _Optional[str] = ..., answer_id: _Optional[str] = ...) -> None: ...

class ForgetAnswerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Said(_message.Message):
    __slots__ = ("speaker", "text")
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    speaker: Speaker
    text: str
    def __init__(self, speaker: _Optional[_Union[Speaker, str]] = ..., text: _Optional[str] = ...) -> None: ...

class BeginTurnRequest(_message.Message):
    __slots__ = ("key_id", "user", "wait_ms", "life_ms", "turn_id")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    WAIT_MS_FIELD_NUMBER: _ClassVar[int]
    LIFE_MS_FIELD_NUMBER: _ClassVar[int]
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    user: str
    wait_ms: int
    life_ms: int
    turn_id: str
    def __init__(self, key_id: _Optional[str] = ..., user: _Optional[str] = ..., wait_ms: _Optional[int] = ..., life_ms: _Optional[int] = ..., turn_id: _Optional[str] = ...) -> None: ...

class BeginTurnResponse(_message.Message):
    __slots__ = ("said",)
    SAID_FIELD_NUMBER: _ClassVar[int]
    said: _containers.RepeatedCompositeFieldContainer[Said]
    def __init__(self, said: _Optional[_Iterable[_Union[Said, _Mapping]]] = ...) -> None: ...

class EndTurnRequest(_message.Message):
    __slots__ = ("key_id", "user", "turn_id", "said")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    SAID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    user: str
    turn_id: str
    said: _containers.RepeatedCompositeFieldContainer[Said]
    def __init__(self, key_id: _Optional[str] = ..., user: _Optional[str] = ..., turn_id: _Optional[str] = ..., said: _Optional[_Iterable[_Union[Said, _Mapping]]] = ...) -> None: ...

class EndTurnResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ("key_id", "after", "limit")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    after: str
    limit: int
    def __init__(self, key_id: _Optional[str] = ..., after: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class Session(_message.Message):
    __slots__ = ("user", "turns", "bytes", "updated_at_ms", "expires_at_ms")
    USER_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_MS_FIELD_NUMBER: _ClassVar[int]
    user: str
    turns: int
    bytes: int
    updated_at_ms: int
    expires_at_ms: int
    def __init__(self, user: _Optional[str] = ..., turns: _Optional[int] = ..., bytes: _Optional[int] = ..., updated_at_ms: _Optional[int] = ..., expires_at_ms: _Optional[int] = ...) -> None: ...

class ListSessionsResponse(_message.Message):
    __slots__ = ("sessions", "more")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[Session]
    more: bool
    def __init__(self, sessions: _Optional[_Iterable[_Union[Session, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class ForgetSessionRequest(_message.Message):
    __slots__ = ("key_id", "user")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    user: str
    def __init__(self, key_id: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class ForgetSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
