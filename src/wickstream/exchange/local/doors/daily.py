"""The 24 hours before a moment, as `@ticker` and `/ticker/24hr` tell them."""

from wickstream.binance.shapes import DayTicker, fixed, ratio
from wickstream.exchange.local.market.figures import NOTHING, Figures
from wickstream.exchange.local.market.history import History

_DAY_MS = 86_400_000
_QUOTE_PLACES = 8


def day_ticker(history: History, *, as_of_ms: int) -> DayTicker:
    """The statistics exactly up to `as_of_ms`, inclusive; the count is that of the ids from first to last."""
    start, stop = history.before(as_of_ms - _DAY_MS), history.until(as_of_ms)
    figures = history.figures(start, stop)
    if not figures.trades:
        return _quiet(history, stop, as_of_ms)
    first = history.trade(history.happening_from(start)).trade_id
    last = history.trade(history.happening_before(stop) - 1).trade_id
    return _told(history, figures, _prices(history, start, stop), (first, last, last - first + 1), as_of_ms)


def never_traded(symbol: str, *, as_of_ms: int) -> DayTicker:
    """For a symbol that is listed and was never played."""
    zero = fixed(0, 8)
    prices = (zero, ratio(0, 0, 3), *(zero,) * 13)
    return DayTicker(symbol, *prices, as_of_ms - _DAY_MS, as_of_ms, -1, -1, 0)


def _prices(history: History, start: int, stop: int) -> tuple[int, int, int, int]:
    """Price before the window, first and last price in it, last quantity."""
    first, last = history.counted_from(start), history.counted_before(stop)
    return history.price_before(start), first.price, last.price, last.quantity


def _quiet(history: History, stop: int, as_of_ms: int) -> DayTicker:
    """No trade in the window.

    Before the first trade of a recording, the last id is the one before it and the last price its price: so a
    client learns where the recording begins.
    """
    begins = stop == history.first
    last_id = history.trade(stop).trade_id - 1 if begins else -1
    last = history.price_before(stop)
    return _told(history, NOTHING, (last, 0, last, 0), (-1, last_id, 0), as_of_ms)


def _told(
    history: History,
    figures: Figures,
    prices: tuple[int, int, int, int],
    ids: tuple[int, int, int],
    as_of_ms: int,
) -> DayTicker:
    before, opened, last, last_quantity = prices
    change = last - opened if figures.trades else 0
    in_price, in_quantity = history.tape.price_places, history.tape.quantity_places
    in_quote = in_price + in_quantity
    # A recording of trades holds no book: best bid and ask are the last price, with nothing on offer.
    book = (fixed(last, in_price), fixed(0, in_quantity))
    return DayTicker(
        history.symbol,
        fixed(change, in_price),
        ratio(100 * change, opened, 3),
        ratio(figures.quote, figures.volume * 10**in_price, in_price),
        fixed(before, in_price),
        fixed(last, in_price),
        fixed(last_quantity, in_quantity),
        *book,
        *book,
        fixed(opened, in_price),
        fixed(figures.high, in_price),
        fixed(figures.low, in_price),
        fixed(figures.volume, in_quantity),
        fixed(figures.quote, in_quote, shown=min(in_quote, _QUOTE_PLACES)),
        as_of_ms - _DAY_MS,
        as_of_ms,
        *ids,
    )
