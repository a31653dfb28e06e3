"""Where trades come from, and the data folder that belongs to it: `live`, `demo`, a replay or a made-up market."""

import difflib
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from wickstream.config import Market, Settings
from wickstream.errors import Mistake
from wickstream.exchange.local.market.generator import traded_at_first
from wickstream.exchange.local.market.market_plan import parse_market
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files, digest_of, market_of, symbols_of
from wickstream.selection import ALL, choose_recorded, rules_in, symbols_in

LIVE, DEMO = "live", "demo"
PING_SECONDS = 3.0
MAX_SPEED = "max"


@dataclass(frozen=True)
class Wish:
    """What the command line asked for; None and empty: nothing was said."""

    files: tuple[Path, ...] = ()
    keep_times: bool = False
    loop: bool = False
    speed: str | None = None
    symbols: tuple[str, ...] = ()
    generate: str | None = None

    @property
    def needs_files(self) -> bool:
        """Something was asked for that only a replay has."""
        return self.keep_times or self.loop or self.speed is not None


@dataclass(frozen=True)
class Chosen:
    """The source that was chosen: settings that lead to it, what the local exchange plays (None: live), and why."""

    settings: Settings
    plan: ReplayPlan | None
    why: str

    @property
    def is_live(self) -> bool:
        """The real exchange."""
        return self.plan is None


class FolderRecord(msgspec.Struct, frozen=True):
    """`source.json`: what a data folder belongs to, written on its first start."""

    source: str
    market: Market
    files: tuple[str, ...] = ()
    keep_times: bool = False
    loop: bool = False
    speed: float | None = 1.0  # None: max
    generate: str = ""
    held: bool = False  # a made-up market that begins when all symbols are listened to


def choose(settings: Settings, wish: Wish, *, root: Path, answers: Callable[[Settings], bool] | None = None) -> Chosen:
    """Decide on source and folder. A folder keeps its source; without one: live if there is live data or the exchange
    answers, else the demo.

    Raises:
        Mistake: If a capture file is missing or broken, a symbol is not in it, or options contradict each other.
    """
    if wish.files or wish.generate:
        return _own(settings, wish, plan_of(wish), root)
    record = read_record(settings.data_dir) if "data_dir" in settings.model_fields_set else None
    if record and record.source not in (LIVE, DEMO):
        return _own(settings, wish, _resumed(record, wish), root)
    if wish.needs_files:
        raise Mistake("--keep-times, --loop and --speed belong to a replay: name its files with --replay")
    source, why = _live_or_demo(settings, record, root, answers or exchange_answers)
    folder = _folder(settings, root, source)
    if source == LIVE:
        if settings.exchange_market is not Market.SPOT:
            raise Mistake("EXCHANGE_MARKET=usdm: futures can be replayed, but not followed live yet")
        symbols = wish.symbols or settings.ticker_symbols
        return Chosen(
            settings.model_copy(update={"source": LIVE, "data_dir": folder, "ticker_symbols": symbols}), None, why
        )
    return _played(settings, wish, ReplayPlan(files=demo_files(), demo=True), folder, DEMO, why)


def plan_of(wish: Wish) -> ReplayPlan:
    """What the local exchange is to play: the files, the market to make up, else the demo.

    Raises:
        Mistake: If options contradict each other.
    """
    if wish.generate:
        if wish.files or wish.keep_times or wish.loop:
            raise Mistake("--replay, --keep-times and --loop are for recordings, --generate makes up a market")
        return _market(wish.generate, is_held=wish.speed is not None, speed=parse_speed(wish.speed))
    if not wish.files:
        return ReplayPlan(files=demo_files(), demo=True)
    files = tuple(file.expanduser().absolute() for file in wish.files)
    return ReplayPlan(files=files, keep_times=wish.keep_times, loop=wish.loop, speed=parse_speed(wish.speed))


