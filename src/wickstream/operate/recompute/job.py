"""PROCESS: one question from standard input, answered on standard output by Spark in batch; then it ends."""

import os
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from pyspark.sql import DataFrame, SparkSession

from wickstream.binance.rest import RestTrade, rebuild
from wickstream.bus.codec import encode
from wickstream.bus.consumer import require_topics
from wickstream.bus.history import History
from wickstream.bus.topics import RAW_TRADES
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import GapStatus, Trade
from wickstream.exchange.recovery.mending import Span
from wickstream.operate.recompute.question import Answer, Question, lacking, windows
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.ledger.cases import Case
from wickstream.stream.batch import Part, published, recomputed, runs_of, trades_of, values_in
from wickstream.stream.session import spark_session

NICENESS = 10
MARGIN_MS = 5_000  # producers' clocks may step; a record too many does no harm
OFF_BOOK = "NA"

_FOLDER = "recompute"  # the stream's own would be emptied under it
_MASTER = "local[2]"  # little to do, and files of this machine to read
_ORPHANED = 1


def run(settings: Settings) -> None:
    """Answer and end. It also ends, at once, when standard input does: then nobody waits for the answer.

    Raises:
        WickstreamError: If a store does not answer, or Spark does not start.
    """
    os.nice(NICENESS)
    question = msgspec.json.decode(sys.stdin.buffer.readline(), type=Question)
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    require_topics(settings.kafka, (RAW_TRADES,))  # before a JVM is started in vain
    for found in answer(settings, question):
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    sys.stdout.buffer.flush()


def _end_with(lifeline: int) -> None:
    while os.read(lifeline, 1):  # not through the buffer, whose lock would be held when the interpreter ends
        pass
    os._exit(_ORPHANED)


def answer(settings: Settings, question: Question) -> list[Answer]:
    """One answer a case, in their order."""
    own = {"spark_master": _MASTER, "spark_properties": None}
    with (
        spark_session(settings.model_copy(update=own), folder=_FOLDER) as (session, _),
        tempfile.TemporaryDirectory(dir=settings.data_dir / _FOLDER) as made,
    ):
        return answer_with(session, settings, question, Path(made))


def answer_with(session: SparkSession, settings: Settings, question: Question, folder: Path) -> list[Answer]:
    """As `answer`, by a session that is there; `folder`: for what is handed to Spark as files."""
    cases = question.cases
    trades = trades_of([*_from_kafka(session, settings, cases), _from_archive(session, settings, cases, folder)])
    marks = values_in(session, _written(folder / "marks", (encode(case.mark) for case in cases if case.mark)))
    candles = _by_case(recomputed(trades, marks), cases)
    unproven = {case.symbol for case, found in zip(cases, candles, strict=True) if not _is_closed(case, found)}
    runs = _runs(trades, unproven)
    kept_since_ms = TradesArchive(settings).kept_since_ms()
    return [
        Answer(number, tuple(found), _lacking(case, found, runs, kept_since_ms=kept_since_ms))
        for number, (case, found) in enumerate(zip(cases, candles, strict=True))
    ]


def _from_kafka(session: SparkSession, settings: Settings, cases: Sequence[Case]) -> Iterator[DataFrame]:
    symbols = {case.symbol for case in cases}
    with History(settings.kafka) as history:
        for window in windows(cases):
            starts = history.offsets_at(RAW_TRADES, window.from_ms - MARGIN_MS)
            ends = history.offsets_at(RAW_TRADES, window.until_ms + MARGIN_MS)
            yield published(session, settings, Part(starts, ends), symbols)


def _from_archive(session: SparkSession, settings: Settings, cases: Sequence[Case], folder: Path) -> DataFrame:
    """What repair has put there; an id is in one of the two places, but both may be asked for it."""
    archive = TradesArchive(settings)
    spans = {
        (case.symbol, max(first, case.first_id), min(last, case.last_id))
        for case in cases
        for first, last in case.ids_that_are(GapStatus.REPAIRED)
    }
    trades = (trade for symbol, first, last in sorted(spans) for trade in archive.read(symbol, first, last))
    return values_in(session, _written(folder / "trades", map(_as_published, trades)))


def _as_published(trade: Trade) -> bytes:
    row = RestTrade(
        trade.trade_id,
        f"{trade.price:f}",
        f"{trade.quantity:f}",
        trade.traded_at_ms,
        trade.buyer_is_maker,
        kind="MARKET" if trade.counts else OFF_BOOK,
    )
    return rebuild(row, trade.symbol)[1]


def _written(file: Path, values: Iterable[bytes]) -> Path:
    with file.open("wb") as lines:
        lines.writelines(value + b"\n" for value in values)
    return file


def _by_case(candles: Iterable[Candle], cases: Sequence[Case]) -> list[list[Candle]]:
    minutes: defaultdict[str, dict[int, Candle]] = defaultdict(dict)
    for candle in candles:
        minutes[candle.symbol][candle.open_time] = candle
    return [[minutes[case.symbol][at] for at in case.minutes if at in minutes[case.symbol]] for case in cases]


def _lacking(
    case: Case, found: Sequence[Candle], runs: Mapping[str, Sequence[Span]], *, kept_since_ms: int
) -> tuple[tuple[int, int], ...]:
    """Not of minutes whose trades were kept, and are no more: they were there when an entry said so."""
    if _is_closed(case, found) or case.last_open < kept_since_ms:
        return ()
    return lacking(case, runs[case.symbol])


def _is_closed(case: Case, found: Sequence[Candle]) -> bool:
    return case.mark is not None and any(candle.closed for candle in found)


def _runs(trades: DataFrame, symbols: set[str]) -> dict[str, list[Span]]:
    runs: dict[str, list[Span]] = {symbol: [] for symbol in symbols}
    if symbols:
        for run in runs_of(trades.where(trades["symbol"].isin(*symbols))):
            runs[run.symbol].append(Span(run.first, run.last))
    return runs
