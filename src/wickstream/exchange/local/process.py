"""PROCESS: the local exchange. Speaks Binance's WebSocket and REST on this machine and plays recorded trades."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvloop

from wickstream.config import Settings
from wickstream.exchange.local.doors import hosts
from wickstream.exchange.local.doors.archive import ArchiveServer, Flaw
from wickstream.exchange.local.doors.listeners import Listeners
from wickstream.exchange.local.doors.market_data import MarketData
from wickstream.exchange.local.doors.oracle import Oracle
from wickstream.exchange.local.doors.rest import RestServer
from wickstream.exchange.local.doors.streams import StreamRules, StreamServer
from wickstream.exchange.local.faults.conditions import UNDISTURBED, Conditions, Troubles
from wickstream.exchange.local.faults.database import Database
from wickstream.exchange.local.market import anchor
from wickstream.exchange.local.market.generator import generate
from wickstream.exchange.local.market.recording import ReplayPlan, read_recording
from wickstream.exchange.local.market.world import World
from wickstream.exchange.local.played_clock import PlayedClock
from wickstream.exchange.local.player import Player


def run(settings: Settings, plan: ReplayPlan, conditions: Conditions | None = None) -> None:
    """Serve until SIGTERM or SIGINT; ready when `GET /api/v3/ping` answers.

    Raises:
        Mistake: If a capture file is missing or broken, or a port is in use.
    """
    uvloop.run(_serve_until_told(settings, plan, conditions or Conditions()))


@asynccontextmanager
async def local_exchange(
    settings: Settings,
    plan: ReplayPlan,
    *,
    conditions: Conditions = UNDISTURBED,
    rules: StreamRules | None = None,
    flaw_of: Callable[[str], Flaw | None] | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """The exchange as long as the context is open, each host on its port; yields the task that plays.

    Raises:
        Mistake: If a capture file is missing or broken, or a port is in use.
    """
    recording = generate(plan.generated) if plan.generated else read_recording(plan.files)
    set_down = anchor.keep(settings.data_dir / "exchange.json", recording, plan, now_ms=int(time.time() * 1_000))
    world = World(recording, set_down, plan)
    clock = _clock(world, plan, set_down)
    listeners = Listeners(frozenset(world.histories), waits_for_slow=plan.speed is None)
    streams = StreamServer(listeners, rules or conditions.script.rules)
    troubles = Troubles(world, clock, listeners, streams, conditions)
    market = MarketData(world, clock)
    rest = RestServer(market, Database(market, clock, troubles.board), troubles.board)
    served = hosts.runners(
        rest,
        streams,
        ArchiveServer(world, clock, flaw_of or troubles.flaw_of),
        doors=(Oracle(world, clock, market), *troubles.doors),
        before=troubles.before,
    )
    awaited = () if plan.demo else _awaited(world, settings)
    player = Player(world, clock, listeners, waits_for=awaited, changed=troubles.changed)
    try:
        await hosts.listen(served, settings, tls=conditions.tls)
        async with troubles.at_work():
            playing = asyncio.create_task(player.play())
            try:
                yield playing
            finally:
                playing.cancel()
                await asyncio.wait((playing,))
    finally:
        await hosts.close(list(served.values()))


def _awaited(world: World, settings: Settings) -> tuple[str, ...]:
    """The symbols there are at first, or those of them that were chosen: nobody will ever ask for the others."""
    at_first = [symbol for symbol, history in world.histories.items() if history.status(world.starts_at_ms)]
    is_chosen = "ticker_symbols" in settings.model_fields_set
    chosen = tuple(symbol for symbol in at_first if is_chosen and symbol in settings.named_symbols)
    return chosen or tuple(at_first)


def _clock(world: World, plan: ReplayPlan, set_down: anchor.Anchor) -> PlayedClock:
    """The demo's clock has run since it was first set down; a replay's stands before its first frame."""
    if not plan.demo:
        held_at_ms = world.starts_at_ms - 1
        return PlayedClock(
            held_at_ms=held_at_ms, end_ms=world.ends_at_ms, speed=plan.speed, real_seconds=time.monotonic
        )
    clock = PlayedClock(held_at_ms=set_down.started_at_ms, end_ms=None, speed=plan.speed, real_seconds=time.time)
    clock.start(at=set_down.started_at_ms / 1_000)
    return clock


async def _serve_until_told(settings: Settings, plan: ReplayPlan, conditions: Conditions) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with local_exchange(settings, plan, conditions=conditions) as playing:
        stop = asyncio.create_task(told.wait())
        await asyncio.wait((stop, playing), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()  # a fault in the playing ends the process; a recording that is over does not
        await stop
