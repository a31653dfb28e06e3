import socket
from pathlib import Path

import pytest

from wickstream.config import read_settings
from wickstream.errors import Mistake
from wickstream.operate.ports import check_ports, is_free, wanted_ports


def test_a_port_in_use_is_named_with_the_setting_that_moves_it(tmp_path: Path, port_base: int) -> None:
    settings = read_settings(data_dir=tmp_path, port_base=port_base)
    with (
        socket.create_server(("127.0.0.1", settings.port("redis"))),
        pytest.raises(Mistake, match=rf"port {port_base + 4} \(redis\) is in use.*WICKSTREAM_PORT_BASE"),
    ):
        check_ports(settings, with_exchange=True)
    check_ports(settings, with_exchange=True)


def test_a_port_taken_on_all_addresses_is_not_free(port_base: int) -> None:
    with socket.create_server(("", port_base)):
        assert not is_free("127.0.0.1", port_base)
    assert is_free("127.0.0.1", port_base)


def test_ports_of_servers_elsewhere_are_not_looked_at(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path, redis_host="redis", kafka_bootstrap_servers="kafka:9092")
    wanted = wanted_ports(settings, with_exchange=False)

    assert {"kafka", "kafka-controller", "redis", "exchange"}.isdisjoint(wanted)
    assert "postgres" in wanted


def test_only_a_clusters_workers_have_to_find_the_driver(tmp_path: Path) -> None:
    of_spark = {"spark-driver", "spark-blocks"}

    assert of_spark.isdisjoint(wanted_ports(read_settings(data_dir=tmp_path), with_exchange=True))
    clustered = read_settings(data_dir=tmp_path, spark_master="spark://master:7077")
    assert of_spark <= wanted_ports(clustered, with_exchange=False).keys()


def test_a_local_exchange_needs_a_port_for_each_of_its_hosts(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path)
    more = wanted_ports(settings, with_exchange=True).keys() - wanted_ports(settings, with_exchange=False).keys()

    assert more == {"exchange", "exchange-api", "exchange-archive"}


def test_an_address_that_is_not_this_machines_is_a_mistake(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path, listen_host="203.0.113.7")
    with pytest.raises(Mistake, match="WICKSTREAM_LISTEN_HOST"):
        check_ports(settings, with_exchange=True)
