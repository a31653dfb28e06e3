"""Options that several commands share, and the settings they lead to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from wickstream.config import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where all data is; one source per folder.")]
PortBase = Annotated[
    int | None, typer.Option("--port-base", help="Port of the API; all others lie within the next 20.")
]
Json = Annotated[bool, typer.Option("--json", help="For machines: JSON.")]
Symbols = Annotated[
    str | None,
    typer.Option("--symbols", metavar="A,B", help="Symbols, or all, quote=USDT, top=100, quote=USDT:top=100."),
]
Replay = Annotated[
    list[Path] | None,
    typer.Option("--replay", metavar="FILE...", help="Play these captures by the local exchange."),
]
Generate = Annotated[
    str | None,
    typer.Option(
        "--generate",
        metavar="symbols=N,rate=N,seed=N",
        help="Make up a market: so many symbols, trades a second; seconds=N ends it. "
        "With --speed it begins when all symbols are listened to.",
    ),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(hidden=True, metavar="")]
KeepTimes = Annotated[bool, typer.Option("--keep-times", help="Ids and times as recorded, else moved to now.")]
Loop = Annotated[bool, typer.Option("--loop", help="Go on after the last frame, with new ids and times.")]
Speed = Annotated[
    str | None, typer.Option("--speed", metavar="N|max", help="1: the recorded pace; max: as fast as taken.")
]


def settings_of(**given: Any) -> "Settings":
    """Settings from the environment and what the command line gave.

    Raises:
        Mistake: If a value is malformed.
    """
    from wickstream.config import read_settings

    return read_settings(**given)


def files_of(replay: list[Path] | None, more: list[Path] | None) -> tuple[Path, ...]:
    """`--replay A B` and `--replay A --replay B` are the same.

    Raises:
        Mistake: If there are files without `--replay`.
    """
    from wickstream.errors import Mistake

    if more and not replay:
        raise Mistake(f"{more[0]}: capture files are named with --replay")
    return (*(replay or ()), *(more or ()))
