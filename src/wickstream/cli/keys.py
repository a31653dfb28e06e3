"""`wickstream keys`: who may read the API, and how much of it."""

import json
import re
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wickstream.cli.options import DataDir, Json, PortBase, settings_of
from wickstream.errors import Mistake

if TYPE_CHECKING:
    import psycopg

    from wickstream.store.warm.api_keys import ApiKey

SCOPES = ("read", "live", "metrics")
EXIT_NOT_THERE = 1
_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")]
Scopes = Annotated[str, typer.Option("--scopes", metavar="A,B", help="Of read (all data), live (push), metrics.")]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="90d", help="Good for so many d, h or m; else for ever.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Requests a minute, on /api/v3 weight; else the usual limits.")
]

keys = typer.Typer(help="Keys of the API: who may read it, and how much of it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys", rich_help_panel="The whole stack")


@keys.command(epilog="wickstream keys create desk-7 --scopes read,live --expires 90d")
def create(
    name: Name,
    *,
    scopes: Scopes = "read,live",
    expires: Expires = None,
    limit: Limit = None,
    data_dir: DataDir = None,
    port_base: PortBase = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it, this once: only its hash is kept."""
    from wickstream.store.warm.api_keys import create_key

    wanted, now_ms = scopes_in(scopes), _now_ms()
    expires_at = None if expires is None else now_ms + span_ms(expires)
    with _database(data_dir, port_base) as conn:
        made, key = create_key(conn, name=name, scopes=wanted, per_minute=limit, now_ms=now_ms, expires_at=expires_at)
    typer.echo(json.dumps(asdict(made) | {"key": key}) if as_json else key)
    if not as_json:
        typer.echo(f"{_line(made)}\nsend it as the header X-API-Key; it is not shown again", err=True)


@keys.command("list")
def list_all(*, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """All keys there ever were, the oldest first; never a key itself."""
    from wickstream.store.warm.api_keys import list_keys

    with _database(data_dir, port_base) as conn:
        found = list_keys(conn)
    typer.echo(json.dumps([asdict(key) for key in found]) if as_json else "\n".join(map(_line, found)) or "no keys")


@keys.command(epilog="wickstream keys revoke 5f0c2a91")
def revoke(key_id: KeyId, *, data_dir: DataDir = None, port_base: PortBase = None, as_json: Json = False) -> None:
    """Refuse a key from now on, everywhere within 5 seconds. Exit code 1 if there is none to revoke."""
    from wickstream.store.warm.api_keys import revoke_key

    with _database(data_dir, port_base) as conn:
        was_good = revoke_key(conn, key_id, now_ms=_now_ms())
    if as_json:
        typer.echo(json.dumps({"key_id": key_id, "revoked": was_good}))
    else:
        typer.echo("revoked" if was_good else f"no key {key_id} that is not revoked")
    if not was_good:
        raise typer.Exit(EXIT_NOT_THERE)


def scopes_in(text: str) -> tuple[str, ...]:
    """`read,live`, each once.

    Raises:
        Mistake: If one is none of ours.
    """
    wanted = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise Mistake(f"--scopes: some of {', '.join(SCOPES)} are needed, as in read,live")
    return wanted


def span_ms(text: str) -> int:
    """`90d`, `12h` or `30m`.

    Raises:
        Mistake: If it is none of these.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text)
    if match is None:
        raise Mistake("--expires: a number of days, hours or minutes is needed, as in 90d, 12h or 30m")
    return int(match[1]) * _UNITS_MS[match[2]]


def _database(data_dir: Path | None, port_base: int | None) -> "psycopg.Connection":
    from wickstream.config import data_root
    from wickstream.logs import set_up_logging
    from wickstream.operate.running import of_the_folder
    from wickstream.store.warm.database import connect
    from wickstream.store.warm.migrations import migrate

    settings = of_the_folder(settings_of(data_dir=data_dir, port_base=port_base), data_root())
    set_up_logging("WARNING", settings.log_format)
    migrate(settings)
    return connect(settings)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _line(key: "ApiKey") -> str:
    facts: list[Any] = [key.key_id, key.name, ",".join(key.scopes)]
    facts += [f"{key.per_minute} a minute" if key.per_minute else "usual limits"]
    facts += [f"until {_time(key.expires_at)}" if key.expires_at else "for ever"]
    facts += [f"revoked {_time(key.revoked_at)}"] if key.revoked_at else []
    return "  ".join(facts)


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M")