def _market(text: str, *, is_held: bool, speed: float | None) -> ReplayPlan:
    """With the real clock, like the demo; with a speed of its own it waits to be listened to, like a replay."""
    return ReplayPlan(generated=parse_market(text), demo=not is_held, speed=speed)


def parse_speed(text: str | None) -> float | None:
    """A factor of the recorded pace; None: `max`."""
    if text is None:
        return 1.0
    if text == MAX_SPEED:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1_000_000:
        raise Mistake(f"--speed {text}: a number above 0 is needed, or max")
    return speed


def exchange_answers(settings: Settings) -> bool:
    """Tell whether the exchange's REST side is there for us."""
    try:
        url = f"{settings.exchange_rest_url}/api/v3/ping"
        with urllib.request.urlopen(url, timeout=PING_SECONDS) as answer:  # noqa: S310 - the operator's own address
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def read_record(folder: Path) -> FolderRecord | None:
    """What the folder belongs to; None if it is new.

    Raises:
        Mistake: If `source.json` cannot be read.
    """
    file = folder / "source.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=FolderRecord)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError) as exc:
        raise Mistake(f"{file} cannot be read ({exc}): choose another --data-dir") from exc


def check_folder(chosen: Chosen) -> None:
    """See that the folder is new, or belongs to just this source.

    Raises:
        Mistake: If it belongs to another.
    """
    folder = chosen.settings.data_dir
    old, new = read_record(folder), _record_of(chosen)
    if old and _identity(old) != _identity(new):
        raise Mistake(f"{folder} belongs to {_words(old)}, not to {_words(new)}: choose another --data-dir")


def _identity(record: FolderRecord) -> tuple[str, Market, bool, bool]:
    return record.source, record.market, record.keep_times, record.held


def claim_folder(chosen: Chosen) -> None:
    """Write down on first start what the folder belongs to; see `check_folder`."""
    check_folder(chosen)
    folder = chosen.settings.data_dir
    if read_record(folder) is None:
        draft = folder / "source.json.new"
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(_record_of(chosen))))
        draft.replace(folder / "source.json")


def _live_or_demo(
    settings: Settings, record: FolderRecord | None, root: Path, answers: Callable[[Settings], bool]
) -> tuple[str, str]:
    if record:
        return record.source, f"the folder is {record.source}{_absence(settings, record.source, answers)}"
    if "source" in settings.model_fields_set:
        if settings.source not in (LIVE, DEMO):
            raise Mistake(f"WICKSTREAM_SOURCE={settings.source}: name its files with --replay, or --generate it")
        return settings.source, f"as WICKSTREAM_SOURCE says{_absence(settings, settings.source, answers)}"
    if "data_dir" not in settings.model_fields_set and read_record(root / LIVE):
        return LIVE, f"there is live data of earlier days{_absence(settings, LIVE, answers)}"
    if answers(settings):
        return LIVE, f"{settings.exchange_rest_url} answers"
    return DEMO, f"{settings.exchange_rest_url} does not answer"


def _absence(settings: Settings, source: str, answers: Callable[[Settings], bool]) -> str:
    """Live data stays live: without the exchange it is waited for, and that is said."""
    if source != LIVE or answers(settings):
        return ""
    return f"; {settings.exchange_rest_url} does not answer, and is waited for"


def _resumed(record: FolderRecord, wish: Wish) -> ReplayPlan:
    if record.generate:
        speed = parse_speed(wish.speed) if wish.speed else record.speed
        return _market(record.generate, is_held=record.held or wish.speed is not None, speed=speed)
    return ReplayPlan(
        files=tuple(map(Path, record.files)),
        keep_times=record.keep_times,
        loop=record.loop or wish.loop,
        speed=parse_speed(wish.speed) if wish.speed else record.speed,
    )


