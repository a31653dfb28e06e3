"""What was known of a closed minute, and since when: what a backtest at moment X may know.

`known_at(X)` of a minute is the largest of its closed versions (rule 9: revision, trade_count, then origin=trades) with
`published_at <= X`, of equal ones the one that was published first. It depends on nothing that was published after X,
so that a backtest may be run again. What follows:

- `published_at` is stamped by whoever publishes a version, by its process clock (a kline asked of the exchange bears
  the exchange's), just before it goes out: when this house could know it, not when the market did. Candles that were
  filled in years later are known since then, and so are those of a replay. Clocks of two processes may differ: a
  larger version that bears an earlier time than a smaller one is known since its own time, and the smaller one never.
- Open candles are not known, however large their version is. One that replaced a closed one leaves that one known.
- The order of arrival does not matter. A version that arrives late, behind a larger one, was known between its own
  time and that of the larger one. The same version again (a replay, a retry) is known since its earliest time.
- Equal versions of other origins than the trades say the same of the market: the one that was published first stays the
  answer. The trades' own is larger than theirs. Equal versions that contradict each other are an error, counted and
  shown; of two that bear the same time as well, either may be known.
- After everything was published it is the version that `candles` holds, if that is closed.

`candles` holds one version a minute; here are those others that are the answer for some X: whatever gives way there,
or never comes to stand there, and was published before what stands there. There is one row a version and origin, so
that no number of replays makes more of them. They are written by the statement that writes the candles, which needs a
transaction that sees one state of the tables all along (repeatable read): else a version that another writer stores
meanwhile, and that gives way at once, would be gone.
"""

from collections.abc import Iterable, Sequence

from psycopg import sql

from wickstream.candle import Candle
from wickstream.store.versions import Key, key_of

COLUMNS = Candle.__struct_fields__
KEY = ("symbol", "interval", "open_time", "revision", "trade_count", "origin")

_NEWEST_FIRST = "revision DESC, trade_count DESC, (origin = 'trades') DESC, published_at, origin"

KNOWN = sql.SQL(
    f"""
SELECT DISTINCT ON (open_time) * FROM ((
    SELECT {{columns}} FROM candles
    WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
      AND closed AND published_at <= %(known_at)s
) UNION ALL (
    SELECT {{columns}} FROM candle_revisions
    WHERE symbol = %(symbol)s AND "interval" = '1m' AND open_time BETWEEN %(first)s AND %(last)s
      AND published_at <= %(known_at)s
)) AS known
ORDER BY open_time, {_NEWEST_FIRST}
"""  # noqa: S608 - no value is part of it
).format(columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))


def overtaken(candles: Iterable[Candle], kept: Iterable[Candle]) -> Sequence[Candle]:
    """Those of a batch that were known before what is kept of it: one a version and origin, of the earliest time.

    `kept` has one candle for each minute of `candles`, which none of them supersedes.
    """
    standing = {key_of(candle): candle for candle in kept}
    known: dict[tuple[Key, int, int, str], Candle] = {}
    for candle in candles:
        if candle.closed and _is_known_before(candle, standing[key_of(candle)]):
            slot = (key_of(candle), candle.revision, candle.trade_count, candle.origin)
            other = known.setdefault(slot, candle)
            if candle.published_at < other.published_at:
                known[slot] = candle
    return list(known.values())


def _is_known_before(candle: Candle, larger: Candle) -> bool:
    return not larger.closed or candle.published_at < larger.published_at
