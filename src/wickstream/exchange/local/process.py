"""PROCESS: the local exchange. Speaks Binance's WebSocket and REST on this machine and plays recorded trades."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvloop
from aiohttp import web

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.exchange.local import anchor
from wickstream.exchange.local.listeners import Listeners
from wickstream.exchange.local.market_data import MarketData
from wickstream.exchange.local.played_clock import PlayedClock
from wickstream.exchange.local.player import Player
from wickstream.exchange.local.recording import ReplayPlan, read_recording
from wickstream.exchange.local.rest import RestServer
from wickstream.exchange.local.streams import StreamRules, StreamServer
from wickstream.exchange.local.world import World

log = structlog.get_logger()


def run(settings: Settings, plan: ReplayPlan) -> None:
    """Serve until SIGTERM or SIGINT; ready when `GET /api/v3/ping` answers.

    Raises:
        Mistake: If a capture file is missing or broken, or the port is in use.
    """
    uvloop.run(_serve_until_told(settings, plan))


@asynccontextmanager
async def local_exchange(
    settings: Settings, plan: ReplayPlan, *, rules: StreamRules | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """The exchange as long as the context is open, on the port of `exchange`; yields the task that plays.

    Raises:
        Mistake: If a capture file is missing or broken, or the port is in use.
    """
    recording = read_recording(plan.files)
    set_down = anchor.keep(settings.data_dir / "exchange.json", recording, plan, now_ms=int(time.time() * 1_000))
    world = World(recording, set_down, plan)
    clock = _clock(world, plan, set_down)
    listeners = Listeners(frozenset(world.histories), waits_for_slow=plan.speed is None)
    runner = _runner(world, clock, listeners, rules or StreamRules())
    player = Player(world, clock, listeners, waits_for=() if plan.demo else _awaited(world, settings))
    try:
        await _listen(runner, settings)
        playing = asyncio.create_task(player.play())
        try:
            yield playing
        finally:
            playing.cancel()
            await asyncio.wait((playing,))
    finally:
        await runner.cleanup()


def _awaited(world: World, settings: Settings) -> tuple[str, ...]:
    """The recording's symbols, or those of them that were chosen: nobody will ever ask for the others."""
    chosen = tuple(symbol for symbol in world.histories if symbol in settings.ticker_symbols)
    return chosen or tuple(world.histories)


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


def _runner(world: World, clock: PlayedClock, listeners: Listeners, rules: StreamRules) -> web.AppRunner:
    app = web.Application()
    RestServer(MarketData(world, clock)).add_routes(app)
    streams = StreamServer(listeners, rules)
    app.router.add_get("/ws", streams.raw)
    app.router.add_get("/ws/{streams:.*}", streams.raw)
    app.router.add_get("/stream", streams.combined)
    app.on_shutdown.append(streams.hang_up)
    return web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    host, port = settings.listen_host, settings.port("exchange")
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as exc:
        raise Mistake(
            f"the local exchange cannot listen on {host}:{port} ({exc.strerror}); give another --port-base"
        ) from exc
    log.info("local exchange is listening", url=f"http://{host}:{port}")


async def _serve_until_told(settings: Settings, plan: ReplayPlan) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with local_exchange(settings, plan) as playing:
        stop = asyncio.create_task(told.wait())
        await asyncio.wait((stop, playing), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()  # a fault in the playing ends the process; a recording that is over does not
        await stop
