"""Passwords of servers, made at random once and kept in files."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from wickstream.config import Settings

AIRFLOW_USER = "admin"
NAMES = (
    "redis_password",
    "postgres_password",
    "postgres_read_password",
    "minio_access_key",
    "minio_secret_key",
    "grafana_password",
)


@dataclass(frozen=True)
class LocalSecrets:
    """What guards the local servers. Kafka has none: any user of this machine can read its loopback port."""

    redis_password: SecretStr
    postgres_password: SecretStr
    postgres_read_password: SecretStr


@dataclass(frozen=True)
class AirflowSecrets:
    """Of the local Airflow: its user's password, and what its processes know each other by."""

    password: SecretStr
    key: SecretStr


def local_secrets(settings: Settings) -> LocalSecrets:
    """The passwords of this data folder, made on the first call; two processes at once get the same."""
    folder = _folder(settings)
    return LocalSecrets(
        redis_password=_kept(folder / "redis_password"),
        postgres_password=_kept(folder / "postgres_password"),
        postgres_read_password=_kept(folder / "postgres_read_password"),
    )


def airflow_secrets(settings: Settings) -> AirflowSecrets:
    """As `local_secrets`; made only where there is to be an Airflow."""
    folder = _folder(settings)
    return AirflowSecrets(password=_kept(folder / "airflow_password"), key=_kept(folder / "airflow_key"))


def _folder(settings: Settings) -> Path:
    folder = settings.data_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def make_secrets(folder: Path) -> list[str]:
    """A file for each of `NAMES` that has none; gives the names of those that were made.

    Servers run as users of their own and read them too: the folder's place is what guards them, such as a volume
    that only their containers see.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = [name for name in NAMES if not (folder / name).exists()]
    for name in made:
        _kept(folder / name)
        (folder / name).chmod(0o444)
    return made


def _kept(path: Path) -> SecretStr:
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_private(draft, secrets.token_urlsafe(24))
        try:
            path.hardlink_to(draft)  # unlike a rename, this leaves another process's secret alone
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return SecretStr(path.read_text(encoding="ascii"))


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, from its first byte on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
