"""An exchange that is away costs a run one wait; one that refuses a symbol is asked about the others.

And a halt is what two answers say, some seconds apart.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from tests.candles import minute
from tests.conftest import IsolatedSettings
from tests.simulation.virtual_loop import VirtualLoop
from tests.unit.operate.recompute.made_cases import at, kline, unmarked
from wickstream.candle import Candle
from wickstream.errors import ExchangeError, FeedLost, Refused
from wickstream.events import GapStatus
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sessions.audit import KLINE_PAUSE_S
from wickstream.operate.recompute.judge import Verdict
from wickstream.operate.recompute.klines import KlineJudge
from wickstream.operate.recompute.question import Answer


class Failing(ExchangeClient):
    """Answers every question in the same way."""

    def __init__(self, failure: ExchangeError) -> None:
        super().__init__(IsolatedSettings())
        self._failure = failure
        self.asked = 0

    async def time_ms(self) -> int:
        self.asked += 1
        raise self._failure


async def asked_about_three(failure: ExchangeError) -> tuple[list[Verdict], int]:
    """The verdicts, and how often the exchange was asked."""
    async with Failing(failure) as client:
        found = await KlineJudge(client).verdicts([(unmarked(n, n), Answer(n, (), ())) for n in (1, 4, 9)])
        return found, client.asked


def test_of_an_exchange_that_is_away_only_the_first_case_asks() -> None:
    assert asyncio.run(asked_about_three(FeedLost("no answer"))) == ([Verdict(trouble="no answer")] * 3, 1)


def test_that_one_symbol_is_refused_says_nothing_of_the_others() -> None:
    refused = Refused("Invalid symbol", status=400)
    assert asyncio.run(asked_about_three(refused)) == ([Verdict(trouble="Invalid symbol")] * 3, 3)


class Scripted(ExchangeClient):
    """Has klines that appear at a time of the loop."""

    def __init__(self, *klines: tuple[Candle, float], away_from_s: float = 1e9) -> None:
        super().__init__(IsolatedSettings())
        self._klines = klines
        self._away_from_s = away_from_s
        self.asked_s: list[float] = []

    async def time_ms(self) -> int:
        return at(60)

    async def klines(self, symbol: str, start_ms: int, *, now_ms: int) -> list[Candle]:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._away_from_s:
            raise FeedLost("no answer")
        self.asked_s.append(now_s)
        return [one for one, from_s in self._klines if from_s <= now_s and one.open_time >= start_ms]


def quiet(number: int) -> Candle:
    return kline(number, trade_count=0, volume=Decimal(0))


def traded(number: int, numbers: Sequence[int]) -> Answer:
    """Each of these minutes has its ten trades."""
    return Answer(number, tuple(minute(number=each, closed=False) for each in numbers), ())


def judged(*klines: tuple[Candle, float], away_from_s: float = 1e9) -> tuple[list[Verdict], list[float]]:
    """Of minutes 1 to 3, of which the first has trades, and of minute 4, which is whole; and when it was asked."""
    asked = [(unmarked(1, 3, last_id=1_019), traded(0, [1])), (unmarked(4, 4), traded(1, [4]))]

    async def judge() -> tuple[list[Verdict], list[float]]:
        async with Scripted(*klines, away_from_s=away_from_s) as client:
            return await KlineJudge(client).verdicts(asked), client.asked_s

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(judge())


def test_a_minute_is_halted_when_two_answers_lack_it_and_one_that_was_late_is_none() -> None:
    (first, second), asked_s = judged((kline(1), 0), (quiet(2), KLINE_PAUSE_S), (kline(4), 0), (kline(5), 0))

    assert [candle.open_time for candle in first.candles] == [at(1), at(2)]
    assert [(halt.open_time, halt.status) for halt in first.entries] == [(at(3), GapStatus.HALTED)]
    assert (first.note, second.candles) == (None, (minute(number=4),))
    assert asked_s == [0, 0, KLINE_PAUSE_S], "once for both cases, and again for the one in question"


def test_where_no_klines_lack_nobody_waits() -> None:
    klines = (kline(1), quiet(2), quiet(3), kline(4), kline(5))
    verdicts, asked_s = judged(*((one, 0) for one in klines))

    assert [len(verdict.candles) for verdict in verdicts] == [3, 1]
    assert asked_s == [0, 0]


def test_an_exchange_that_goes_before_the_second_answer_has_said_nothing_of_a_halt() -> None:
    (first, _), _ = judged(*((kline(number), 0) for number in (1, 4, 5)), away_from_s=1)

    assert (len(first.candles), first.entries, first.trouble) == (1, (), "no answer")
