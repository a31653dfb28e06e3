"""Trading Analytics: buys against sells, when there is trading, how wild it is, and the largest trades."""

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.boards import Look, Panels, board, interval, quote, symbols
from deploy.grafana.panels import BAD, GOOD, Frame, bars, classes, lines, listing, ranking
from deploy.grafana.sources import Form, Sql
from deploy.grafana.sql import MOST_WINDOWS_OF_MANY, SHOWN, as_time, in_windows, window_of

OF_SYMBOLS = "symbol IN (${symbol:sqlstring})"
MINUTES = f"FROM candles WHERE {in_windows(MOST_WINDOWS_OF_MANY)}"
OPENED = f"{window_of('open_time')} AS opened"
AT = f'{as_time("opened")} AS "time"'
NEWEST = f"The newest {MOST_WINDOWS_OF_MANY} windows, of many symbols fewer."

FLOW = f"""
SELECT {AT}, bought::float8 AS "bought", (bought - traded)::float8 AS "sold" FROM (
    SELECT {OPENED}, sum(taker_buy_quote_volume) AS bought, sum(quote_volume) AS traded {MINUTES} GROUP BY opened
) AS w ORDER BY opened
"""
BUY_SHARE = f"""
SELECT symbol, (100 * sum(taker_buy_quote_volume) / nullif(sum(quote_volume), 0))::float8 AS "bought"
{MINUTES} GROUP BY symbol HAVING sum(quote_volume) > 0 ORDER BY "bought" DESC LIMIT 25
"""
VOLUME = f"""
SELECT {AT}, symbol AS "metric", traded::float8 AS "volume" FROM (
    SELECT {OPENED}, symbol, sum(quote_volume) AS traded {MINUTES} GROUP BY opened, symbol
) AS w ORDER BY opened, symbol
"""
BY_HOUR_OF_DAY = f"""
SELECT lpad(hour::text, 2, '0') || ':00' AS "hour", (sum(traded) / count(*))::float8 AS "volume" FROM (
    SELECT open_time / 3600000 AS hour_of_all, open_time / 3600000 % 24 AS hour, sum(quote_volume) AS traded
    {MINUTES} GROUP BY hour_of_all, hour
) AS h GROUP BY hour ORDER BY hour
"""
SIZE = f"""
SELECT {AT}, (traded / nullif(trades, 0))::float8 AS "mean trade", trades AS "trades" FROM (
    SELECT {OPENED}, sum(quote_volume) AS traded, sum(trade_count)::bigint AS trades {MINUTES} GROUP BY opened
) AS w ORDER BY opened
"""
# Parkinson's. Logarithms and roots are no exact numbers to begin with.
VOLATILITY = f"""
SELECT {AT}, symbol AS "metric", 100 * sqrt(squares / (4 * ln(2::float8))) AS "volatility" FROM (
    SELECT {OPENED}, symbol, sum(ln(high::float8 / low::float8) ^ 2) AS squares {MINUTES} GROUP BY opened, symbol
) AS w ORDER BY opened, symbol
"""
ALERTS = f"""
SELECT {AT}, type AS "metric", alerts FROM (
    SELECT {window_of("at")} AS opened, type, count(*) AS alerts
    FROM alerts WHERE {OF_SYMBOLS} AND at {SHOWN} GROUP BY opened, type
) AS w ORDER BY opened, type
"""
LARGEST = f"""
SELECT {as_time("at")} AS "time", symbol, type, facts->>'side' AS "side", value::float8 AS "value",
       coalesce(facts->>'price', facts->>'vwap')::float8 AS "price", (facts->>'quantity')::float8 AS "quantity"
FROM alerts WHERE {OF_SYMBOLS} AND type IN ('whale', 'sweep') AND at {SHOWN} ORDER BY alerts.value DESC LIMIT 25
"""


def trading_analytics() -> dashboard.Dashboard:
    """Of one symbol or many, as long as they are quoted in the same money."""
    return board(
        "wickstream-trading",
        "Buys against sells, volume and volatility by interval, alerts by type and the largest trades.",
        Look("now-24h", "1m"),
        [quote(), symbols(), interval("1h")],
        {"Flow in $quote": _flow(), "Pace": _pace(), "Out of the ordinary": _alerts()},
    )


def _flow() -> Panels:
    return [
        bars(
            Frame(
                "Bought and sold", f"By takers, in the money of the quote; what was sold hangs below. {NEWEST}", 14, 9
            ),
            Sql(FLOW, Form.SERIES),
            colors={"bought": GOOD, "sold": BAD},
        ),
        ranking(
            Frame("Share of buys", f"What takers bought, in percent of what was traded. {NEWEST}", 10, 9, "percent"),
            Sql(BUY_SHARE),
            steps=[(GOOD, 50)],
            below=BAD,
        ),
        bars(
            Frame("Volume", f"By symbol, in the money of the quote. {NEWEST}", 14, 9),
            Sql(VOLUME, Form.SERIES),
        ),
        classes(
            Frame("Volume by hour of the day", f"What an hour has on average, by UTC. {NEWEST}", 10, 9),
            Sql(BY_HOUR_OF_DAY),
        ),
    ]


def _pace() -> Panels:
    return [
        lines(
            Frame(
                "Volatility",
                f"Of each window, by Parkinson: from the highest and lowest price of its minutes. {NEWEST}",
                12,
                9,
                "percent",
            ),
            Sql(VOLATILITY, Form.SERIES),
        ),
        lines(
            Frame("Trades and their mean size", f"How many in each window, and the money of one. {NEWEST}", 12, 9),
            Sql(SIZE, Form.SERIES),
        ),
    ]


def _alerts() -> Panels:
    return [
        bars(
            Frame("Alerts by type", "How many in each window of the shown range.", 10, 10),
            Sql(ALERTS, Form.SERIES),
        ),
        listing(
            Frame(
                "Largest trades",
                "The 25 largest single trades (whale) and taker orders (sweep) above the threshold. Value in US "
                "dollars.",
                14,
                10,
            ),
            Sql(LARGEST),
            units={"value": "currencyUSD"},
            nothing="none in this range",
        ),
    ]
