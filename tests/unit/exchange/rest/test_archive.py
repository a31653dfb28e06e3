"""The archive's files, from a host that serves what a test puts there."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from aiohttp import web

from tests.unit.exchange.ladder_market import host_that_answers
from wickstream.config import Settings
from wickstream.errors import Corrupted, ExchangeError, FeedLost, Refused
from wickstream.events import Source
from wickstream.exchange.rest.archive import KEPT_DAYS, Archive
from wickstream.exchange.sequencing.arrival import Arrival

DAY = date(2024, 8, 9)
MIDNIGHT_MS = 1_723_161_600_000
PATH = f"/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-{DAY}.zip"

Scene = Callable[[Archive, dict[str, list[bytes | int]], list[str]], Awaitable[None]]


def zipped(rows: str, *, name: str = f"BTCUSDT-trades-{DAY}.csv") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, rows)
    return content.getvalue()


def checksum(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  BTCUSDT-trades-{DAY}.zip\n".encode()


def rows(count: int, *, first: int = 100, unit: int = 1, maker: str = "True") -> str:
    return "".join(
        f"{first + n},61000.50000000,0.00100000,61.00050000,{(MIDNIGHT_MS + n * 1_000) * unit},{maker},True\n"
        for n in range(count)
    )


def play(scene: Scene) -> None:
    """A host gives the answers of a path one after the other, the last one for ever; a number is a status."""

    async def run() -> None:
        answers: dict[str, list[bytes | int]] = {}

        async def answer(request: web.Request) -> web.StreamResponse:
            said = answers.get(request.path, [404])
            one = said.pop(0) if len(said) > 1 else said[0]
            return web.Response(status=one) if isinstance(one, int) else web.Response(body=one)

        async with host_that_answers(answer) as (url, asked), Archive(Settings(exchange_archive_url=url)) as archive:
            await scene(archive, answers, asked)

    asyncio.run(run())


async def read(archive: Archive, *, from_ms: int = 0) -> list[Arrival]:
    file = await archive.day("BTCUSDT", DAY)
    return [arrival for batch in file.read(from_ms=from_ms) for arrival in batch]


@pytest.mark.parametrize(("unit", "maker"), [(1, "True"), (1_000, "true"), (1_000, "1")])
def test_a_day_s_trades_are_read_in_either_unit(unit: int, maker: str) -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped(rows(7_000, unit=unit, maker=maker))
        answers.update({PATH: [content], f"{PATH}.CHECKSUM": [checksum(content)]})

        found = await read(archive)

        assert [arrival.trade_id for arrival in found] == list(range(100, 7_100))
        assert [arrival.traded_at_ms for arrival in found[:2]] == [MIDNIGHT_MS, MIDNIGHT_MS + 1_000]
        assert {(a.source, a.trade.buyer_is_maker, str(a.trade.price)) for a in found} == {
            (Source.ARCHIVE, True, "61000.50000000")
        }
        assert found[0].data.startswith(b'{"e":"trade","E":%d,"s":"BTCUSDT","t":100,' % (MIDNIGHT_MS * unit))

    play(scene)


def test_what_lies_before_the_wanted_time_is_passed_over() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped(rows(10))
        answers.update({PATH: [content], f"{PATH}.CHECKSUM": [checksum(content)]})

        assert [a.trade_id for a in await read(archive, from_ms=MIDNIGHT_MS + 7_500)] == [108, 109]

    play(scene)


def test_a_line_of_column_names_is_no_trade() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped("id,price,qty,quote_qty,time,is_buyer_maker,is_best_match\n" + rows(3) + "\n")
        answers.update({PATH: [content], f"{PATH}.CHECKSUM": [checksum(content)]})

        assert len(await read(archive)) == 3

    play(scene)


def test_a_download_that_does_not_fit_its_checksum_is_tried_once_more() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped(rows(3))
        answers.update({PATH: [content[:-20], content], f"{PATH}.CHECKSUM": [checksum(content)]})

        assert len(await read(archive)) == 3
        assert asked.count(PATH) == 2

    play(scene)


def test_what_does_not_fit_twice_is_told_apart_from_what_is_not_there() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped(rows(3))
        answers.update({PATH: [content], f"{PATH}.CHECKSUM": [checksum(b"another")]})

        with pytest.raises(Corrupted, match="CHECKSUM"):
            await archive.day("BTCUSDT", DAY)
        assert asked.count(PATH) == 2
        with pytest.raises(Refused) as caught:
            await archive.day("ETHUSDT", DAY)
        assert caught.value.status == 404

    play(scene)


@pytest.mark.parametrize(
    ("status", "error"), [(403, Refused), (451, Refused), (404, Refused), (500, FeedLost), (429, FeedLost)]
)
def test_statuses_are_told_apart_by_what_to_do_about_them(status: int, error: type[ExchangeError]) -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        answers[f"{PATH}.CHECKSUM"] = [status]

        with pytest.raises(error):
            await archive.day("BTCUSDT", DAY)

    play(scene)


@pytest.mark.parametrize(
    "content",
    [
        b"no zip at all",
        zipped(rows(3).replace("61000.50000000", "NaN")),
        zipped("1,2,3\n"),
        zipped(rows(3) + rows(3)),
        zipped(rows(200))[:-300],
    ],
    ids=["no zip", "no amounts", "other columns", "out of order", "cut"],
)
def test_a_file_that_fits_its_checksum_and_is_none_is_corrupted(content: bytes) -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        answers.update({PATH: [content], f"{PATH}.CHECKSUM": [checksum(content)]})

        with pytest.raises(Corrupted):
            await read(archive)

    play(scene)


def test_a_file_is_downloaded_once_until_it_is_issued_anew() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        first, second = zipped(rows(3)), zipped(rows(4))
        answers.update({PATH: [first], f"{PATH}.CHECKSUM": [checksum(first)]})
        assert [len(await read(archive)) for _ in range(3)] == [3, 3, 3]
        assert asked.count(PATH) == 1
        being_read = (await archive.day("BTCUSDT", DAY)).read(from_ms=0)
        next(being_read)

        answers.update({PATH: [second], f"{PATH}.CHECKSUM": [checksum(second)]})

        assert len(await read(archive)) == 4
        assert list(being_read) == []

    play(scene)


def test_only_the_newest_files_are_kept() -> None:
    async def scene(archive: Archive, answers: dict[str, list[bytes | int]], asked: list[str]) -> None:
        content = zipped(rows(3))
        days = [date(2024, 8, n) for n in range(1, KEPT_DAYS + 3)]
        for day in days:
            path = PATH.replace(str(DAY), str(day))
            answers.update({path: [content], f"{path}.CHECKSUM": [checksum(content)]})

        files = [await archive.day("BTCUSDT", day) for day in days]

        assert [file.zipped.exists() for file in files] == [False, False, *[True] * KEPT_DAYS]

    play(scene)
