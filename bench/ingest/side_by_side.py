"""What a message costs, beside cryptofeed and beside producers that do nothing else."""

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from bench.ingest.arena import Arena
from bench.ingest.cost import Cost
from bench.ingest.frames import Market, agg_frames, trade_frames
from bench.ingest.published import extend
from bench.peers import peer_python
from bench.processes import broker
from bench.table import Figure
from wickstream.bus.topics import RAW_TRADES, Topic, create_topics
from wickstream.config import Settings, child_environment

PORT_BASE = 25_200
SYMBOLS = 50
TRADES = 300_000
PEERS_TRADES = 20_000  # of the contender that takes 0.2 ms for each
TRADES_A_SECOND = 2_500  # of trade time: two minutes, so that minutes end
ROUNDS = 3
PEER = Path(__file__).parents[1] / "peers/cryptofeed/contender.py"


def measure() -> list[Figure]:
    """Each contender some times in turn; the middle one counts."""
    with tempfile.TemporaryDirectory(prefix="wickstream-bench-") as folder, _arena(Path(folder)) as arena:
        ours, peers = _median(lambda: _ours_to_kafka(arena)), _median(lambda: _peer_to_kafka(arena), rounds=1)
        transactional = _median(lambda: _bare(arena, "transactional"))
        idempotent = _median(lambda: _bare(arena, "idempotent"))
        ours_received, peers_received = _without_kafka(arena)
        ours_decoded, peers_decoded = _from_memory(arena)
    return [
        _rate("TLS socket to Kafka, beside cryptofeed", ours, peers, at_least=25),
        _cost("TLS socket to Kafka, beside a bare transactional producer", ours, transactional, at_most=3),
        _cost("TLS socket to Kafka, beside a bare idempotent producer", ours, idempotent),
        _rate("TLS socket to trades in order, beside cryptofeed", ours_received, peers_received, at_least=4),
        _rate("from memory to trades in order, beside cryptofeed", ours_decoded, peers_decoded, at_least=4),
    ]


def _rate(name: str, ours: Cost, peers: Cost, *, at_least: int) -> Figure:
    limit = at_least * peers.per_cpu_second
    return Figure(
        f"{name} (≥ {at_least}×)", "messages per CPU-second", ours.per_cpu_second, limit, peers.per_cpu_second
    )


def _cost(name: str, ours: Cost, peers: Cost, *, at_most: int | None = None) -> Figure:
    limit = None if at_most is None else at_most * peers.us_per_message
    bound = "" if at_most is None else f" (≤ {at_most}×)"
    return Figure(f"{name}{bound}", "µs of CPU per message", ours.us_per_message, limit, peers.us_per_message)


def _median(run: Callable[[], Cost], *, rounds: int = ROUNDS) -> Cost:
    return _middle([run() for _ in range(rounds)])


def _middle(costs: list[Cost]) -> Cost:
    for cost in costs:
        print(f"  {cost.us_per_message:8.2f} µs, {cost.wall_s:6.2f} s", file=sys.stderr)
    return sorted(costs, key=lambda cost: cost.us_per_message)[len(costs) // 2]


@contextmanager
def _arena(folder: Path) -> Iterator[Arena]:
    market = Market(SYMBOLS, TRADES, time.time_ns() // 1_000_000 - 180_000, TRADES_A_SECOND)
    settings = Settings(data_dir=folder / "data", port_base=PORT_BASE, kafka_bootstrap_servers=None)
    arena = Arena(folder, settings, market)
    arena.make_certificate()
    (folder / "trades.txt").write_bytes(b"\n".join(trade_frames(market)))
    (folder / "agg_trades.txt").write_bytes(b"\n".join(agg_frames(market)))
    with broker(settings):
        yield arena


def _ours_to_kafka(arena: Arena) -> Cost:
    """The connector as it is run, with symbols it has never seen."""
    arena = replace(arena, market=replace(arena.market, tag=secrets.token_hex(2).upper()))
    url = f"127.0.0.1:{arena.source_port}"
    settings = arena.settings.model_copy(
        update={
            "exchange_ws_url": f"wss://{url}",
            "exchange_rest_url": f"https://{url}",
            "exchange_trades_url": f"https://{url}",
            "ticker_symbols": arena.market.names,
        }
    )
    argv = [sys.executable, "-m", "wickstream", "connect"]
    with arena.source("trade"):
        cost, values = arena.to_kafka(argv, arena.environment(**child_environment(settings)), [RAW_TRADES])
    extend({}, values)  # each once and in order, or it does not count
    return cost


def _peer_to_kafka(arena: Arena) -> Cost:
    arena = replace(arena, market=replace(arena.market, trades=PEERS_TRADES))
    topics = [f"trades-BINANCE-{name.removesuffix('USDT')}-USDT" for name in arena.market.names]
    create_topics(arena.settings.kafka, [Topic(name, partitions=1, retention_days=1) for name in topics])
    with arena.source("aggTrade"):
        return arena.to_kafka([*_peer(arena), f"--kafka={arena.settings.kafka}"], arena.environment(), topics)[0]


def _bare(arena: Arena, kind: str) -> Cost:
    argv = [sys.executable, "-m", "bench.ingest.bare", kind, "--frames", str(arena.folder / "trades.txt")]
    return arena.from_memory([*argv, "--kafka", arena.settings.kafka], arena.environment())


def _without_kafka(arena: Arena) -> tuple[Cost, Cost]:
    """Both off the socket, in turn, to where Kafka would begin."""
    url = f"wss://127.0.0.1:{arena.source_port}"

    def in_turn() -> tuple[Cost, Cost]:
        with arena.source("trade"):
            ours = arena.from_socket([*_ours_without_kafka(arena), "--url", url], arena.environment())
        with arena.source("aggTrade"):
            return ours, arena.from_socket([*_peer(arena), f"--trades={arena.market.trades}"], arena.environment())

    return _middles([in_turn() for _ in range(ROUNDS)])


def _from_memory(arena: Arena) -> tuple[Cost, Cost]:
    """Both handle what is in memory already, in turn."""
    ours = [*_ours_without_kafka(arena), "--frames", str(arena.folder / "trades.txt")]
    peers = [*_peer(arena), "--frames", str(arena.folder / "agg_trades.txt")]
    with arena.source("aggTrade"):  # the peer asks for the listing
        environment = arena.environment()
        return _middles(
            [(arena.from_memory(ours, environment), arena.from_memory(peers, environment)) for _ in range(ROUNDS)]
        )


def _ours_without_kafka(arena: Arena) -> list[str]:
    return [sys.executable, "-m", "bench.ingest.decode", "--market", json.dumps(asdict(arena.market))]


def _peer(arena: Arena) -> list[str]:
    return [str(peer_python("cryptofeed")), str(PEER), f"--port={arena.source_port}"]


def _middles(rounds: list[tuple[Cost, Cost]]) -> tuple[Cost, Cost]:
    return _middle([ours for ours, _ in rounds]), _middle([peers for _, peers in rounds])
