"""Reaching a stack that runs already, from another terminal."""

from pathlib import Path

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.operate.down import find_folder
from wickstream.operate.ports import is_free
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.source import LIVE, Wish, choose, read_record
from wickstream.operate.supervision.pids import holder_of
from wickstream.operate.supervision.supervisor import read_state


def reach(settings: Settings, root: Path) -> Settings:
    """Settings that lead to the bus and the exchange of the stack that is meant.

    With KAFKA_BOOTSTRAP_SERVERS they are as given; else the stack is found as `status` finds it.

    Raises:
        Mistake: If nothing runs, or stacks run in several folders and none is named.
    """
    if settings.kafka_bootstrap_servers is not None:
        return settings
    folder = find_folder(settings, root)
    if folder is None or holder_of(folder / "run") is None:
        return _unsupervised(settings)
    found = settings.model_copy(update={"data_dir": folder, "port_base": _port_base(folder) or settings.port_base})
    record = read_record(folder)
    if record is not None and record.source != LIVE:
        local = f"http://127.0.0.1:{found.port('exchange')}"
        found = found.model_copy(update={"source": record.source, "exchange_rest_url": local})
    return found


def of_the_folder(settings: Settings, root: Path) -> Settings:
    """Settings that lead to all servers and the exchange of a data folder; without one they are as given."""
    folder = find_folder(settings, root)
    if folder is None or read_record(folder) is None:
        return settings
    named = settings.model_copy(update={"data_dir": folder, "port_base": _port_base(folder) or settings.port_base})
    return with_local_addresses(choose(named, Wish(), root=root).settings)


def _port_base(folder: Path) -> int | None:
    state = read_state(folder / "run")
    return next((process.port for process in state.processes if process.name == "serve"), None) if state else None


def _unsupervised(settings: Settings) -> Settings:
    """Processes started one by one have no supervisor to ask, but the port says that Kafka is there."""
    if is_free("127.0.0.1", settings.port("kafka")):
        raise Mistake("nothing is running: start it with `wickstream up`, or set KAFKA_BOOTSTRAP_SERVERS")
    return settings
