"""An exchange that is away costs a run one wait; one that refuses a symbol is asked about the others."""

import asyncio

from tests.conftest import IsolatedSettings
from tests.unit.operate.recompute.made_cases import unmarked
from wickstream.errors import ExchangeError, FeedLost, Refused
from wickstream.exchange.rest.client import ExchangeClient
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
        judge = KlineJudge(client)
        found = [await judge.verdict(unmarked(number, number), Answer(number, (), ())) for number in (1, 4, 9)]
        return found, client.asked


def test_of_an_exchange_that_is_away_only_the_first_case_asks() -> None:
    assert asyncio.run(asked_about_three(FeedLost("no answer"))) == ([Verdict(trouble="no answer")] * 3, 1)


def test_that_one_symbol_is_refused_says_nothing_of_the_others() -> None:
    refused = Refused("Invalid symbol", status=400)
    assert asyncio.run(asked_about_three(refused)) == ([Verdict(trouble="Invalid symbol")] * 3, 3)
