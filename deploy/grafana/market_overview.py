"""Market Overview: what was traded in 24 hours, who moved, and who made waves."""

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.boards import Look, Panels, board, quote
from deploy.grafana.panels import BAD, GOOD, Frame, bars, figures, lines, listing, ranking
from deploy.grafana.promql import rate
from deploy.grafana.sources import Form, Prom, Sql
from deploy.grafana.sql import ALL_SYMBOLS, CHANGE_PCT, DAY_MS, SHOWN, SYMBOLS_OF_QUOTE, TO, as_time, turnover

DAY = f"{TO} - {DAY_MS}"
TRADED = turnover(SYMBOLS_OF_QUOTE, DAY)

SUMMARY = f"""
SELECT count(*) AS "symbols", count(*) FILTER (WHERE last_price > first_price) AS "risen",
       count(*) FILTER (WHERE last_price < first_price) AS "fallen",
       sum(trade_count)::bigint AS "trades", sum(quote_volume)::float8 AS "volume"
FROM {TRADED}
"""
TOP = f"""
SELECT symbol, last_price::float8 AS "price", ({CHANGE_PCT})::float8 AS "change",
       quote_volume::float8 AS "volume", trade_count AS "trades"
FROM {TRADED} ORDER BY quote_volume DESC LIMIT 25
"""
MOVERS = f"""
SELECT symbol, ({CHANGE_PCT})::float8 AS "change" FROM (
    SELECT *, row_number() OVER (ORDER BY {CHANGE_PCT} DESC) AS from_top,
           row_number() OVER (ORDER BY {CHANGE_PCT}) AS from_bottom
    FROM {TRADED}
) AS moved WHERE from_top <= 8 OR from_bottom <= 8 ORDER BY "change" DESC
"""
BY_HOUR = f"""
SELECT {as_time("hour")} AS "time", sum(volume)::float8 AS "volume"
FROM ({SYMBOLS_OF_QUOTE}) AS s, LATERAL (
    SELECT open_time / 3600000 * 3600000 AS hour, sum(quote_volume) AS volume FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND open_time BETWEEN {DAY} AND {TO}
    GROUP BY 1
) AS of_symbol
GROUP BY hour ORDER BY hour
"""
WHALES = f"""
SELECT {as_time("at")} AS "time", symbol, type, facts->>'side' AS "side", value::float8 AS "value",
       coalesce(facts->>'price', facts->>'vwap')::float8 AS "price", (facts->>'quantity')::float8 AS "quantity"
FROM alerts WHERE type IN ('whale', 'sweep') AND at {SHOWN} ORDER BY at DESC LIMIT 50
"""
NEWEST = f"""
SELECT s.symbol, {as_time("newest.close_time + 1")} AS "closed until",
       greatest({TO} - newest.close_time - 1, 0) / 1000.0::float8 AS "behind"
FROM ({ALL_SYMBOLS}) AS s, LATERAL (
    SELECT close_time FROM candles AS c
    WHERE c.symbol = s.symbol AND c."interval" = '1m' AND c.closed AND c.open_time <= {TO}
    ORDER BY open_time DESC LIMIT 1
) AS newest
ORDER BY newest.close_time, s.symbol LIMIT 25
"""


def market_overview() -> dashboard.Dashboard:
    """The 24 hours are those that end with the shown range; what goes by the range itself says so."""
    return board(
        "wickstream-market",
        "What was traded in 24 hours, out of candles that equal the exchange's own.",
        Look("now-24h", "1m"),
        [quote()],
        {"The market in $quote, 24 hours": _traded(), "Out of the ordinary, and out of date": _noted()},
    )


def _traded() -> Panels:
    return [
        figures(Frame("Summary", "Symbols with a candle in these 24 hours, of the chosen money.", 24, 4), Sql(SUMMARY)),
        listing(
            Frame("Top by volume", "Price and volume in the money of the quote; a symbol leads on.", height=11),
            Sql(TOP),
            units={"change": "percent"},
        ),
        ranking(
            Frame(
                "Movers",
                "The eight that rose most and the eight that fell most, from the first price of the day to its last.",
                height=11,
                unit="percent",
            ),
            Sql(MOVERS),
            steps=[(GOOD, 0)],
            below=BAD,
        ),
        bars(
            Frame(
                "Volume by hour", "Of all of them, in the money of the quote. The first hour and the last are parts."
            ),
            Sql(BY_HOUR, Form.SERIES),
        ),
        lines(
            Frame(
                "Trades a second",
                "Acknowledged by Kafka, by source: ws is live, rest and archive are trades fetched again.",
                unit="cps",
            ),
            Prom(rate("wickstream_trades_published_total", "source"), "{{source}}"),
        ),
    ]


def _noted() -> Panels:
    return [
        listing(
            Frame(
                "Whales and sweeps",
                "Single trades and taker orders above the threshold, the newest 50 of the range. Value in US dollars.",
                14,
                10,
            ),
            Sql(WHALES),
            units={"value": "currencyUSD"},
            nothing="none in this range",
        ),
        listing(
            Frame(
                "Stalest symbols",
                "How far each symbol's closed candles go, the stalest first. A minute closes some 3 s after its end.",
                10,
                10,
            ),
            Sql(NEWEST),
            units={"behind": "s"},
        ),
    ]
