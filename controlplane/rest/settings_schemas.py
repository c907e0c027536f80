"""Bodies and answers of the settings."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from controlplane.policy.open_settings import NAME, NUMBERS, SHARE, Value
from controlplane.policy.scheduling import Mode
from controlplane.rest.schemas import Body, Text, View


def _range(name: str) -> Any:
    kind = NUMBERS[name]
    return Field(ge=kind.low, le=kind.high)


class SettingsBody(Body):
    """What of the settings is changed; null restores the default, which the control plane's environment may decide."""

    scheduling_mode: Text | None = Field(None, description="smart, priority or balanced; null: smart")
    compression_enabled: StrictBool | None = Field(
        None, description="Whether long conversations are shortened; cannot be true with ENABLE_COMPRESSION=false"
    )
    compression_tokens: Annotated[StrictInt, _range("compressionTokens")] | None = Field(
        None,
        description="Estimated tokens above which a conversation is long; null: HEADGATE_COMPRESSION_TOKENS, without it half of "
        "what the model reads",
    )
    compression_messages: Annotated[StrictInt, _range("compressionMessages")] | None = Field(
        None, description="Messages above which a conversation is long; more than compressionKeep"
    )
    compression_keep: Annotated[StrictInt, _range("compressionKeep")] | None = Field(
        None, description="How many of the latest messages stay word for word"
    )
    compression_tool_lookback: Annotated[StrictInt, _range("compressionToolLookback")] | None = Field(
        None, description="So many messages more stay where a cut would fall into tool work"
    )
    compression_batch_messages: Annotated[StrictInt, _range("compressionBatchMessages")] | None = Field(
        None, description="The most messages that one model call summarises"
    )
    compression_batch_characters: Annotated[StrictInt, _range("compressionBatchCharacters")] | None = Field(
        None, description="The most characters that one model call summarises"
    )
    compression_ratio: Annotated[float, Field(strict=True, ge=SHARE.low, le=SHARE.high, allow_inf_nan=False)] | None = Field(
        None, description="How long a summary is to be, as a share of what it stands for"
    )
    compression_ttl_minutes: Annotated[StrictInt, _range("compressionTtlMinutes")] | None = Field(
        None, description="How long a summary is remembered after its last use"
    )
    compression_entries: Annotated[StrictInt, _range("compressionEntries")] | None = Field(
        None, description="How many summaries of one key are remembered"
    )
    summary_model: Annotated[Text, StringConstraints(min_length=1, max_length=NAME.longest)] | None = Field(
        None, description="The model that summarises, by its public name"
    )
    compression_key_tokens_per_day: Annotated[StrictInt, _range("compressionKeyTokensPerDay")] | None = Field(
        None, description="Tokens, in and out, that summaries may cost one key in a calendar day, UTC; 0: any number"
    )
    compression_seconds: Annotated[StrictInt, _range("compressionSeconds")] | None = Field(
        None,
        description="How long a request waits for its summary at most where the model cannot read the conversation as it is; where it "
        "can, a few seconds",
    )
    compression_original_hours: Annotated[StrictInt, _range("compressionOriginalHours")] | None = Field(
        None, description="How long what a summary replaced can be fetched; 0: it is not kept"
    )

    def values(self) -> dict[str, Any]:
        """What the caller named, by the names that are stored."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class SettingsRead(View):
    """`schedulingMode`: `smart` weighs health, load, allowance and more; with `priority` the highest priority
    serves as long as it can; `balanced` uses all alike. The others are explained where they are changed;
    `compressionTokens` is null for half of what the model reads.
    """

    scheduling_mode: Mode
    compression_enabled: bool
    compression_tokens: int | None
    compression_messages: int
    compression_keep: int
    compression_tool_lookback: int
    compression_batch_messages: int
    compression_batch_characters: int
    compression_ratio: float
    compression_ttl_minutes: int
    compression_entries: int
    summary_model: str
    compression_key_tokens_per_day: int
    compression_seconds: int
    compression_original_hours: int
    version: str

    @classmethod
    def of(cls, values: Mapping[str, Value], version: str) -> "SettingsRead":
        return cls.model_validate({**values, "version": version})
