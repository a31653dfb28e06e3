"""A reader of the API who asks all the time, whatever is killed, and remembers every closed candle he was shown."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import msgspec

from wickstream.candle import EXCHANGE_FIELDS, Candle
from wickstream.config import Settings

ASKS_EVERY_S = 0.1
FACTS = (*EXCHANGE_FIELDS, "first_trade_id", "last_trade_id")


class Answer(msgspec.Struct):
    """What he reads of one."""

    data: list[Candle]
    complete: bool


class Onlooker:
    """Judges answer by answer.

    Attributes:
        answers: how often he was answered with what.
        changes: closed candles that became other ones of a higher version.
        wrong: those that changed otherwise, or vanished from an answer that called itself complete.
    """

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.changes = 0
        self.wrong: list[str] = []
        self._seen: dict[str, dict[int, Candle]] = {}

    @property
    def candles(self) -> int:
        """How many different ones he has seen."""
        return sum(map(len, self._seen.values()))

    def see(self, symbol: str, answer: Answer) -> None:
        """One more answer: closed candles of a symbol, in order."""
        seen = self._seen.setdefault(symbol, {})
        for candle in answer.data:
            if before := seen.get(candle.open_time):
                self._compare(before, candle)
            seen[candle.open_time] = candle
        if answer.complete and answer.data:
            shown = {candle.open_time for candle in answer.data}
            first, last = min(shown), max(shown)
            lacking = sorted(at for at in seen if first < at < last and at not in shown)
            self.wrong += [f"{symbol} {at}: gone from a complete answer" for at in lacking]

    def _compare(self, before: Candle, now: Candle) -> None:
        if _facts(before) == _facts(now) and before.version == now.version:
            return
        if now.version > before.version:
            self.changes += 1
        else:
            self.wrong.append(f"{now.symbol} {now.open_time}: {before} became {now}")


def _facts(candle: Candle) -> tuple[object, ...]:
    return tuple(getattr(candle, name) for name in FACTS)


@contextmanager
def onlooking(settings: Settings, symbols: Sequence[str]) -> Iterator[Onlooker]:
    """He asks in a thread of his own, for the time of the block."""
    onlooker, end = Onlooker(), threading.Event()
    thread = threading.Thread(target=_ask, args=(onlooker, settings, symbols, end), daemon=True)
    thread.start()
    try:
        yield onlooker
    finally:
        end.set()
        thread.join()


def _ask(onlooker: Onlooker, settings: Settings, symbols: Sequence[str], end: threading.Event) -> None:
    number = 0
    address = f"http://127.0.0.1:{settings.port('api')}"
    with httpx.Client(base_url=address, trust_env=False, timeout=5) as client:
        while not end.wait(ASKS_EVERY_S):
            number += 1
            symbol = symbols[number % len(symbols)]
            try:
                got = client.get(f"/api/v1/analytics/klines/{symbol}", params={"closed_only": "true", "limit": 1000})
            except httpx.HTTPError:
                onlooker.answers["no answer"] += 1
                continue
            onlooker.answers[str(got.status_code)] += 1
            if got.status_code == 200:
                onlooker.see(symbol, msgspec.json.decode(got.content, type=Answer))
