"""From one fence to the next: frames out of the spool, through the shard, into one transaction after the other.

Everything that is known comes from Kafka and the exchange; nothing of an earlier session is needed but the spool.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from functools import partial

import structlog

from wickstream.events import Author, SymbolEvent
from wickstream.exchange.rest.insist import until_answered
from wickstream.exchange.sequencing.shard import Shard
from wickstream.exchange.sessions.audit import Audit, ask_time
from wickstream.exchange.sessions.ending import until_one_ends
from wickstream.exchange.sessions.parts import Log, Parts
from wickstream.exchange.sessions.refill import Refill
from wickstream.exchange.sessions.start import Start
from wickstream.exchange.sessions.tail import STOPPED, Tail
from wickstream.metrics import FRAMES, PUBLISH_SECONDS

log = structlog.get_logger()

TRANSACTION_S = 0.05  # one transaction at most so often: no throughput cost; who reads committed waits for its end
SEND_S = 0.002  # into it records go as they come, so often at most: who reads uncommitted does not wait
SUBSCRIBED_S = 3.0  # no start waits longer for its streams
FRAMES_AT_ONCE = 10_000  # in one transaction: the event loop must not stand still for long


class Session:
    """One producer's life."""

    def __init__(self, parts: Parts, bus: Log) -> None:
        self._parts = parts
        self._log = bus
        self._loop = asyncio.get_running_loop()
        self._shard = Shard((), parts.clock, instance=parts.instance, ever_followed=parts.ever_followed)
        self._turn = asyncio.Lock()  # of a transaction, or of a look at what is committed
        self._pause_s = SEND_S
        self._start = Start(self._shard, parts.client, listings=parts.registry.listings)
        self._audit = Audit(self._shard, parts.client, on_news=parts.spool.wake)
        self._refill = Refill(
            self._shard,
            parts.client,
            heard_until_s=lambda: parts.spool.taken_until_s,
            absence_is_provable=parts.absence_is_provable,
            on_news=parts.spool.wake,
            on_silence=parts.streams.is_silent,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; whoever sets `stop` wakes the spool.

        Raises:
            ProducerBroken: If Kafka did not take something; start another session.
            StoreBusy, ExchangeError: If it cannot begin yet.
        """
        try:
            await self._run(stop)
        finally:
            self._parts.spool.rewind()
            self._log.let_go()

    async def _run(self, stop: asyncio.Event) -> None:
        """Order is the correctness: sockets buffer already; fence, read the tail, then publish."""
        prepared = asyncio.ensure_future(self._prepare())
        await until_one_ends(stop.wait(), asyncio.wait_for(prepared, None))
        if not prepared.cancelled():
            beside = [self._begin(prepared.result()), self._follow_changes(), self._refill.run(), self._audit.run()]
            await until_one_ends(self._publish(stop), beside=beside)

    async def _prepare(self) -> dict[str, Tail]:
        began_s = self._loop.time()
        # 1. Frames are kept from here on: what a predecessor does not publish any more is in our hands
        registry = self._parts.registry
        registry.changed.clear()
        symbols = sorted(registry.mine | self._parts.first_ids.keys())
        if not registry.mine.issuperset(symbols):  # chosen until just now: what came of them is not published yet
            registry.changed.set()
        await self._subscribe(symbols)
        subscribed_s = self._loop.time()
        # 2. Nobody else writes from here on
        await self._log.fence()
        fenced_s = self._loop.time()
        # 3. What time it is there: frames are judged by it
        if not self._shard.clock.is_synced:
            await ask_time(self._shard.clock, self._parts.client)
        # 4. Where it stopped
        registry.on_poll = self._audit.on_poll
        tails = await self._resume(symbols)
        log.info(
            "live",
            symbols=len(symbols),
            subscribed_after_s=round(subscribed_s - began_s, 2),
            fenced_after_s=round(fenced_s - subscribed_s, 2),
            resumed_after_s=round(self._loop.time() - fenced_s, 2),
        )
        return tails

    async def _subscribe(self, symbols: Collection[str]) -> None:
        """What the exchange had before the first frame: that is where a symbol begins that nobody followed."""
        for symbol in symbols:  # frames come before it is known where to begin
            if symbol not in self._shard.sequencers:
                self._shard.add(symbol, now_s=self._loop.time())
        first_ids = self._parts.first_ids
        if new := [symbol for symbol in symbols if symbol not in first_ids]:
            tickers = await self._parts.client.tickers(new)
            first_ids.update({symbol: tickers[symbol].last_id if symbol in tickers else -1 for symbol in new})
            self._parts.streams.follow(symbols)
            with suppress(TimeoutError):  # ids show what is missed, if it takes longer
                await asyncio.wait_for(self._parts.streams.subscribed(), SUBSCRIBED_S)
        else:
            self._parts.streams.follow(symbols)

    async def _resume(self, symbols: Collection[str]) -> dict[str, Tail]:
        async with self._turn:  # what is on its way would be in neither
            tails = await self._log.tails(symbols)
        self._start.resume(tails)
        return tails

    async def _begin(self, tails: dict[str, Tail]) -> None:
        await self._start.begin(tails, self._parts.first_ids)
        self._parts.spool.wake()
        if self._shard.has_holes:
            self._refill.notice()

    async def _follow_changes(self) -> None:
        """The operator, a rule or the exchange may add and remove symbols at any time."""
        registry, begun = self._parts.registry, set[asyncio.Task[None]]()
        try:
            while True:
                await registry.changed.wait()
                registry.changed.clear()
                if not registry.mine.issuperset(self._shard.sequencers):
                    await self._take_all_until(self._loop.time())
                symbols, known = sorted(registry.mine), tuple(self._shard.sequencers)
                await self._drop([symbol for symbol in known if symbol not in registry.mine])
                await until_answered(partial(self._subscribe, symbols))  # those that are live do not wait for it
                tails = await self._resume([symbol for symbol in symbols if symbol not in known])
                begun.add(asyncio.ensure_future(self._begin(tails)))
                begun = {task for task in begun if not task.done()}
        finally:
            for task in begun:
                task.cancel()

    async def _take_all_until(self, at_s: float) -> None:
        """Wait until the frames that came by then are with the sequencers."""
        while self._parts.spool.taken_until_s <= at_s:  # noqa: ASYNC110 (who takes them has more to do than to tell)
            await asyncio.sleep(TRANSACTION_S)

    async def _drop(self, symbols: Collection[str]) -> None:
        """What happens to them from here on until they are followed again is no gap."""
        for symbol in symbols:
            sequencer, now_s = self._shard.sequencers[symbol], self._loop.time()
            self._shard.drop(symbol, now_s=now_s)
            if sequencer.next_id is not None:  # else it was not begun
                self._say_stopped(symbol, sequencer.next_id, self._shard.clock.now_ms(now_s=now_s))
        await self._commit()
        for symbol in symbols:  # not before: the next session would not know that their end is to be told
            self._parts.first_ids.pop(symbol, None)

    def _say_stopped(self, symbol: str, next_id: int, now_ms: int) -> None:
        event = SymbolEvent(symbol, Author.CONNECTOR, STOPPED, now_ms, chosen=False, next_trade_id=next_id)
        self._shard.announce(event)

    async def _publish(self, stop: asyncio.Event) -> None:
        spool = self._parts.spool
        stopping = False
        while not stopping:
            stopping = stop.is_set()  # seen before anything is taken, so that nothing stays behind
            is_behind = await self._transaction(is_last=stopping)
            spool.acknowledge()
            if is_behind:
                await asyncio.sleep(0)  # others want their turn, though there is no end of frames
            elif not stopping:
                await spool.filled()
            stopping = stopping and not is_behind

    async def _transaction(self, *, is_last: bool) -> bool:
        """What comes until it ends, sent as it comes; tell whether there is more."""
        async with self._turn:
            ends_s = self._loop.time() + TRANSACTION_S
            is_behind, is_open = await self._pass_on()
            while is_open and not is_behind and not is_last and await self._more_comes(ends_s):
                is_behind, _ = await self._pass_on()
            if is_open:
                await self._end_transaction()
        return is_behind

    async def _pass_on(self) -> tuple[bool, bool]:
        """From the spool into the open transaction; tell whether there is more, and whether there was anything.

        The more it takes, the longer it is waited for more: a burst is passed on in fewer and larger pieces.
        """
        began_s = self._loop.time()
        is_behind, is_any = self._take_frames(), await self._send()
        self._pause_s = max(SEND_S, self._loop.time() - began_s)
        return is_behind, is_any

    async def _more_comes(self, until_s: float) -> bool:
        """Wait for frames, or whoever wakes us, until then; and for those that come with them."""
        try:
            async with asyncio.timeout_at(until_s):
                await self._parts.spool.filled()
        except TimeoutError:
            return False
        await asyncio.sleep(self._pause_s)
        return True

    async def _send(self) -> bool:
        """What is ready; tell whether there was anything."""
        records = self._shard.take_records(now_s=self._loop.time(), producers_ms=self._log.now_ms())
        if records:
            await self._log.send(records)
        return bool(records)

    async def _end_transaction(self) -> None:
        with PUBLISH_SECONDS.time():
            await self._log.commit()
        self._parts.on_published(self._shard)

    async def _commit(self) -> None:
        """What is ready, in a transaction of its own."""
        async with self._turn:
            if await self._send():
                await self._end_transaction()

    def _take_frames(self) -> bool:
        """Tell whether there is more."""
        epoch_us, now_s, frames = self._parts.epoch_us(), self._loop.time(), 0
        for read in self._parts.spool.take(FRAMES_AT_ONCE):
            self._shard.on_read(read.frames, read.at_s, now_s=now_s, epoch_us=epoch_us)
            frames += len(read.frames)
        FRAMES.inc(frames)
        if self._shard.has_holes:
            self._refill.notice()
        return frames >= FRAMES_AT_ONCE
