"""Capture files: a line is the receiver's clock in ns, a space, and the frame as it came off the socket."""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from wickstream.config import Market
from wickstream.errors import Mistake
from wickstream.exchange.local.market.career import Career
from wickstream.exchange.local.market.instruments import Instrument
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.tape import CapturedTape, RecordedTrade, Tape

_CAPTURES = Path(__file__).parents[1] / "captures"
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_PLACES = 8
_PLACES = {Market.SPOT: 8, Market.USDM: 0}  # Spot fills up with zeros, futures write what the symbol's rules say
_MAX_AMOUNT = 92_233_720_368  # 2**63 units of 8 places
_MICROSECONDS_FROM = 100_000_000_000_000  # a time this large is not in ms: that would be the year 5138


@dataclass(frozen=True)
class ReplayPlan:
    """What the local exchange plays, and how.

    Attributes:
        generated: the market to make up, instead of files.
        demo: play for ever, with an endless past, at the present time; nobody is waited for.
        keep_times: times as recorded, else moved by whole minutes to now.
        loop: go on after the last frame, with new ids and times.
        speed: a factor of the recorded pace; None: as fast as the subscribers take it.
    """

    files: tuple[Path, ...] = ()
    generated: MarketPlan | None = None
    demo: bool = False
    keep_times: bool = False
    loop: bool = False
    speed: float | None = 1.0


class _Frame(msgspec.Struct):
    event: str = msgspec.field(name="e")
    symbol: str = msgspec.field(name="s", default="")
    trade_id: int = msgspec.field(name="t", default=-1)
    price: str = msgspec.field(name="p", default="")
    quantity: str = msgspec.field(name="q", default="")
    event_at: int = msgspec.field(name="E", default=0)
    traded_at: int = msgspec.field(name="T", default=0)
    buyer_is_maker: bool | None = msgspec.field(name="m", default=None)
    kind: str | None = msgspec.field(name="X", default=None)  # futures only


class _Envelope(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _Event(msgspec.Struct):
    event: str = msgspec.field(name="e", default="")


_envelopes = msgspec.json.Decoder(_Envelope)
_events = msgspec.json.Decoder(_Event)
_frames = msgspec.json.Decoder(_Frame)


@dataclass(frozen=True)
class Recording:
    """All trades there are to play: one tape per symbol, in order of first appearance."""

    tapes: tuple[Tape, ...]
    digest: str  # of what it was made from
    market: Market
    first_ms: int  # trade time of the first trade of any symbol
    last_ms: int  # and of the last
    careers: Mapping[str, Career] = field(default_factory=dict)  # of symbols that are not always listed and trading
    instruments: tuple[Instrument, ...] = ()  # what is known of symbols beyond their trades


def demo_files() -> tuple[Path, ...]:
    """The bundled spot captures."""
    return tuple(sorted(_CAPTURES.glob("spot_*.frames.gz")))


def symbols_of(files: Iterable[Path]) -> tuple[str, ...]:
    """The symbols of capture files, in order of first appearance.

    Raises:
        Mistake: If a file is missing or broken.
    """
    return tuple(dict.fromkeys(trade.symbol for file in files for _, trade in _read_trades(file)))


def market_of(files: Iterable[Path]) -> Market:
    """Which market the files were recorded on: only futures frames carry `X`.

    Raises:
        Mistake: If a file is missing or broken, or if they are of two markets.
    """
    markets = {file: _market(next(_read_trades(file))[1]) for file in files}
    if len(set(markets.values())) > 1:
        raise Mistake(f"{', '.join(str(file) for file in markets)}: spot and futures recordings cannot be mixed")
    return next(iter(markets.values()))


def read_recording(files: Sequence[Path]) -> Recording:
    """All trades of `files`, each symbol's by trade time.

    Raises:
        Mistake: If a file is missing or broken; names the file and the line.
    """
    if not files:
        raise Mistake("no capture file to play")
    market = market_of(files)
    lines = [(file, number, trade) for file in files for number, trade in _read_trades(file)]
    lines.sort(key=lambda line: line[2].traded_at_ms)
    by_symbol: dict[str, dict[int, RecordedTrade]] = {}
    for file, number, trade in lines:
        _add(by_symbol, trade, f"{file}, line {number}")
    for symbol, trades in by_symbol.items():
        if not any(trade.counts for trade in trades.values()):
            raise Mistake(f"{', '.join(map(str, files))}: no market trade of {symbol}, off-book ones only")
    return Recording(
        tapes=tuple(
            CapturedTape(symbol, list(trades.values()), places=_PLACES[market]) for symbol, trades in by_symbol.items()
        ),
        digest=digest_of(files),
        market=market,
        first_ms=lines[0][2].traded_at_ms,
        last_ms=lines[-1][2].traded_at_ms,
    )


def digest_of(files: Iterable[Path]) -> str:
    """Names a recording by the contents of its files: 12 hex digits.

    Raises:
        Mistake: If a file cannot be read.
    """
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(_content(file)).digest())
    return total.hexdigest()[:12]


