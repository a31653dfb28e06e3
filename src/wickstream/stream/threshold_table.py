"""The thresholds by dollars as a file that a running query reads again with each batch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from wickstream.quotes import quote_asset
from wickstream.stream.thresholds import ThresholdRow

_COLUMNS = {
    "symbol": "string",
    "quote_asset": "string",
    "usd_per_quote": "decimal(20,10)",
    "whale_usd": "decimal(24,8)",
}


class ThresholdTable:
    """One file, at a URL that driver and workers share. Written by one thread, and at least once before it is read."""

    def __init__(self, session: SparkSession, url: str) -> None:
        self._session = session
        self._url = url

    def write(self, rows: Iterable[ThresholdRow]) -> None:
        """Replace it: whoever reads has the old or the new one, whole. Symbols without a rate are left out."""
        content = msgspec.json.encode([_columns_of(row) for row in rows if row.usd_per_quote is not None])
        parts = urlsplit(self._url)
        if parts.scheme == "file":
            _replace(Path(unquote(parts.path)), content)
        else:
            self._replace_in_hadoop(content)

    def read(self) -> DataFrame:
        """Columns: `symbol, quote_asset, usd_per_quote, whale_usd`. A query joined with it reads it in each batch.

        Spark lists and measures files only once, when the query starts: a file of another name would never be seen,
        and of a longer one only the beginning. With `multiLine` a file is read to its end.
        """
        schema = ", ".join(f"{name} STRING" for name in _COLUMNS)
        rows = self._session.read.schema(schema).json(self._url, multiLine=True)
        return rows.select(*(F.col(name).cast(kind).alias(name) for name, kind in _COLUMNS.items()))

    def _replace_in_hadoop(self, content: bytes) -> None:
        """In the file systems that Spark knows; not locally, where it would keep a checksum in a second file."""
        jvm: Any = self._session._jvm
        gateway: Any = self._session.sparkContext._gateway
        place, fresh = (jvm.org.apache.hadoop.fs.Path(self._url + suffix) for suffix in ("", ".new"))
        settings = self._session.sparkContext._jsc.hadoopConfiguration()
        stream = place.getFileSystem(settings).create(fresh, True)  # noqa: FBT003 (overwrite; Java knows no names)
        stream.write(bytearray(content))
        stream.close()
        overwrite = gateway.new_array(jvm.org.apache.hadoop.fs.Options.Rename, 1)
        overwrite[0] = jvm.org.apache.hadoop.fs.Options.Rename.OVERWRITE
        jvm.org.apache.hadoop.fs.FileContext.getFileContext(place.toUri(), settings).rename(fresh, place, overwrite)


def _columns_of(row: ThresholdRow) -> dict[str, object]:
    return {
        "symbol": row.symbol,
        "quote_asset": quote_asset(row.symbol),
        "usd_per_quote": row.usd_per_quote,
        "whale_usd": row.whale_usd,
    }


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)
