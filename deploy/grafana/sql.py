"""What more than one panel asks of PostgreSQL. Times are epoch ms, as in the tables and as Grafana's `$__from`.

Amounts stay exact until the outermost SELECT, which casts what is drawn to float8. A macro of Grafana's ends at the
first bracket that closes, so none is used here: `BETWEEN $__from AND $__to` needs none, and goes by the index.
"""

from wickstream.candle import window_end, window_start
from wickstream.quotes import QUOTE_ASSETS
from wickstream.serve.v1.integrity_pages import MOST_DAYS, SETTLED_AFTER_MS
from wickstream.store.warm.integrity import HOURS
from wickstream.store.warm.market_reads import DAYS
from wickstream.store.warm.reads import SYMBOLS

FROM, TO = "$__from", "$__to"
SHOWN = f"BETWEEN {FROM} AND {TO}"
DAY_MS = 86_400_000

# Windows of equal length that begin where a week does: 3d does not, and months differ in length.
INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w")
WIDTHS_MS = {interval: window_end(0, interval) for interval in INTERVALS}
_MONDAY_MS = window_start(7 * DAY_MS, "1w")

# A year of minutes would neither be seen nor be answered in time: of what is shown the newest windows are drawn. Of 50
# symbols that are two weeks at most, read in about a second.
MOST_WINDOWS = 1_500
MOST_WINDOWS_OF_MANY = 200
MOST_MINUTES = 1_000_000


def window_of(time: str) -> str:
    """When the window of `$interval` opens that holds a time."""
    return f"(({time} - {_MONDAY_MS}) / $interval * $interval + {_MONDAY_MS})"


def in_windows(most: int) -> str:
    """Of candles: in the newest whole windows of the shown range, `most` of them and `MOST_MINUTES` in all."""
    share_ms = f"60000 * ({MOST_MINUTES}::bigint / cardinality(ARRAY[${{symbol:sqlstring}}]))"
    newest = f"{window_of(TO)} - {most - 1}::bigint * $interval"
    first = f"greatest({window_of(FROM)}, {newest}, {window_of(f'({TO} - {share_ms})')})"
    return f"""symbol IN (${{symbol:sqlstring}}) AND "interval" = '1m'
  AND open_time BETWEEN {first} AND {TO}"""


def as_time(column: str) -> str:
    """What Grafana takes for a moment."""
    return f"to_timestamp(({column}) / 1000.0)"


def _of_traded(aggregate: str) -> str:
    """A quiet minute carries a price from before, which is none of its window's unless there is no other."""
    return f"coalesce({aggregate} FILTER (WHERE trade_count > 0), {aggregate})"


def _at_end(column: str, order: str) -> str:
    picked = f"array_agg({column} ORDER BY open_time {order})"
    return f"({_of_traded(picked)})[1]"


# As `wickstream.candle.roll_up` does it, which a test holds it against.
ROLLED_UP = f"""
SELECT {window_of("open_time")} AS opened,
       {_at_end("open", "ASC")} AS open, {_of_traded("max(high)")} AS high,
       {_of_traded("min(low)")} AS low, {_at_end("close", "DESC")} AS close,
       sum(volume) AS volume, sum(quote_volume) AS quote_volume, sum(trade_count)::bigint AS trade_count,
       sum(taker_buy_volume) AS taker_buy_volume, sum(taker_buy_quote_volume) AS taker_buy_quote_volume
FROM candles WHERE {in_windows(MOST_WINDOWS)}
GROUP BY opened
""".strip()

ALL_SYMBOLS = f"SELECT symbol FROM ({SYMBOLS.strip()}) AS stored"


def quote_of(symbol: str) -> str:
    """As `wickstream.quotes.quote_asset`: the longest asset that the name ends with; of a dated future without it."""
    return f"substring(split_part({symbol}, '_', 1) FROM '.({'|'.join(QUOTE_ASSETS)})$')"


SYMBOLS_OF_QUOTE = f"{ALL_SYMBOLS} WHERE {quote_of('symbol')} = '$quote'"
QUOTES = f"SELECT DISTINCT {quote_of('symbol')} AS quote FROM ({ALL_SYMBOLS}) AS known ORDER BY quote"


def turnover(symbols: str, first: str) -> str:
    """What each symbol had from `first` to the end of the range: volume, trades, its first and its last price."""
    asked = DAYS % {"symbols": f"ARRAY({symbols})", "first": first, "last": TO}
    return f"({asked.strip()}) AS turnover (symbol, quote_volume, trade_count, first_price, last_price)"


def hours(symbols: str, first: str = FROM) -> str:
    """How many minutes of each hour are closed, halted or missing, up to the newest that had its time to close."""
    settled = f"(({TO} - {SETTLED_AFTER_MS}) / 60000 * 60000 - 60000)"
    begin = f"(greatest({first}, {TO} - {MOST_DAYS * DAY_MS}) / 60000 * 60000)"
    asked = HOURS % {"symbols": f"ARRAY({symbols})", "first": begin, "last": settled}
    columns = "symbol, hour, minutes, complete, repaired, quiet, halted, unproven"
    return f"({asked.strip()}) AS hours ({columns})"


CHANGE_PCT = "round(100 * (last_price - first_price) / first_price, 4)"
MISSING = "minutes - complete - repaired - quiet - halted"
