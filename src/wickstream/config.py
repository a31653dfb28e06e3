"""Settings: the only reader of the environment. The names are those of `.env.example`."""

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wickstream.api_settings import ApiSettings
from wickstream.errors import Mistake
from wickstream.production import weaknesses
from wickstream.retention_settings import RetentionSettings
from wickstream.selection import Rule, parse_word, rules_in, split_list, symbols_in
from wickstream.sink_settings import SinkSettings
from wickstream.threshold_settings import AlertMode, ThresholdSettings

DEFAULT_SYMBOLS = (
    "BTCUSDT",
    "ETHUSDT",
    "BNBUSDT",
    "SOLUSDT",
    "XRPUSDT",
    "DOGEUSDT",
    "ADAUSDT",
    "TRXUSDT",
    "AVAXUSDT",
    "LINKUSDT",
    "DOTUSDT",
    "LTCUSDT",
    "BCHUSDT",
    "UNIUSDT",
    "NEARUSDT",
)

# Where each process listens, counted from WICKSTREAM_PORT_BASE.
PORT_OFFSETS = {
    "api": 0,
    "kafka": 1,
    "kafka-controller": 2,
    "postgres": 3,
    "redis": 4,
    "exchange": 5,
    "exchange-api": 13,
    "exchange-archive": 14,
    "connector": 6,
    "stream": 7,
    "tickers": 8,
    "writer": 9,
    "repair": 10,
    "spark-driver": 11,  # of a cluster: on a local master any free ones do
    "spark-blocks": 12,
    "write-hot": 15,  # where a tier has a process of its own; of several in one, the first's
    "write-warm": 16,
    "write-cold": 17,
    "write-sinks": 18,
    "stream-alerts": 19,  # where alerts have a process of their own
    "airflow": 20,
}


ADAPTIVE_COOL_DOWN_S = 300


class Market(StrEnum):
    """Which of the exchange's markets; their symbols share names, so a data folder holds one."""

    SPOT = "spot"
    USDM = "usdm"


