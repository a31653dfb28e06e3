from pathlib import Path

import pytest

from wickstream.config import (
    DEFAULT_SYMBOLS,
    PORT_OFFSETS,
    Market,
    Settings,
    child_environment,
    read_settings,
    setting_names,
)
from wickstream.errors import Mistake


@pytest.fixture(autouse=True)
def _nothing_of_the_developer_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names().values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_all_settings_have_working_defaults() -> None:
    settings = read_settings()

    assert settings.ticker_symbols == DEFAULT_SYMBOLS
    assert len(settings.ticker_symbols) == 15
    assert settings.exchange_market == Market.SPOT
    assert settings.kafka == "127.0.0.1:8001"
    assert settings.lake_url == f"file:{settings.data_dir}/lake"


def test_the_environment_goes_before_the_file_and_the_command_line_before_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("POSTGRES_DB=from_file\nREDIS_PORT=1111\nWICKSTREAM_PORT_BASE=9000\n")
    monkeypatch.setenv("REDIS_PORT", "2222")
    monkeypatch.setenv("WICKSTREAM_PORT_BASE", "9500")

    settings = read_settings(port_base=9_900, log_level=None)

    assert (settings.postgres_db, settings.redis_port, settings.port_base) == ("from_file", 2_222, 9_900)


def test_symbols_are_a_list_with_commas_in_any_case_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SYMBOLS", " solusdt, BTCUSDT,,SOLUSDT ")

    assert read_settings().ticker_symbols == ("SOLUSDT", "BTCUSDT")


def test_symbols_and_rules_may_be_mixed_and_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_SYMBOLS", "btcusdt, Quote=usdt:TOP=5 ,ALL,币安人生USDT")

    settings = read_settings()

    assert settings.named_symbols == ("BTCUSDT", "币安人生USDT")
    assert list(map(str, settings.symbol_rules)) == ["quote=USDT:top=5", "all"]
    assert child_environment(settings)["TICKER_SYMBOLS"] == "BTCUSDT,quote=USDT:top=5,all,币安人生USDT"


def test_a_connector_is_one_of_so_many_and_may_have_a_port_of_its_own() -> None:
    assert read_settings().shard == (0, 1)
    assert read_settings(connector_shard="02/3").shard == (2, 3)
    assert read_settings(port_base=9_000).port("connector") == 9_006
    assert read_settings(connector_metrics_port=9_999).port("connector") == 9_999


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "")

    assert read_settings().kafka_bootstrap_servers is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WICKSTREAM_PORT_BASE", "eighty"),
        ("WICKSTREAM_PORT_BASE", "80"),
        ("WICKSTREAM_PORT_BASE", "65501"),
        ("REDIS_PORT", "0"),
        ("POSTGRES_PORT", "65536"),
        ("TICKER_SYMBOLS", ","),
        ("TICKER_SYMBOLS", "BTCUSDT,top=0"),
        ("CONNECTOR_SHARD", "2/2"),
        ("CONNECTOR_SHARD", "0/0"),
        ("CONNECTOR_SHARD", "1"),
        ("CONNECTOR_METRICS_PORT", "0"),
        ("EXCHANGE_REST_URL", "data-api.binance.vision"),
        ("EXCHANGE_REST_URL", "https://"),
        ("EXCHANGE_WS_URL", "https://data-stream.binance.vision"),
        ("EXCHANGE_REST_URL", "wss://data-stream.binance.vision"),
        ("EXCHANGE_REST_URL", "http://[::1"),
        ("EXCHANGE_REST_URL", "http://host:port"),
        ("EXCHANGE_MARKET", "margin"),
        ("WICKSTREAM_SOURCE", "elsewhere"),
        ("LOG_LEVEL", "LOUD"),
        ("LATENESS_HOURS", "0"),
        ("LATENESS_HOURS", "nan"),
        ("LATENESS_HOURS", "inf"),
        ("SPARK_DRIVER_MEMORY", "lots"),
        ("CHECKPOINT_URL", "shared/checkpoints"),
        ("CHECKPOINT_URL", "/shared/checkpoints"),
        ("KAFKA_REPLICATION", "0"),
        ("KAFKA_MIN_IN_SYNC", "most"),
    ],
)
def test_a_malformed_setting_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Mistake, match=f"^{name}: .*env.example") as caught:
        read_settings()
    assert "\n" not in str(caught.value)


def test_secrets_may_be_files_of_a_folder_and_the_environment_goes_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redis_password").write_text("of the file")
    (tmp_path / "postgres_password").write_text("of the file")
    monkeypatch.setenv("WICKSTREAM_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("POSTGRES_PASSWORD", "of the environment")
    settings = read_settings()
    found = (settings.redis_password, settings.postgres_password)
    assert [secret and secret.get_secret_value() for secret in found] == ["of the file", "of the environment"]
    monkeypatch.setenv("WICKSTREAM_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(Mistake, match=r"wickstream secrets .*nowhere"):
        read_settings()


def test_a_settings_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"REDIS_PORT=\xff\xfe")

    with pytest.raises(Mistake, match=r"\.env"):
        read_settings()


def test_secrets_are_shown_neither_in_settings_nor_in_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "hunter2")
    assert "hunter2" not in repr(read_settings()) + str(read_settings())

    monkeypatch.setenv("POSTGRES_PORT", "hunter2")
    with pytest.raises(Mistake) as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


def test_a_child_sees_exactly_these_settings_passwords_included(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNRELATED", "stays")
    settings = read_settings(postgres_password="hunter2", ticker_symbols="BTCUSDT,ETHUSDT", redis_port=7_000)
    monkeypatch.setenv("COLD_URL", "s3://of/the/parent")

    environment = child_environment(settings)
    for name in setting_names().values():
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert environment["UNRELATED"] == "stays"
    assert read_settings() == settings


def test_addresses_of_the_exchange_have_no_slash_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_REST_URL", "http://127.0.0.1:8005/")

    assert read_settings().exchange_rest_url == "http://127.0.0.1:8005"


def test_the_cold_tier_is_where_it_is_said_to_be_else_the_bucket_else_a_folder() -> None:
    assert read_settings(cold_url="s3://mine/lake/").lake_url == "s3://mine/lake"
    assert read_settings(minio_endpoint="http://minio:9000", minio_bucket="b").lake_url == "s3://b/lake"


def test_every_port_lies_within_twenty_of_the_base_and_is_there_once() -> None:
    assert sorted(set(PORT_OFFSETS.values())) == sorted(PORT_OFFSETS.values())
    assert all(0 <= offset <= 20 for offset in PORT_OFFSETS.values())
    assert read_settings(port_base=65_500).port("spark-blocks") <= 65_535


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().redis_port = 1


@pytest.mark.parametrize(
    ("source", "is_replay"),
    [("live", False), ("demo", False), ("replay:0123456789ab", True), ("generated:0123456789ab", False)],
)
def test_a_replay_is_told_by_its_source(source: str, is_replay: bool) -> None:  # noqa: FBT001
    assert read_settings(source=source).is_replay is is_replay


@pytest.mark.parametrize(("name", "value"), [("TICKER_SYMBOLS", "btc/usdt"), ("SPARK_MASTER", "foo")])
def test_what_can_never_work_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Mistake, match=name):
        read_settings()


def test_checkpoints_are_beside_the_data_unless_they_are_shared() -> None:
    assert read_settings(data_dir="/data").checkpoints_url == "file:/data/checkpoints"
    assert read_settings(checkpoint_url="hdfs://names/checkpoints/").checkpoints_url == "hdfs://names/checkpoints"
