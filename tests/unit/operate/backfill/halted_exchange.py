"""An exchange that has no kline of some minutes, neither as a file nor over REST."""

import hashlib
import io
import zipfile
from collections.abc import Collection

from aiohttp import web

from tests.unit.exchange.ladder_market import SYMBOL
from wickstream.binance.archive import DAY_MS
from wickstream.events import MINUTE_MS
from wickstream.operate.backfill.wanted import Day

DAY = Day(SYMBOL, 1_723_161_600_000)


def row(open_time: int) -> list[object]:
    amounts = ["1.00000000"] * 4 + ["2.00000000"]
    return [open_time, *amounts, open_time + MINUTE_MS - 1, "2.0", 3, "1.0", "1.0", "0"]


class Halted:
    """An exchange that lists the symbol at some time, and has no kline of some minutes, neither here nor there."""

    def __init__(
        self, *, listed_at: int, without: Collection[int], late_by_ms: int = 0, now_ms: int = DAY.ends_at + DAY_MS
    ) -> None:
        self.now_ms = now_ms
        ends_at = DAY.ends_at + 60 * MINUTE_MS
        self.times = [at + late_by_ms for at in range(listed_at, ends_at, MINUTE_MS) if at not in without]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/api/v3/time":
            return web.json_response({"serverTime": self.now_ms})
        if request.path == "/api/v3/klines":
            start = int(request.query["startTime"])
            return web.json_response([row(at) for at in self.times if at >= start][:1_000])
        file = self.file()
        if request.path.endswith(".CHECKSUM"):
            return web.Response(text=f"{hashlib.sha256(file).hexdigest()}  day.zip\n")
        return web.Response(body=file)

    def file(self) -> bytes:
        lines = (",".join(map(str, row(at))) + "\n" for at in self.times if DAY.starts_at <= at < DAY.ends_at)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(zipfile.ZipInfo("day.csv"), "".join(lines))
        return content.getvalue()
