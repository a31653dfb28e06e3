"""A zip as a stream of whole lines."""

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.errors import Corrupted
from wickstream.operate.backfill.daily_file import blocks_of, lines_of

HEADER = b"id,price,qty\n"


def zipped(folder: Path, *contents: bytes) -> Path:
    file = folder / "day.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
    return file


@given(st.lists(st.integers(0, 10**12), max_size=30), st.integers(1, 60), st.booleans(), st.sampled_from((b"", b"\n")))
def test_no_line_is_cut_and_none_is_lost(numbers: list[int], size: int, has_header: bool, end: bytes) -> None:  # noqa: FBT001
    lines = [b"%d,1,1" % number for number in numbers]
    text = b"\n".join(lines) + (end if lines else b"")
    with tempfile.TemporaryDirectory() as folder:
        file = zipped(Path(folder), (HEADER if has_header else b"") + text)
        blocks, found = list(blocks_of(file, size=size)), list(lines_of(file))

    assert b"".join(blocks) == text
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert found == lines


def test_a_busy_day_comes_in_blocks_not_much_larger_than_asked_for(tmp_path: Path) -> None:
    file = zipped(tmp_path, b"1234567,1,1\n" * 10_000)

    assert max(len(block) for block in blocks_of(file, size=1_200)) <= 1_224


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\x03\x04 and then nothing"])
def test_what_is_no_zip_is_a_corrupted_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "day.zip"
    file.write_bytes(content)

    with pytest.raises(Corrupted, match=r"day\.zip"):
        list(lines_of(file))


def test_a_zip_of_nothing_is_a_corrupted_file(tmp_path: Path) -> None:
    with pytest.raises(Corrupted):
        list(lines_of(zipped(tmp_path)))


def test_a_zip_that_breaks_off_is_a_corrupted_file(tmp_path: Path) -> None:
    whole = zipped(tmp_path, bytes(range(48, 58)) * 100_000)
    content = bytearray(whole.read_bytes())
    content[60:120] = bytes(60)
    whole.write_bytes(content)

    with pytest.raises(Corrupted):
        list(lines_of(whole))
