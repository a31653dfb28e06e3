"""PROCESS: the exchange's trades and tickers into Kafka, with marks for minutes that are proven complete."""

import asyncio
import signal
import time

import uvloop

from wickstream.bus.seat import Seat, free_seats
from wickstream.config import Settings
from wickstream.errors import Fenced, Held
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sessions.ending import until_one_ends
from wickstream.exchange.sessions.instance import Instance
from wickstream.exchange.sessions.log import KafkaLog
from wickstream.exchange.sessions.parts import Parts
from wickstream.exchange.sessions.reporting import Report
from wickstream.exchange.sessions.sessions import run_sessions
from wickstream.exchange.sessions.spool import Spool
from wickstream.exchange.sockets.socket_rules import SocketRules
from wickstream.exchange.sockets.sockets import Sockets
from wickstream.exchange.symbols.registry import Registry
from wickstream.metrics import serve_metrics


def run(settings: Settings, *, ensure: bool = False) -> None:
    """Publish until SIGTERM or SIGINT. With `ensure` only where no other does; else whoever does is taken over from.

    Raises:
        Mistake: If a symbol is unknown to the exchange.
        Fenced: If another connector took over.
        Held: With `ensure`: if another publishes in this one's place, or took over.
        StoreBusy: With `ensure`: if Kafka does not say whether another does.
    """
    with Seat(settings.kafka, f"connect-{settings.exchange_market}-{settings.connector_shard}") as seat:
        if not ensure:
            return uvloop.run(_main(settings))
        free_seats([seat])
        try:
            uvloop.run(_main(settings))
        except Fenced as exc:
            raise Held({seat.name: "another that took over"}) from exc


async def _main(settings: Settings) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    async with ExchangeClient(settings) as client:
        registry = Registry(settings, client)
        spool = Spool(process_s=loop.time)
        sockets = Sockets(settings.exchange_ws_url, spool.add, SocketRules.of(settings))
        spool.on_full, spool.on_room = sockets.pause, sockets.unpause
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _ask_to_stop, stop, spool)
        await until_one_ends(stop.wait(), registry.open())
        if stop.is_set():
            return
        serve_metrics(settings.listen_host, settings.port("connector"), "connector")  # from here on it counts as ready
        me = Instance.new(settings.exchange_market, settings.shard)
        report = Report(client, spool)
        parts = Parts(
            client,
            spool,
            registry,
            sockets,
            str(me),
            absence_is_provable=not settings.is_replay,
            epoch_us=_epoch_us,
            on_published=report.published,
        )
        sessions = run_sessions(parts, lambda: KafkaLog(settings.kafka, me), stop)
        await until_one_ends(sessions, beside=[registry.run(), sockets.run(), report.run()])


def _ask_to_stop(stop: asyncio.Event, spool: Spool) -> None:
    stop.set()
    spool.wake()  # who waits for frames looks up


def _epoch_us() -> int:
    """What the loop's clock says at its zero, in µs since 1970; a step of the system's clock steps this too."""
    return time.time_ns() // 1_000 - int(asyncio.get_running_loop().time() * 1e6)
