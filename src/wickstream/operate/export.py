"""Ranges of candles as files that anything opens."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

import polars as pl

from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.store.series.formats import as_csv
from wickstream.store.series.ranges import Range, RangeReader


class Format(StrEnum):
    """Of a file."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True)
class Exported:
    """What became of one symbol.

    Attributes:
        file: None: there was nothing to write.
        first, last: open times (ms) of the first and last candle.
        missing: minutes between them that no tier has.
        away: tiers that were asked, and did not answer.
    """

    symbol: str
    file: Path | None
    candles: int
    first: int | None
    last: int | None
    missing: int
    away: tuple[str, ...]


def export(
    settings: Settings,
    symbols: Sequence[str],
    interval: str,
    *,
    start_ms: int | None,
    end_ms: int | None,
    known_at_ms: int | None = None,
    to: Path,
    form: Format,
) -> Iterator[Exported]:
    """Write a file for each symbol, whole or not at all; `to` is the file of a single symbol, or a folder.

    No symbols: all of which there are candles. `known_at_ms`: of what was known at that moment.

    Raises:
        StoreBusy: If no tier answers; or, of a moment, one that is needed.
        Unknowable: If nobody can tell what was known at that moment.
        Mistake: If a file cannot be written; says why.
    """
    with closing(RangeReader(settings)) as reader:
        for symbol in symbols or reader.symbols():
            if known_at_ms is None:
                found = reader.read(symbol, interval, start_ms, end_ms)
            else:
                found = reader.read_as_known_at(symbol, interval, start_ms, end_ms, known_at_ms=known_at_ms)
            yield _written(found, symbol, _file(to, symbol, interval, form, single=len(symbols) == 1), form)


def _file(to: Path, symbol: str, interval: str, form: Format, *, single: bool) -> Path:
    if single and to.suffix == f".{form}":
        return to
    name = symbol if Path(symbol).name == symbol else quote(symbol, safe="")
    # A month is told from a minute also where file systems do not tell M from m.
    return to / f"{name}-{'1mo' if interval == '1M' else interval}.{form}"


def _written(found: Range, symbol: str, file: Path, form: Format) -> Exported:
    times = found.frame["open_time"]
    if not times.is_empty():
        _write(file, lambda part: _WRITERS[form](found.frame, part))
    return Exported(
        symbol=symbol,
        file=None if times.is_empty() else file,
        candles=times.len(),
        first=None if times.is_empty() else times[0],
        last=None if times.is_empty() else times[-1],
        missing=found.missing,
        away=found.away,
    )


_WRITERS: dict[Format, Callable[[pl.DataFrame, Path], object]] = {
    Format.PARQUET: lambda frame, part: frame.write_parquet(part),
    Format.CSV: lambda frame, part: part.write_bytes(as_csv(frame)),
}


def _write(file: Path, write: Callable[[Path], object]) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        part.replace(file)
    except OSError as exc:
        with suppress(OSError):
            part.unlink()
        raise Mistake(f"--to {file}: {exc.strerror or exc}") from exc
