"""Symbol Deep Dive: one symbol's candles, who bought and who sold, and how far it all is proven."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from deploy.grafana.boards import Look, Panels, board, interval, symbol
from deploy.grafana.panels import BAD, GOOD, WARNING, Frame, bars, candles, figures, lines, listing
from deploy.grafana.sources import POSTGRES, Form, Sql
from deploy.grafana.sql import CHANGE_PCT, FROM, MISSING, ROLLED_UP, SHOWN, as_time, hours, turnover

SYMBOL = "SELECT ${symbol:sqlstring}::text"
OF_SYMBOL = "symbol = ${symbol:sqlstring}"
AT = as_time("opened")
QUALITY_COLORS = {
    "complete": GOOD,
    "repaired": "blue",
    "quiet": "super-light-green",
    "halted": "purple",
    "missing": BAD,
}

NOW = f"""
SELECT last_price::float8 AS "price", ({CHANGE_PCT})::float8 AS "change", quote_volume::float8 AS "volume",
       trade_count AS "trades"
FROM {turnover(SYMBOL, FROM)}
"""
PROVEN = f"""
SELECT 100.0::float8 * (sum(minutes) - sum({MISSING}))::float8 / nullif(sum(minutes), 0)::float8 AS "proven",
       sum({MISSING})::bigint AS "missing", sum(repaired)::bigint AS "repaired", sum(halted)::bigint AS "halted"
FROM {hours(SYMBOL)}
"""
CANDLES = f"""
SELECT {AT} AS "time", open::float8, high::float8, low::float8, close::float8, volume::float8,
       (quote_volume / nullif(volume, 0))::float8 AS "vwap"
FROM ({ROLLED_UP}) AS c ORDER BY opened
"""
BOUGHT_AND_SOLD = f"""
SELECT {AT} AS "time", taker_buy_volume::float8 AS "bought", (taker_buy_volume - volume)::float8 AS "sold"
FROM ({ROLLED_UP}) AS c ORDER BY opened
"""
TRADES = f"""
SELECT {AT} AS "time", trade_count AS "trades" FROM ({ROLLED_UP}) AS c ORDER BY opened
"""
SPREAD = f"""
SELECT {AT} AS "time", (100 * (high - low) / open)::float8 AS "low to high",
       (100 * (close - open) / open)::float8 AS "open to close"
FROM ({ROLLED_UP}) AS c ORDER BY opened
"""
MINUTES = f"""
SELECT {as_time("hour")} AS "time", complete, repaired, quiet, halted, {MISSING} AS "missing"
FROM {hours(SYMBOL)} ORDER BY hour
"""
GAPS = f"""
SELECT {as_time("detected_at")} AS "detected", status, last_trade_id - first_trade_id + 1 AS "ids",
       first_trade_id AS "first id", last_trade_id AS "last id", {as_time("open_time")} AS "minute",
       filled_by AS "filled by", evidence
FROM gaps WHERE {OF_SYMBOL} AND detected_at {SHOWN} ORDER BY detected_at DESC LIMIT 50
"""
REVISIONS = f"""
SELECT {as_time("was.open_time")} AS "minute", was.revision AS "was revision", is_now.revision AS "is revision",
       was.trade_count AS "was trades", is_now.trade_count AS "is trades",
       was.close::float8 AS "was close", is_now.close::float8 AS "is close",
       was.origin AS "was of", is_now.origin AS "is of",
       {as_time("was.published_at")} AS "known since", {as_time("is_now.published_at")} AS "until"
FROM candle_revisions AS was JOIN candles AS is_now USING (symbol, "interval", open_time)
WHERE {OF_SYMBOL} AND was."interval" = '1m' AND was.open_time {SHOWN} AND is_now.open_time {SHOWN}
ORDER BY was.open_time DESC, was.revision DESC LIMIT 50
"""
ALERTS = f"""
SELECT {as_time("at")} AS "time", type, value::float8 AS "value", threshold::float8 AS "threshold", final, late,
       facts::text AS "facts"
