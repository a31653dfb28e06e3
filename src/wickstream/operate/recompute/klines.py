"""Verdicts by the exchange's klines, asked only as long as there is an exchange."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from wickstream.errors import ExchangeError, Refused
from wickstream.events import MINUTE_MS
from wickstream.exchange.recovery.kline_book import KlineBook
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sessions.audit import KLINE_PAUSE_S
from wickstream.operate.recompute.judge import Verdict, by_klines
from wickstream.operate.recompute.question import Answer
from wickstream.store.ledger.cases import Case


class KlineJudge:
    """Of one run. A run may have thousands of cases, and each would wait in vain for an exchange that is away."""

    def __init__(self, client: ExchangeClient) -> None:
        self._client = client
        self._trouble: str | None = None

    async def verdicts(self, asked: Sequence[tuple[Case, Answer]]) -> list[Verdict]:
        """What the klines make of each, in their order; seeming halts are asked for twice, after one pause for all."""
        found = [await self._verdict(case, answer) for case, answer in asked]
        seeming = [number for number, verdict in enumerate(found) if verdict.lacking]
        if seeming:
            await asyncio.sleep(KLINE_PAUSE_S)
        for number in seeming:
            again = await self._verdict(*asked[number], lacked=found[number].lacking)
            found[number] = again if again.trouble is None else replace(found[number], trouble=again.trouble)
        return found

    async def _verdict(self, case: Case, answer: Answer, *, lacked: Collection[int] = ()) -> Verdict:
        """Who does not answer is not asked about the next one."""
        if self._trouble is not None:
            return Verdict(trouble=self._trouble)
        try:
            return await self._ask(case, answer, lacked)
        except Refused as exc:  # of this symbol only
            return Verdict(trouble=str(exc))
        except ExchangeError as exc:
            self._trouble = str(exc)
            return Verdict(trouble=self._trouble)

    async def _ask(self, case: Case, answer: Answer, lacked: Collection[int]) -> Verdict:
        book = KlineBook(self._client, case.symbol)
        await book.cover(case.first_open, case.last_open + MINUTE_MS, now_ms=await self._client.time_ms())
        return by_klines(case, answer, book.closed, newest_kline=book.newest, lacked=lacked)
