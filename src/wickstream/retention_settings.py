"""How long what is kept: the part of Settings that says so."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

LEAST_CANDLE_DAYS = 365
LEAST_TRADE_DAYS = 7  # more than Kafka keeps: a writer that begins anew must not bring back what was removed


class RetentionSettings(BaseModel):
    """Fields of Settings, in days of the data's own time; 0: for ever."""

    warm_days: Annotated[int, Field(ge=1)] = 90
    cold_candles_days: Annotated[int, Field(ge=0)] = 0
    cold_trades_days: Annotated[int, Field(ge=0)] = 0
    cold_alerts_days: Annotated[int, Field(ge=0)] = 0

    @field_validator("cold_candles_days", "cold_trades_days")
    @classmethod
    def _long_enough(cls, days: int, info: ValidationInfo) -> int:
        least = LEAST_CANDLE_DAYS if info.field_name == "cold_candles_days" else LEAST_TRADE_DAYS
        if 0 < days < least:
            raise ValueError(f"{least} days at least, or 0: for ever")
        return days

    @model_validator(mode="after")
    def _cold_keeps_what_warm_has(self) -> Self:
        """What warm lets go is looked for in cold: if that were gone already, it would be put there again."""
        for name in ("cold_candles_days", "cold_alerts_days"):
            if 0 < getattr(self, name) < self.warm_days:
                raise ValueError(f"{name.upper()} is less than WARM_DAYS ({self.warm_days})")
        return self
