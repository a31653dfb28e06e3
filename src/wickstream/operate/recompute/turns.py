"""Recomputing cases: asked of the job all at once, judged one by one, made known symbol by symbol."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from itertools import islice

import msgspec

from wickstream import metrics
from wickstream.config import Settings
from wickstream.events import Gap
from wickstream.exchange.recovery.draft import Step
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.symbols.symbols import require_listed
from wickstream.operate.mender import Mender
from wickstream.operate.recompute.backlog import Backlog
from wickstream.operate.recompute.child import RecomputeFailed, ask, ask_in_parts
from wickstream.operate.recompute.judge import Verdict, judge
from wickstream.operate.recompute.klines import KlineJudge
from wickstream.operate.recompute.question import Answer
from wickstream.operate.worklist import Worklist
from wickstream.store.ledger.cases import Case, cases_in, due_cases, marked_symbols
from wickstream.store.ledger.reader import LedgerReader

LOOK_EVERY_S = 10.0  # as the ledger does
MOST_FOUND = 5_000
MOST_AT_ONCE = 2_000
MOST_IN_RANGE = 20_000  # in one run of the job


class Range:
    """Minutes of some symbols, both ends included; none named: all that were followed."""

    def __init__(self, symbols: Sequence[str], *, first_open: int, last_open: int) -> None:
        self.symbols = symbols
        self.first_open = first_open
        self.last_open = last_open
        self._ids: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def take(self, cases: Sequence[Case]) -> None:
        """These are its cases."""
        for case in cases:
            self._ids[case.symbol].append((case.first_id, case.last_id))

    def concerns(self, gap: Gap) -> bool:
        """Tell whether an entry is of ids that lie in the range."""
        ids = gap.ids
        return any(first <= ids[-1] and ids[0] <= last for first, last in self._ids[gap.symbol]) if ids else False


class Recomputed(msgspec.Struct):
    """What became of one case; without candles and note it is as it was stored."""

    symbol: str
    open_time: int
    minutes: int
    cause: str
    candles: int = 0  # published
    missing: int = 0  # ids that were found missing
    note: str | None = None  # what stands against a proof
    trouble: str | None = None  # the job, or the exchange, failed to answer

    @classmethod
    def of(cls, case: Case, *, note: str | None = None, trouble: str | None = None) -> "Recomputed":
        """Before anything became of it."""
        return cls(case.symbol, case.first_open, len(case.wanted), case.stored, note=note, trouble=trouble)

    @classmethod
    def of_all(cls, cases: Sequence[Case], *, trouble: str) -> "Recomputed":
        """Of cases that nothing became of: the first stands for all."""
        outcome = cls.of(cases[0], trouble=trouble)
        outcome.minutes = sum(len(case.wanted) for case in cases)
        return outcome


class Recomputing:
    """Turns at what the ledger found. Every method may raise StoreBusy; calling it again goes on from there."""

    def __init__(
        self,
        settings: Settings,
        client: ExchangeClient,
        ledger: LedgerReader,
        mender: Mender,
        worklist: Worklist,
        backlog: Backlog,
        *,
        tell: Callable[[Recomputed], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._ledger = ledger
        self._mender = mender
        self._worklist = worklist
        self._tell = tell
        self._backlog = backlog
        self._look_at_s = float("-inf")

    async def turn(self, *, is_patient: bool = True) -> bool | None:
        """Recompute what is due, in one run; False: nothing is; None: another process repairs.

        `is_patient`: leave to the stream what it may still come to.
        """
        if time.monotonic() < self._look_at_s:
            return False
        if not await asyncio.to_thread(self._ledger.claim):
            return None
        try:
            due = (await self._due(is_patient=is_patient))[:MOST_AT_ONCE]
            if due:
                await self._try(due)
        finally:
            await asyncio.to_thread(self._ledger.release)
        if not due:
            self._look_at_s = time.monotonic() + LOOK_EVERY_S
        return bool(due)

    async def _due(self, *, is_patient: bool) -> list[Case]:
        now_s = time.monotonic()
        found = await asyncio.to_thread(
            due_cases,
            self._ledger,
            besides=self._backlog.waiting(now_s=now_s),
            limit=MOST_FOUND,
            is_patient=is_patient,
        )
        return self._backlog.due(found, now_s=now_s)

    async def _try(self, due: Sequence[Case]) -> None:
        try:
            await self.recompute(due)
        finally:  # a run may last a minute, and what it publishes is stored a moment later
            self._backlog.tried(due, now_s=time.monotonic())

    async def over(self, wanted: Range) -> bool | None:
        """Recompute a range, proven or not; False when it is done; None: another process repairs.

        Raises:
            Mistake: If a symbol was never followed.
        """
        if not await asyncio.to_thread(self._ledger.claim):
            return None
        try:
            known = await asyncio.to_thread(marked_symbols, self._ledger)
            require_listed(wanted.symbols, known)
            symbols = wanted.symbols or known
            cases = await asyncio.to_thread(
                cases_in, self._ledger, symbols, first_open=wanted.first_open, last_open=wanted.last_open
            )
            wanted.take(cases)
            for piece in _pieces(cases):
                await self.recompute(piece)
        finally:
            await asyncio.to_thread(self._ledger.release)
        return False

    async def recompute(self, cases: Sequence[Case]) -> None:
        """Make these known as they come out; this process has the right to repair."""
        by_exchange = KlineJudge(self._client)
        async with aclosing(ask_in_parts(_by_time(cases), ask=partial(ask, self._settings))) as parts:
            async for some, answers in parts:
                if isinstance(answers, RecomputeFailed):
                    self._tell(Recomputed.of_all(some, trouble=str(answers)))
                else:
                    await self._settle(some, answers, by_exchange)

    async def _settle(self, cases: Sequence[Case], answers: Sequence[Answer], by_exchange: KlineJudge) -> None:
        asked = list(zip(cases, answers, strict=True))
        verdicts = [judge(case, answer) for case, answer in asked]
        unproven = [number for number, verdict in enumerate(verdicts) if verdict.needs_klines]
        by_klines = await by_exchange.verdicts([asked[number] for number in unproven])
        for number, verdict in zip(unproven, by_klines, strict=True):
            verdicts[number] = verdict
        by_symbol: defaultdict[str, list[tuple[Case, Verdict]]] = defaultdict(list)
        for case, verdict in zip(cases, verdicts, strict=True):
            by_symbol[case.symbol].append((case, verdict))
        for symbol, of_symbol in by_symbol.items():
            await self._make_known(symbol, of_symbol)

    async def _make_known(self, symbol: str, verdicts: Sequence[tuple[Case, Verdict]]) -> None:
        candles = tuple(candle for _, verdict in verdicts for candle in verdict.candles)
        entries = tuple(entry for _, verdict in verdicts for entry in verdict.entries)
        step = Step((), entries, candles, None)
        told, published = await asyncio.to_thread(self._mender.apply, symbol, step)
        self._worklist.published(told, now_s=time.monotonic())
        minutes = {candle.open_time for candle in published}
        metrics.RECOMPUTED.inc(len(minutes))
        for case, verdict in verdicts:
            outcome = Recomputed.of(case, note=verdict.note, trouble=verdict.trouble)
            outcome.candles = len(minutes.intersection(case.wanted))
            outcome.missing = sum(entry.size for entry in verdict.entries)
            self._tell(outcome)


def _pieces(cases: Sequence[Case]) -> Iterator[list[Case]]:
    ordered = iter(_by_time(cases))
    while piece := list(islice(ordered, MOST_IN_RANGE)):
        yield piece


def _by_time(cases: Sequence[Case]) -> list[Case]:
    """So that a part of them needs a small part of Kafka."""
    return sorted(cases, key=lambda case: (case.first_open, case.symbol))
