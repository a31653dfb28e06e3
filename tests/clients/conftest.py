"""Local exchanges that all foreign clients share, and what the clients tell of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.clients.environments import Seen, foreign_client
from tests.clients.exchanges import (
    AS_CAPTURED,
    DEMO,
    Own,
    Shared,
    Stories,
    TellAll,
    exchange_process,
    play_out,
    port_of,
    told,
)
from tests.clients.truth import BTC, ETH, captured_trades
from tests.conftest import SettingsMaker
from tests.running import Launcher
from wickstream.config import Settings

AT_ONCE = 4  # stories mostly wait: for the next trade, for the end of a day


@pytest.fixture(scope="session")
def shared_ports(
    tmp_path_factory: pytest.TempPathFactory, make_settings: SettingsMaker, launcher: Launcher
) -> Iterator[dict[Shared, int]]:
    """Of the exchanges that are shared."""
    demo, ended = (make_settings(tmp_path_factory.mktemp(name)) for name in Shared)
    exchanges = [launcher.start(exchange_process(demo, DEMO)), launcher.start(exchange_process(ended, AS_CAPTURED))]
    play_out(port_of(ended), last_ids={stream: captured_trades(stream)[-1]["t"] for stream in (BTC, ETH)})
    yield {Shared.DEMO: port_of(demo), Shared.ENDED: port_of(ended)}
    for exchange in exchanges:
        exchange.stop()


@pytest.fixture(scope="session")
def tell_all(
    settings: Settings,
    shared_ports: dict[Shared, int],
    make_settings: SettingsMaker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TellAll]:
    """Has all stories of a client told at once; gives what is seen in each, or raises why it could not be told."""
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def begin(name: str, stories: Stories) -> Callable[[str], Seen]:
            client = foreign_client(name, settings.cache_dir)
            begun: dict[str, Future[Seen]] = {}
            for story, asked in stories.items():
                if isinstance(asked, Own):
                    own = make_settings(tmp_path_factory.mktemp(story), ticker_symbols=asked.symbols)
                    begun[story] = pool.submit(told, client, story, asked, own)
                else:
                    begun[story] = pool.submit(client.tells, story, port=shared_ports[asked])
            return lambda story: begun[story].result()

        yield begin