FROM alerts WHERE {OF_SYMBOL} AND at {SHOWN} ORDER BY at DESC LIMIT 100
"""
# Of a busy day the largest: a chart full of marks says nothing.
MARKED = f"""
SELECT {as_time("at")} AS "time", type || ' ' || round(value, 2) AS "text", type AS "tags"
FROM alerts WHERE {OF_SYMBOL} AND at {SHOWN} ORDER BY value / threshold DESC LIMIT 100
"""


class _Alerts(Builder[AnnotationQuery]):
    """Marks on every chart, as Grafana stores them."""

    def build(self) -> AnnotationQuery:
        query = Sql(MARKED).query("Anno")
        return AnnotationQuery(name="Alerts", datasource=POSTGRES, icon_color="orange", target=query)


def symbol_deep_dive() -> dashboard.Dashboard:
    """Charts are of windows of `$interval`; what is proven is counted by minutes."""
    made = board(
        "wickstream-symbol",
        "One symbol: candles with their alerts, takers' buys and sells, and how far its minutes are proven.",
        Look("now-6h", "30s"),
        [symbol(), interval("5m")],
        {"$symbol": _market(), "How far it is proven": _proof(), "Alerts": _alerts()},
    )
    return made.annotation(_Alerts())


def _market() -> Panels:
    return [
        figures(
            Frame(
                "In this range",
                "The newest price, and change, volume in the money of the quote and trades of the shown range.",
                14,
                4,
            ),
            Sql(NOW),
            units={"change": "percent"},
        ),
        figures(
            Frame(
                "Proof",
                "Minutes of the shown range that are closed by proof or a recorded halt; those that are neither.",
                10,
                4,
            ),
            Sql(PROVEN),
            steps=[(WARNING, 99), (GOOD, 100)],
            below=BAD,
            units={"proven": "percent", "missing": "none"},
        ),
        candles(
            Frame(
                "Candles",
                "Out of the 1-minute candles, exactly as the exchange rolls them up; the newest 1,500 of the range. "
                "Marks are alerts.",
                24,
                14,
            ),
            Sql(CANDLES),
        ),
        bars(
            Frame("Bought and sold", "By takers, in the base asset; what was sold hangs below."),
            Sql(BOUGHT_AND_SOLD, Form.SERIES),
            colors={"bought": GOOD, "sold": BAD},
        ),
        bars(Frame("Trades", "In each window."), Sql(TRADES, Form.SERIES)),
        lines(
            Frame(
                "Spread",
                "How far apart a window's lowest and highest price were, and its first and last, in percent of the "
                "first.",
                24,
                7,
                "percent",
            ),
            Sql(SPREAD, Form.SERIES),
            below_zero=True,
        ),
    ]


def _proof() -> Panels:
    return [
        bars(
            Frame(
                "Minutes by hour",
                "Closed as first computed, closed by a repair, closed and quiet, halted on the exchange, or missing.",
                24,
                8,
            ),
            Sql(MINUTES, Form.SERIES),
            colors=QUALITY_COLORS,
        ),
        listing(
            Frame(
                "Gaps",
                "What the ledger says of missing ids and of halts, detected in the shown range, with the evidence.",
                12,
                9,
            ),
            Sql(GAPS),
            nothing="no gap in this range",
        ),
        listing(
            Frame(
                "Revisions",
                "Minutes that were known in another version before: what a backtest of that time would have seen.",
                12,
                9,
            ),
            Sql(REVISIONS),
            nothing="none was revised in this range",
        ),
    ]


def _alerts() -> Panels:
    return [
        listing(
            Frame(
                "Alerts",
                "Of the shown range, the newest 100, with the facts that explain them. Value and threshold in US "
                "dollars, of price spikes in percent.",
                24,
                9,
            ),
            Sql(ALERTS),
            nothing="none in this range",
        ),
    ]