class Settings(ThresholdSettings, SinkSettings, RetentionSettings, ApiSettings, BaseSettings):
    """Read-only settings; a wrong value stops the process before it connects to anything."""

    model_config = SettingsConfigDict(
        frozen=True, env_file=".env", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    # This machine
    data_dir: Annotated[Path, Field(alias="WICKSTREAM_DATA_DIR")] = Path("wickstream-data")
    cache_dir: Annotated[Path, Field(alias="WICKSTREAM_CACHE_DIR")] = Path("~/.cache/wickstream")
    port_base: Annotated[int, Field(alias="WICKSTREAM_PORT_BASE", ge=1_024, le=65_500)] = 8_000
    listen_host: Annotated[str, Field(alias="WICKSTREAM_LISTEN_HOST")] = "127.0.0.1"
    source: Annotated[
        str, Field(alias="WICKSTREAM_SOURCE", pattern=r"^(live|demo|(replay|generated):[0-9a-f]{12})$")
    ] = "live"
    schedule: Annotated[bool, Field(alias="WICKSTREAM_SCHEDULE")] = True
    airflow: Annotated[bool, Field(alias="WICKSTREAM_AIRFLOW")] = False
    log_level: Annotated[str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    log_format: Annotated[str, Field(pattern=r"^(console|json)$")] = "console"
    java_home: Path | None = None
    maven_repository_url: str | None = None

    # The exchange
    exchange_ws_url: str = "wss://data-stream.binance.vision"
    exchange_rest_url: str = "https://data-api.binance.vision"
    exchange_trades_url: str = "https://api.binance.com"
    exchange_archive_url: str = "https://data.binance.vision"
    exchange_market: Market = Market.SPOT
    ticker_symbols: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)] = DEFAULT_SYMBOLS
    connector_shard: str = "0/1"
    connector_metrics_port: Annotated[int | None, Field(ge=1, le=65_535)] = None
    rotation_hour: Annotated[int | None, Field(ge=0, le=23)] = None

    # Servers; one whose address is unset is started by `wickstream up`
    kafka_bootstrap_servers: str | None = None
    kafka_replication: Annotated[int | None, Field(ge=1)] = None
    kafka_min_in_sync: Annotated[int | None, Field(ge=1)] = None
    redis_host: str | None = None
    redis_port: Annotated[int, Field(ge=1, le=65_535)] = 6_379
    redis_password: SecretStr | None = None
    postgres_host: str | None = None
    postgres_port: Annotated[int, Field(ge=1, le=65_535)] = 5_432
    postgres_user: str = "wickstream"
    postgres_password: SecretStr | None = None
    postgres_read_user: str = "wickstream_read"
    postgres_read_password: SecretStr | None = None
    postgres_db: str = "wickstream"
    minio_endpoint: str | None = None
    minio_access_key: str | None = None
    minio_secret_key: SecretStr | None = None
    minio_bucket: str = "wickstream"
    cold_url: str | None = None

    # Stream
    spark_master: Annotated[str, Field(pattern=r"^(local(\[[^\]]+\])?|spark://.+|k8s://.+|yarn)$")] = "local[8]"
    spark_driver_memory: Annotated[str, Field(pattern=r"^\d+[mg]$")] = "512m"
    spark_properties: Path | None = None
    checkpoint_url: str | None = None
    lateness_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 24.0
    cold_commit_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60.0

    @model_validator(mode="after")
    def _has_secrets_worth_the_name(self) -> Self:
        if self.is_production and (faults := list(weaknesses(self))):
            raise ValueError(f"WICKSTREAM_ENV=production: {'; '.join(faults)}")
        return self

    @field_validator("ticker_symbols")
    @classmethod
    def _words_have_a_meaning(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words:
            raise ValueError("name at least one symbol or a rule, as in BTCUSDT,ETHUSDT or quote=USDT:top=100")
        return tuple(dict.fromkeys(str(parse_word(word)) for word in words))

    @field_validator("connector_shard")
    @classmethod
    def _shard_is_one_of_them(cls, shard: str) -> str:
        match = re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", shard)
        if match is None or int(match[1]) >= int(match[2]):
            raise ValueError(f"{shard!r} is none of so many; of three they are 0/3, 1/3 and 2/3")
        return f"{int(match[1])}/{int(match[2])}"

    @field_validator("data_dir", "cache_dir")
    @classmethod
    def _folder_is_absolute(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("spark_properties")
    @classmethod
    def _file_is_absolute(cls, file: Path | None) -> Path | None:
        return file and file.expanduser().absolute()

    @field_validator("checkpoint_url")
    @classmethod
    def _is_a_file_system(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"(file:/|[a-z][a-z0-9]*://[^/])", url):
            raise ValueError(
                "a folder that driver and workers share, as in file:/shared/checkpoints or hdfs://host/path"
            )
        return url and url.rstrip("/")

    @field_validator("exchange_ws_url")
    @classmethod
    def _is_a_socket(cls, url: str) -> str:
        return _address(url, "ws", "wss")

    @field_validator("exchange_rest_url", "exchange_trades_url", "exchange_archive_url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        return _address(url, "http", "https")

    def port(self, name: str) -> int:
        """The port of a process or local server, by its name in `PORT_OFFSETS`."""
        if name == "connector" and self.connector_metrics_port is not None:
            return self.connector_metrics_port
        return self.port_base + PORT_OFFSETS[name]

    @property
    def named_symbols(self) -> tuple[str, ...]:
        """The words of `ticker_symbols` that are symbols."""
        return symbols_in(self.ticker_symbols)

    @property
    def symbol_rules(self) -> tuple[Rule, ...]:
        """The words of `ticker_symbols` that are rules; what they choose, only the connector knows."""
        return rules_in(self.ticker_symbols)

    @property
    def shard(self) -> tuple[int, int]:
        """Which connector of how many: `0/3` is the first of three."""
        index, count = map(int, self.connector_shard.split("/"))
        return index, count

    @property
    def kafka(self) -> str:
        """Bootstrap servers, the local broker's unless set."""
        return self.kafka_bootstrap_servers or f"127.0.0.1:{self.port('kafka')}"

    @property
    def lake_url(self) -> str:
        """Root of the cold tier: `COLD_URL`, else the bucket, else a folder."""
        if self.cold_url:
            return self.cold_url.rstrip("/")
        if self.minio_endpoint:
            return f"s3://{self.minio_bucket}/lake"
        return f"file:{self.data_dir / 'lake'}"

    @property
    def checkpoints_url(self) -> str:
        """Root of the stream's checkpoints: `CHECKPOINT_URL`, else a folder beside the data."""
        return self.checkpoint_url or f"file:{self.data_dir / 'checkpoints'}"

    @property
    def alert_cool_down_ms(self) -> int:
        """Trade time between two alerts of a type and symbol at one sink; adaptive thresholds are crossed in bursts."""
        usual_s = ADAPTIVE_COOL_DOWN_S if self.alert_mode is AlertMode.ADAPTIVE else 0
        return 1_000 * (usual_s if self.alert_cool_down_seconds is None else self.alert_cool_down_seconds)

    @property
    def is_replay(self) -> bool:
        """In a replay now is the recording's clock, and it stops at its last frame."""
        return self.source.startswith("replay:")


def _address(url: str, *schemes: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:  # a port that is none raises
        raise ValueError(f"an address is needed, as in {schemes[-1]}://host")
    return url.rstrip("/")


def read_settings(**overrides: Any) -> Settings:
    """Settings from the environment, `.env` and the command line (`overrides`, None = not given).

    Raises:
        Mistake: If a value is malformed; names the setting, never a secret's value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given, **_from_files())
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise Mistake(f"{name}: {first['msg'].removeprefix('Value error, ')} (see .env.example)") from exc
    except (UnicodeDecodeError, OSError) as exc:
        raise Mistake(f".env: cannot be read as text: {exc}") from exc


def _from_files(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Where pydantic finds a file for each secret, named as its setting; the environment goes before."""
    folder = environment.get("WICKSTREAM_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        raise Mistake(f"WICKSTREAM_SECRETS_DIR: {folder} is no folder; `wickstream secrets {folder}` makes it")
    return {"_secrets_dir": folder or None}


def setting_names() -> dict[str, str]:
    """The environment's name of each field of Settings."""
    return {field: str(info.alias or field.upper()) for field, info in Settings.model_fields.items()}


def child_environment(settings: Settings) -> dict[str, str]:
    """The whole environment of a process that is to see exactly these settings, passwords included."""
    names = setting_names()
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in names.values()}
    given = {names[field]: _written(value) for field, value in settings if value is not None}
    return inherited | given


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def data_root(environment: Mapping[str, str] = os.environ) -> Path:
    """Where data folders are when none is named: one per source."""
    base = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser().absolute() / "wickstream"