def _market(trade: RecordedTrade) -> Market:
    return Market.USDM if b'"X"' in trade.data else Market.SPOT


def _add(by_symbol: dict[str, dict[int, RecordedTrade]], trade: RecordedTrade, where: str) -> None:
    """Add the trade to its symbol's, unless it is there: files of one symbol may overlap."""
    known = by_symbol.setdefault(trade.symbol, {})
    if trade.trade_id in known:
        return
    if known and trade.trade_id < next(reversed(known)):
        raise Mistake(f"{where}: trade {trade.trade_id} of {trade.symbol} is older than one with an earlier time")
    known[trade.trade_id] = trade


def _read_trades(file: Path) -> Iterator[tuple[int, RecordedTrade]]:
    found = False
    for number, line in enumerate(_read_lines(file), start=1):
        try:
            trade = _parse_line(line)
        except (msgspec.DecodeError, ValueError) as exc:
            raise Mistake(f"{file}, line {number}: not a recorded frame ({exc})") from exc
        if trade:
            found = True
            yield number, trade
    if not found:
        raise Mistake(f"{file}: holds no @trade frame")


def _read_lines(file: Path) -> list[bytes]:
    content = _content(file)
    try:
        return (gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content).splitlines()
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise Mistake(f"{file}: the gzip data is damaged ({exc})") from exc


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise Mistake(f"{file}: cannot be read ({exc.strerror})") from exc


def _parse_line(line: bytes) -> RecordedTrade | None:
    """The trade of one line; None for frames of other streams and answers to control messages."""
    received_at, _, frame = line.partition(b" ")
    if not received_at.isdigit():
        raise ValueError("a line starts with the receiver's clock in ns")
    data = bytes(_envelopes.decode(frame).data) or frame
    if _events.decode(data).event != "trade":
        return None
    return _checked(_frames.decode(data), data)


def _checked(frame: _Frame, data: bytes) -> RecordedTrade:
    if not (frame.symbol and frame.trade_id >= 0 and frame.traded_at > 0 and frame.event_at > 0):
        raise ValueError("a trade needs s, t, T and E")
    if frame.buyer_is_maker is None or not (_is_amount(frame.price) and _is_amount(frame.quantity)):
        raise ValueError("a trade needs p, q and m")
    in_us = frame.traded_at >= _MICROSECONDS_FROM
    return RecordedTrade(
        symbol=frame.symbol,
        trade_id=frame.trade_id,
        price=frame.price,
        quantity=frame.quantity,
        traded_at_ms=frame.traded_at // 1_000 if in_us else frame.traded_at,
        buyer_is_maker=frame.buyer_is_maker,
        counts=frame.kind in (None, "MARKET"),
        data=data if b'"T":%d' % frame.traded_at in data else _compact(data),
    )


def _compact(data: bytes) -> bytes:
    """Without blanks, as the exchange sends it: some recorders write their JSON anew."""
    return msgspec.json.encode(msgspec.json.decode(data))


def _is_amount(text: str) -> bool:
    """Tell whether it is a decimal the exchange can hold: 8 places in 64 bits."""
    whole, _, places = text.partition(".")
    if not (text.isascii() and whole.isdigit() and (not places or places.isdigit()) and len(places) <= _MAX_PLACES):
        return False
    return int(whole) < _MAX_AMOUNT
