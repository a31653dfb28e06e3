"""Which alerts a market makes, in plain decimals, from its trades; shares nothing with the stream."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from tests.chaos.prove.stack import PRICE_SPIKE_PCT, VOLUME_SPIKE_USD
from tests.spark.decimal_oracle import EXACT, total
from wickstream.events import Alert, AlertType

if TYPE_CHECKING:
    from tests.chaos.prove.evidence import Evidence
    from tests.chaos.truth import Row

DOLLARS = ("USDT", "USDC", "FDUSD")  # the made-up market has no others
PLACES = Decimal("0.00000001")


class Measured(NamedTuple):
    """What an alert says, but for when it was made."""

    at: int
    value: Decimal
    threshold: Decimal
    trade_count: int


def is_in_dollars(symbol: str) -> bool:
    """What others are worth in dollars is for the stream's prices of the moment to say, which nobody else knows."""
    return symbol.endswith(DOLLARS)


def is_judged(alert: Alert, evidence: "Evidence") -> bool:
    """Not one of the minute in which all began: of its trades only some were heard."""
    is_of_trades = alert.type in (AlertType.WHALE, AlertType.SWEEP)
    return is_in_dollars(alert.symbol) and (is_of_trades or (alert.symbol, alert.at) in evidence.due)


def measured(alert: Alert) -> Measured:
    """The same of one of ours."""
    return Measured(alert.at, alert.value, alert.threshold, alert.trade_count)


def expected_alerts(evidence: "Evidence") -> dict[str, Measured]:
    """By id: of all trades in `raw_trades`, and of all closed minutes, that came before the last whole minute's end."""
    found: dict[str, Measured] = {}
    for symbol in evidence.symbols:
        if is_in_dollars(symbol):
            rows = [row for row in evidence.published.trades.get(symbol, []) if row[1] < evidence.end_ms]
            found.update(_of_trades(symbol, rows, evidence.thresholds[symbol]))
    for (symbol, at), facts in evidence.counted.items():
        if is_in_dollars(symbol) and (symbol, at) in evidence.due:
            found.update(_of_minute(symbol, at, facts))
    return found


def _of_trades(symbol: str, rows: "list[Row]", threshold: Decimal) -> Iterator[tuple[str, Measured]]:
    for trade_id, at_ms, price, quantity, _ in rows:
        value = EXACT.multiply(Decimal(price), Decimal(quantity))
        if value > threshold:
            yield f"whale:{symbol}:{trade_id}", Measured(at_ms, value, threshold, 1)
    orders = groupby(enumerate(rows), key=lambda pair: (pair[1][1], pair[1][4], pair[1][0] - pair[0]))
    for (at_ms, _, _), pairs in orders:
        order = [row for _, row in pairs]
        value = total(EXACT.multiply(Decimal(row[2]), Decimal(row[3])) for row in order)
        if len(order) > 1 and value > threshold:
            yield f"sweep:{symbol}:{order[0][0]}", Measured(at_ms, value, threshold, len(order))


def _of_minute(symbol: str, at: int, facts: tuple[Decimal | int, ...]) -> Iterator[tuple[str, Measured]]:
    opened, high, low, quote, count = (Decimal(facts[place]) for place in (0, 1, 2, 5, 8))
    moved = EXACT.divide(EXACT.multiply(Decimal(100), max(high - opened, opened - low)), opened)
    for kind, value, threshold in (
        ("volume_spike", quote, VOLUME_SPIKE_USD),
        ("price_spike", moved, PRICE_SPIKE_PCT),
    ):
        if value > threshold:
            rounded = value.quantize(PLACES, rounding=ROUND_HALF_EVEN, context=EXACT)
            yield f"{kind}:{symbol}:{at}", Measured(at, rounded, threshold, int(count))
