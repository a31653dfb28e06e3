"""From when on something is an alert: the part of Settings that says so."""

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from wickstream.events import AlertType
from wickstream.selection import split_list

MOST_USD = Decimal(10) ** 14
_MOST_PCT = Decimal(10) ** 6
_WRITTEN = "whale:DOGEUSDT=20000,volume_spike:BTCUSDT=5000000,price_spike:BTCUSDT=1.5"

Usd = Annotated[Decimal, Field(gt=0, le=MOST_USD, allow_inf_nan=False)]


class AlertMode(StrEnum):
    """What thresholds are measured by."""

    FIXED = "fixed"  # the settings
    ADAPTIVE = "adaptive"  # a symbol's own closed minutes of the last days


class ThresholdSettings(BaseModel):
    """Fields of Settings."""

    alert_mode: AlertMode = AlertMode.FIXED
    whale_usd: Usd = Decimal(100_000)
    volume_spike_usd: Usd = Decimal(1_000_000)
    price_spike_pct: Annotated[Decimal, Field(gt=0, le=_MOST_PCT, allow_inf_nan=False)] = Decimal(2)
    alert_thresholds: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)] = ()
    alert_z: Annotated[Decimal, Field(gt=0, le=1_000, allow_inf_nan=False)] = Decimal(20)
    alert_history_days: Annotated[int, Field(ge=1, le=30)] = 3

    @field_validator("alert_thresholds")
    @classmethod
    def _each_is_of_a_type_and_symbol(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            parse_threshold(word)
        return words

    @property
    def symbol_thresholds(self) -> dict[tuple[AlertType, str], Decimal]:
        """Those of single symbols; of two for the same the later one."""
        return {(kind, symbol): amount for kind, symbol, amount in map(parse_threshold, self.alert_thresholds)}


def parse_threshold(word: str) -> tuple[AlertType, str, Decimal]:
    """`whale:DOGEUSDT=20000` in its parts.

    Raises:
        ValueError: If it is none; says how they are written.
    """
    name, _, written = word.partition("=")
    kind, _, symbol = (part.strip() for part in name.partition(":"))
    if kind == AlertType.SWEEP:
        raise ValueError(f"{word!r}: sweeps are judged by the whale's threshold; write whale:{symbol}=…")
    try:
        found = AlertType(kind), symbol.upper(), Decimal(written.strip())
    except (ValueError, InvalidOperation):
        raise _no_threshold(word) from None
    most = _MOST_PCT if found[0] == AlertType.PRICE_SPIKE else MOST_USD
    if not (symbol.replace("_", "").isalnum() and found[2].is_finite() and 0 < found[2] <= most):
        raise _no_threshold(word)
    return found


def _no_threshold(word: str) -> ValueError:
    return ValueError(f"{word!r} is no threshold; they are written as {_WRITTEN}")
