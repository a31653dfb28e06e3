"""Days whose exchange or stores fail."""

import asyncio

import pytest

from tests.unit.exchange.ladder_market import SYMBOL
from wickstream.errors import FeedLost, StoreBusy, WickstreamError
from wickstream.operate.backfill.days import GIVE_UP_AFTER, Days
from wickstream.operate.backfill.outcome import Filled, Outcome
from wickstream.operate.backfill.trades import Trades
from wickstream.operate.backfill.wanted import Day


class Failing(Trades):
    """Fails as it is told, one day after the other."""

    def __init__(self, failures: list[WickstreamError | None]) -> None:
        self.failures = failures

    async def fill(self, day: Day, filled: Filled) -> dict[int, object]:  # type: ignore[override]
        failure = self.failures.pop(0)
        if failure is not None:
            raise failure
        return {}


def fill_all(failures: list[WickstreamError | None], told: list[Filled]) -> None:
    days = Days(None, Failing(failures), tell=told.append)

    async def fill() -> None:
        while failures:
            await days.fill(Day(SYMBOL, 0))

    asyncio.run(fill())


def test_a_day_that_fails_is_told_of_and_the_next_one_filled() -> None:
    told: list[Filled] = []
    fill_all([FeedLost("no answer"), None], told)

    assert [(one.outcome, one.trouble) for one in told] == [(Outcome.FAILED, "no answer"), (Outcome.STORED, None)]


def test_an_exchange_that_fails_again_and_again_is_given_up() -> None:
    told: list[Filled] = []
    lost = FeedLost("no answer")

    with pytest.raises(FeedLost):
        fill_all([lost, None, *[lost] * GIVE_UP_AFTER, None], told)
    assert len(told) == 2 + GIVE_UP_AFTER


def test_a_store_that_is_away_ends_it_and_the_day_is_not_called_done() -> None:
    told: list[Filled] = []

    with pytest.raises(StoreBusy):
        fill_all([None, StoreBusy("away"), None], told)
    assert len(told) == 1
