"""Seven judges, each with its counts. Pure: they see the evidence and nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from tests.chaos.prove.alerts import expected_alerts, is_judged, measured
from tests.chaos.prove.evidence import TIERS, Evidence
from tests.chaos.truth import minute_of
from tests.chaos.verdict import judge
from wickstream.binance.frames import decode_trade
from wickstream.bus.codec import encode
from wickstream.candle import Candle
from wickstream.errors import WickstreamError
from wickstream.events import GapStatus

SHOWN = 10
TRADES_FACTS = (
    "open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume",
    "trade_count", "first_trade_id", "last_trade_id",
)  # fmt: skip


@dataclass
class Judgement:
    """What one judge found.

    Attributes:
        counts: what was held against what, by name; first how much of it there was.
        faults: how many of what is wrong.
        examples: some of it, in words.
    """

    name: str
    what: str
    counts: dict[str, int | str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong, of something."""
        return not self.faults.total() and not self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to judge: that is no pass."""
        first = next(iter(self.counts.values()), 0)
        return str(first).split()[0] == "0"

    def find(self, fault: str, example: str, count: int = 1) -> None:
        """One more fault."""
        if count:
            self.faults[fault] += count
            self.examples.append(f"{fault}: {example}")


def judge_ids(evidence: Evidence) -> Judgement:
    """J1."""
    found = Judgement("J1", "each id is in raw_trades, or repaired and archived, in exactly one of the two, once")
    verdict = judge(evidence.published, evidence, evidence.begin, evidence.cut, evidence)
    for symbol, traded in evidence.traded.items():
        rows = [row for row in evidence.published.trades.get(symbol, []) if row[0] <= evidence.cut.newest[symbol]]
        ids = {row[0] for row in rows}
        counted = {
            "trades": len(traded),
            "in raw_trades": len(rows),
            "repaired": len(_ids_of(evidence, symbol, GapStatus.REPAIRED)),
        }
        for name, count in counted.items():
            found.counts[name] = int(found.counts.get(name, 0)) + count
        found.find("double", symbol, len(rows) - len(ids))
        found.find("lost", symbol, len(traded.keys() - ids - _ids_of(evidence, symbol, GapStatus.REPAIRED)))
    for line in (*verdict.wrong, *verdict.lacking):
        found.find("told by the verdict", line)
    found.counts["marks"] = sum(map(len, evidence.published.marks.values()))
    return found


def judge_candles(evidence: Evidence) -> Judgement:
    """J2."""
    found = Judgement(
        "J2", "each minute has a closed candle that equals the exchange's kline and its trades in every field"
    )
    counted, due = evidence.counted, evidence.due
    closed = {(c.symbol, c.open_time): c for rows in evidence.tiers["warm"].values() for c in rows}
    for key in sorted(due - closed.keys()):
        found.find("lacking", f"{key}")
    for key, candle in closed.items():
        if evidence.differs(candle):
            found.find("wrong", f"{candle}, but the exchange says {evidence.klines.get(key)}")
        elif key in counted and tuple(getattr(candle, name) for name in TRADES_FACTS) != counted[key]:
            found.find("wrong", f"{candle}, but its trades make {counted[key]}")
        elif (candle.trade_count == 0) != (key not in counted):
            found.find("wrong", f"{candle}: {candle.trade_count} trades")
    found.counts |= {"candles": len(closed), "due": len(due), "fields": len(TRADES_FACTS)}
    return found


def judge_chain(evidence: Evidence) -> Judgement:
    """J3."""
    found = Judgement("J3", "the ids of each candle follow those of the one before")
    links = 0
    for symbol, rows in evidence.tiers["warm"].items():
        absent = _ids_of(evidence, symbol, GapStatus.ABSENT)
        for before, after in pairwise(rows):
            links += 1
            between = set(range((before.last_trade_id or 0) + 1, after.first_trade_id or 0))
            if between - absent or (after.first_trade_id or 0) <= (before.last_trade_id or 0):
                found.find(
                    "broken", f"{symbol} {before.open_time}: {before.last_trade_id}, then {after.first_trade_id}"
                )
    found.counts["links"] = links
    return found


def judge_tiers(evidence: Evidence) -> Judgement:
    """J4."""
    found = Judgement("J4", "PostgreSQL = Parquet = Redis (the hot hour) = API, every field, by hash")
    for since_ms, name, tiers in ((0, "", ("warm", "cold", "api")), (evidence.hot_from_ms, "hot hour: ", TIERS)):
        held = {tier: _rows(evidence, tier, since_ms) for tier in tiers}
        digests = {tier: sha256(b"\n".join(map(encode, rows))).hexdigest()[:16] for tier, rows in held.items()}
        found.counts |= {f"{name}{tier}": f"{len(held[tier])} {digest}" for tier, digest in digests.items()}
        if len(set(digests.values())) > 1:
            for tier in tiers[1:]:
                for line in _differences(held["warm"], held[tier]):
                    found.find(f"{tier} differs", line)
    return found


def _rows(evidence: Evidence, tier: str, since_ms: int) -> list[Candle]:
    by_symbol = evidence.tiers[tier]
    return [row for symbol in sorted(by_symbol) for row in by_symbol[symbol] if row.open_time >= since_ms]


def _differences(ours: list[Candle], theirs: list[Candle]) -> Iterator[str]:
    left, right = ({(c.symbol, c.open_time): c for c in rows} for rows in (ours, theirs))
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            yield f"{key}: {right.get(key)} instead of {left.get(key)}"


def judge_books(evidence: Evidence) -> Judgement:
    """J5."""
    found = Judgement("J5", "in = out + dead letters + ledgered gaps, at every hop")
    traded = archived = published = ledgered = dead = 0
    for symbol, trades in evidence.traded.items():
        ids = {row[0] for row in evidence.published.trades.get(symbol, [])} & trades.keys()
        repaired = _ids_of(evidence, symbol, GapStatus.REPAIRED) & trades.keys()
        letters = _ids_of_letters(evidence, symbol) & trades.keys() - ids - repaired
        stored = {one for first, last in evidence.archived[symbol] for one in range(first, last + 1)} & trades.keys()
        found.find("exchange to Kafka", symbol, len(trades) - len(ids) - len(repaired) - len(letters))
        found.find("Kafka to the lake", symbol, len((ids | repaired) ^ stored))
        traded, published, archived = traded + len(trades), published + len(ids), archived + len(stored)
        ledgered, dead = ledgered + len(repaired), dead + len(letters)
    minutes = evidence.due | {(c.symbol, c.open_time) for rows in evidence.tiers["warm"].values() for c in rows}
    counted = sum((s, minute_of(row)) in minutes for s, rows in evidence.traded.items() for row in rows.values())
    in_candles = sum(c.trade_count for rows in evidence.tiers["warm"].values() for c in rows)
    found.find("trades to candles", f"{in_candles} instead of {counted}", abs(counted - in_candles))
    found.counts |= {
        "traded": traded, "in raw_trades": published, "ledgered": ledgered, "dead letters": dead, "archived": archived,
        "of whole minutes": counted, "in closed candles": in_candles,
        "letters of any kind": len(evidence.published.letters),
    }  # fmt: skip
    return found


def judge_alerts(evidence: Evidence) -> Judgement:
    """J6."""
    found = Judgement("J6", "the alerts are those that the trades make, once each, in PostgreSQL and Parquet, and told")
    expected = expected_alerts(evidence)
    for tier, alerts in evidence.alerts.items():
        once = Counter(alert.alert_id for alert in alerts)
        found.find(f"twice in {tier}", str(once.most_common(3)), len(alerts) - len(once))
        held = {alert.alert_id: measured(alert) for alert in alerts if is_judged(alert, evidence)}
        for alert_id in sorted(expected.keys() | held.keys()):
            if held.get(alert_id) != expected.get(alert_id):
                found.find(
                    f"differs in {tier}", f"{alert_id}: {held.get(alert_id)} instead of {expected.get(alert_id)}"
                )
        found.counts[f"in {tier}"] = len(alerts)
    warm, cold = ({alert.alert_id: alert for alert in evidence.alerts[tier]} for tier in ("warm", "cold"))
    for alert_id in sorted(warm.keys() | cold.keys()):
        if warm.get(alert_id) != cold.get(alert_id):
            found.find("PostgreSQL and Parquet differ", f"{warm.get(alert_id)}, {cold.get(alert_id)}")
    told, ids = Counter(evidence.told), {one.alert_id for one in evidence.alerts["warm"] if not one.late}
    found.find("not told", str(sorted(ids - told.keys())[:3]), len(ids - told.keys()))
    found.counts |= {"expected, quoted in dollars": len(expected), "told": len(told)}
    found.counts["told again after a crash"] = told.total() - len(told)
    return found


def judge_onlooker(evidence: Evidence) -> Judgement:
    """J7."""
    found = Judgement("J7", "who asked during the faults never saw a closed candle change but to a higher version")
    onlooker = evidence.onlooker
    for line in onlooker.wrong:
        found.find("changed", line)
    found.counts |= {"answers": onlooker.answers["200"], "candles seen": onlooker.candles, "revised": onlooker.changes}
    found.counts["other answers or none"] = onlooker.answers.total() - onlooker.answers["200"]
    return found


JUDGES: tuple[Callable[[Evidence], Judgement], ...] = (
    judge_ids, judge_candles, judge_chain, judge_tiers, judge_books, judge_alerts, judge_onlooker,
)  # fmt: skip


def _ids_of(evidence: Evidence, symbol: str, status: GapStatus) -> set[int]:
    gaps = [gap for gap in evidence.published.gaps.values() if gap.symbol == symbol and gap.status is status]
    return {one for gap in gaps for one in gap.ids}


def _ids_of_letters(evidence: Evidence, symbol: str) -> set[int]:
    ids = set()
    for _, raw in evidence.published.letters:
        try:
            trade = decode_trade(raw)
        except WickstreamError:
            continue
        if trade.symbol == symbol:
            ids.add(trade.trade_id)
    return ids
