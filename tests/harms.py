"""A hundred ways to damage what is stored, each with what tells that a fault is about it."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg

from tests.stored_trades import MINUTES, Market
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.operate.validation.evidence import Report
from wickstream.store.hot.hour import closed_key, open_client, versions_key
from wickstream.store.warm.database import conninfo

FILES = {"candles": 4, "trades": 4, "alerts": 2}  # with a flipped bit

EDITS: tuple[LiteralString, ...] = (
    "SET open = open + 0.00000001",
    "SET high = high + 1",
    "SET low = low - 0.01",
    "SET close = (open + high) / 2 + 0.1",
    "SET volume = volume * 2",
    "SET volume = 'NaN'",
    "SET quote_volume = quote_volume + 0.0000000000000001",
    "SET taker_buy_volume = taker_buy_volume + 0.00000001",
    "SET taker_buy_quote_volume = 0.5",
    "SET trade_count = trade_count - 1",
    "SET first_trade_id = first_trade_id - 1",
    "SET last_trade_id = last_trade_id + 3",
    "SET (first_trade_id, last_trade_id) = (NULL, NULL)",
    "SET closed = false",
    "SET revision = revision + 3",
    "SET origin = 'archive'",
    "SET published_at = published_at + 1",
    "SET published_at = 4102444800000",
    "SET close_time = close_time + 1",
    "SET open_time = open_time - 86400000",
    "SET symbol = 'Z' || symbol",
    "DELETE",
)
ALERT_EDITS: tuple[LiteralString, ...] = (
    "SET value = value + 1", "SET threshold = 7", "SET facts = '{}'", "SET late = true", "SET final = false",
    "SET revision = 1", "SET trade_count = 2", "SET at = at + 1", "SET type = 'sweep'", "DELETE",
)  # fmt: skip


class Harm(NamedTuple):
    """One damage: how it is done, and what tells that a fault is about it."""

    do: Callable[[], object]
    symbol: str
    open_time: int | None
    words: str = ""


def lake_files(settings: Settings, table: str) -> list[Path]:
    """In the order in which they came."""
    root = Path(settings.lake_url.removeprefix("file:")) / table
    return sorted(root.glob("*=*/*.parquet"), key=lambda file: file.stat().st_mtime_ns)


def in_postgres(
    settings: Settings, table: LiteralString, edit: LiteralString, key: str, values: tuple[Any, ...]
) -> Harm:
    statement = f"DELETE FROM {table} WHERE " if edit == "DELETE" else f"UPDATE {table} {edit} WHERE "  # noqa: S608

    def do() -> None:
        with psycopg.connect(conninfo(settings), autocommit=True) as conn:
            assert conn.execute(statement + key, values).rowcount == 1

    return Harm(do, "", None)


def flips(settings: Settings, dice: random.Random) -> Iterator[Harm]:
    for table, count in FILES.items():
        for file in lake_files(settings, table)[:count]:
            yield Harm(partial(flip, file, dice), "", None, file.name)


def flip(file: Path, dice: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    file.write_bytes(content)


def edited_rows(settings: Settings, markets: list[Market], dice: random.Random) -> Iterator[Harm]:
    """Of symbols whose files of candles are whole: each kind of edit three times, each in a minute of its own."""
    places = [(market, number) for market in markets[FILES["candles"] :] for number in range(2, MINUTES - 2)]
    for edit, (market, number) in zip(EDITS * 3, dice.sample(places, 3 * len(EDITS)), strict=True):
        candle = market.candles[number]
        while candle.trade_count < 2:  # of quiet ones not all of it can be changed
            number += 1
            candle = market.candles[number % MINUTES]
        key = "symbol = %s AND open_time = %s"
        harm = in_postgres(settings, "candles", edit, key, (market.symbol, candle.open_time))
        yield harm._replace(symbol=market.symbol, open_time=candle.open_time)


def edited_alerts(settings: Settings, markets: list[Market]) -> Iterator[Harm]:
    alerts = [alert for market in markets[FILES["alerts"] :] for alert in market.alerts]
    for edit, alert in zip(ALERT_EDITS, alerts[:: len(alerts) // len(ALERT_EDITS)], strict=False):
        harm = in_postgres(settings, "alerts", edit, "alert_id = %s", (alert.alert_id,))
        yield harm._replace(words=alert.alert_id)


def edited_in_redis(settings: Settings, markets: list[Market]) -> Iterator[Harm]:
    """Rows, the run that is called whole, and versions: fourteen, each of another symbol or minute."""
    for number in range(14):
        market = markets[number % len(markets)]
        candle = market.candles[MINUTES - 20 - number]
        kinds = (edit_row, remove_row, edit_run, edit_version)
        do = partial(kinds[number % 4], settings, market.symbol, candle.open_time)
        yield Harm(do, market.symbol, None if kinds[number % 4] is edit_run else candle.open_time)


def rewrite(settings: Settings, symbol: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    with closing(open_client(settings)) as client:
        lines = bytes(client.get(closed_key(symbol)) or b"").split(b"\n")  # type: ignore[arg-type]
        changed = change(lines)
        assert changed != lines
        client.set(closed_key(symbol), b"\n".join(changed), ex=3_600)


def edit_row(settings: Settings, symbol: str, at: int) -> None:
    place = f'"open_time":{at},'.encode()
    rewrite(settings, symbol, lambda rows: [r.replace(b'"high":"', b'"high":"1') if place in r else r for r in rows])


def remove_row(settings: Settings, symbol: str, at: int) -> None:
    place = f'"open_time":{at},'.encode()
    rewrite(settings, symbol, lambda rows: [row for row in rows if place not in row])


def edit_run(settings: Settings, symbol: str, at: int) -> None:
    rewrite(settings, symbol, lambda rows: [f"{at} {at + MINUTE_MS}".encode(), *rows[1:]])


def edit_version(settings: Settings, symbol: str, at: int) -> None:
    with closing(open_client(settings)) as client:
        client.hset(versions_key(symbol), str(at), "9:1:1:1:0")


def is_named(harm: Harm, report: Report) -> bool:
    faults = [fault for check in report.checks for fault in check.faults]
    if harm.words:
        return any(harm.words in fault.what for fault in faults)
    return any(fault.symbol == harm.symbol and harm.open_time in (None, fault.open_time) for fault in faults)


def hundred_harms(settings: Settings, markets: list[Market], dice: random.Random) -> list[Harm]:
    """In files of all tables, in rows of PostgreSQL (each kind of field), in values of Redis."""
    return [
        *flips(settings, dice),
        *edited_rows(settings, markets, dice),
        *edited_alerts(settings, markets),
        *edited_in_redis(settings, markets),
    ]
