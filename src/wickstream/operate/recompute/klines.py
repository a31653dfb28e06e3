"""Verdicts by the exchange's klines, asked only as long as there is an exchange."""

from wickstream.errors import ExchangeError, Refused
from wickstream.events import MINUTE_MS
from wickstream.exchange.recovery.kline_book import KlineBook
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.recompute.judge import Verdict, by_klines
from wickstream.operate.recompute.question import Answer
from wickstream.store.cases import Case


class KlineJudge:
    """Of one run. A run may have thousands of cases, and each would wait in vain for an exchange that is away."""

    def __init__(self, client: ExchangeClient) -> None:
        self._client = client
        self._trouble: str | None = None

    async def verdict(self, case: Case, answer: Answer) -> Verdict:
        """What the klines make of it; who does not answer is not asked about the next one."""
        if self._trouble is not None:
            return Verdict(trouble=self._trouble)
        try:
            return await self._ask(case, answer)
        except Refused as exc:  # of this symbol only
            return Verdict(trouble=str(exc))
        except ExchangeError as exc:
            self._trouble = str(exc)
            return Verdict(trouble=self._trouble)

    async def _ask(self, case: Case, answer: Answer) -> Verdict:
        book = KlineBook(self._client, case.symbol)
        await book.cover(case.first_open, case.last_open + MINUTE_MS, now_ms=await self._client.time_ms())
        return by_klines(case, answer, book.closed, newest_kline=book.newest)
