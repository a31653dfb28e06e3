"""Minutes made again from Kafka and the archive, with duplicates, losses and strangers in the topic: as the oracle."""

import random
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from pyspark.sql import SparkSession

from tests.id_hash import id_hash
from tests.spark.decimal_oracle import Told, minutes_of, oracle
from tests.spark.job_topics import MIDNIGHT, as_values, publish
from wickstream.bus.topics import RAW_TRADES
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark, Trade
from wickstream.operate.recompute.job import answer_with
from wickstream.operate.recompute.question import Answer, Question
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.ledger.bookkeeping import Kind
from wickstream.store.ledger.cases import Case

pytestmark = [pytest.mark.spark, pytest.mark.stack]

MINUTES = 6
PER_MINUTE = 40
# In the order of the oracle.
FACTS = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume",
         "trade_count", "first_trade_id", "last_trade_id")  # fmt: skip


def market(symbol: str, *, seed: int) -> list[Told]:
    chance = random.Random(seed)
    return [
        Told(
            symbol,
            500 + i,
            Decimal(chance.randrange(1, 10**12)).scaleb(-8),
            Decimal(chance.randrange(1, 10**13)).scaleb(-8),
            MIDNIGHT + i * MINUTE_MS // PER_MINUTE,
            buyer_is_maker=chance.random() < 0.5,
        )
        for i in range(MINUTES * PER_MINUTE)
    ]


def archived(trades: Iterable[Told]) -> Iterator[Trade]:
    for trade in trades:
        yield Trade(trade.symbol, trade.trade_id, trade.price, trade.quantity, trade.time_ms, trade.buyer_is_maker)


def cases_of(trades: list[Told], **fields: object) -> list[Case]:
    """Each minute with its mark, published just now."""
    now_ms = int(time.time() * 1_000)
    found = []
    for (symbol, minute), inside in minutes_of(trades).items():
        ids = [trade.trade_id for trade in inside]
        mark = Mark(symbol, minute, ids[0], ids[-1], len(ids), sum(ids), id_hash(ids), inside[-1].price, ids[-1] + 1)
        case = Case(
            kind=Kind.UNCLOSED,
            symbol=symbol,
            first_open=minute,
            last_open=minute,
            mark=mark,
            first_id=ids[0],
            last_id=ids[-1],
            from_ms=now_ms - 60_000,
            until_ms=now_ms,
            wanted=(minute,),
            stored="",
        )
        found.append(msgspec.structs.replace(case, **fields))
    return found


def closed_facts(answers: Iterable[Answer]) -> dict[tuple[str, int], tuple[Decimal | int, ...]]:
    closed = [candle for answer in answers for candle in answer.candles if candle.closed]
    return {(candle.symbol, candle.open_time): as_oracle(candle) for candle in closed}


def as_oracle(candle: Candle) -> tuple[Decimal | int, ...]:
    return tuple(getattr(candle, name) for name in FACTS)


def test_duplicates_do_no_harm_and_what_is_nowhere_is_told_to_the_id(
    spark: SparkSession, topics: Settings, tmp_path: Path
) -> None:
    doubled, mended, short = (market(symbol, seed=n) for n, symbol in enumerate(("DOUBLED", "MENDED", "SHORT")))
    stranger = market("STRANGER", seed=9)
    kept_mended = [trade for trade in mended if not 520 <= trade.trade_id <= 590]
    kept_short = [trade for trade in short if trade.trade_id not in (500, 501, 560, 739)]
    told = [*doubled, *doubled[::3], *doubled[100:120], *kept_mended, *kept_short, *stranger]
    random.Random(3).shuffle(told)
    publish(topics, RAW_TRADES, as_values(told))
    settings = topics.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})
    TradesArchive(settings).add("MENDED", archived(trade for trade in mended if 520 <= trade.trade_id <= 595))
    repaired = Gap("MENDED", 520, 590, None, 0, GapStatus.REPAIRED)
    quiet = Case(
        kind=Kind.UNCLOSED, symbol="SHORT", first_open=MIDNIGHT + 9 * MINUTE_MS, last_open=MIDNIGHT + 9 * MINUTE_MS,
        mark=Mark("SHORT", MIDNIGHT + 9 * MINUTE_MS, 740, 739, 0, 0, 0, Decimal("1.5"), 740),
        first_id=740, last_id=739, from_ms=0, until_ms=None, wanted=(MIDNIGHT + 9 * MINUTE_MS,), stored="",
    )  # fmt: skip
    cases = [*cases_of(doubled), *cases_of(mended, listed=(repaired,)), *cases_of(short), quiet]

    answers = answer_with(spark, settings, Question(tuple(cases)), tmp_path)

    truth = oracle([*doubled, *mended, *short])
    holed = {("SHORT", minute.first_open): answer.lacking for minute, answer in zip(cases, answers, strict=True)
             if answer.lacking}  # fmt: skip
    minutes = [MIDNIGHT, MIDNIGHT + MINUTE_MS, MIDNIGHT + 5 * MINUTE_MS]
    assert holed == dict(
        zip([("SHORT", m) for m in minutes], [((500, 501),), ((560, 560),), ((739, 739),)], strict=True)
    )
    closed = closed_facts(answers)
    flat = closed.pop(("SHORT", quiet.first_open))
    assert flat == (*[Decimal("1.5")] * 4, *[Decimal(0)] * 4, 0, 740, 739)
    assert closed == {key: facts for key, facts in truth.items() if key not in holed}