def _own(settings: Settings, wish: Wish, plan: ReplayPlan, root: Path) -> Chosen:
    """A source that needs nobody else's word: a replay, or a made-up market."""
    if plan.generated:
        source = f"generated:{plan.generated.digest}"
        name = source.replace(":", "-") + ("" if plan.demo else "-held")
        return _played(settings, wish, plan, _folder(settings, root, name), source, f"makes up {plan.generated.text}")
    names = ", ".join(file.name for file in plan.files)
    symbols_of(plan.files)  # a broken file is told of before anything is hashed
    source = f"replay:{digest_of(plan.files)}"
    # Ids are the same in both, times are not: they must not share a folder.
    name = source.replace(":", "-") + ("-as-recorded" if plan.keep_times else "")
    return _played(settings, wish, plan, _folder(settings, root, name), source, f"plays {names}")


def _folder(settings: Settings, root: Path, name: str) -> Path:
    return settings.data_dir if "data_dir" in settings.model_fields_set else root / name


def _played(settings: Settings, wish: Wish, plan: ReplayPlan, folder: Path, source: str, why: str) -> Chosen:
    http, api, archive = (
        f"http://127.0.0.1:{settings.port(name)}" for name in ("exchange", "exchange-api", "exchange-archive")
    )
    update = {
        "source": source,
        "data_dir": folder,
        "ticker_symbols": _symbols(settings, wish, plan),
        "exchange_market": Market.SPOT if plan.generated else market_of(plan.files),
        "exchange_ws_url": http.replace("http", "ws", 1),
        "exchange_rest_url": http,
        "exchange_trades_url": api,
        "exchange_archive_url": archive,
    }
    return Chosen(settings.model_copy(update=update), plan, why)


def _symbols(settings: Settings, wish: Wish, plan: ReplayPlan) -> tuple[str, ...]:
    """Those of `--symbols`; else of TICKER_SYMBOLS, which is meant for live, as far as recorded; else all."""
    recorded = traded_at_first(plan.generated) if plan.generated else symbols_of(plan.files)
    for symbol in symbols_in(wish.symbols):
        if symbol not in recorded:
            near = difflib.get_close_matches(symbol, recorded, n=3, cutoff=0.5) or recorded
            raise Mistake(f"{symbol}: not in the recording; did you mean {', '.join(near)}?")
    if wish.symbols and (plan.demo or plan.generated):
        return wish.symbols  # it trades day and night: the connector can apply a rule to it
    if any(rule.top for rule in rules_in(wish.symbols)):
        raise Mistake("--symbols: a recording has no 24 hours to rank by; leave out top=")
    wanted = settings.ticker_symbols if "ticker_symbols" in settings.model_fields_set else ()
    chosen = choose_recorded(wish.symbols or wanted, recorded)
    if wish.symbols and not chosen:
        raise Mistake(f"--symbols {','.join(wish.symbols)}: chooses nothing of the recording ({', '.join(recorded)})")
    if plan.generated and not chosen:
        return (ALL,)  # with what is listed later
    return chosen or recorded


def _record_of(chosen: Chosen) -> FolderRecord:
    settings, plan = chosen.settings, chosen.plan
    if plan is None or (plan.demo and not plan.generated):
        return FolderRecord(source=settings.source, market=settings.exchange_market)
    return FolderRecord(
        source=settings.source,
        market=settings.exchange_market,
        files=tuple(map(str, plan.files)),
        keep_times=plan.keep_times,
        loop=plan.loop,
        speed=plan.speed,
        generate=plan.generated.text if plan.generated else "",
        held=plan.generated is not None and not plan.demo,
    )


def _words(record: FolderRecord) -> str:
    if record.source in (LIVE, DEMO):
        return f"the {record.source} source ({record.market})"
    if record.generate:
        return f"{record.source} ({record.generate}{', held for its listeners' if record.held else ''})"
    times = "times as recorded" if record.keep_times else "times moved to now"
    return f"{record.source} ({', '.join(Path(file).name for file in record.files)}; {times})"
