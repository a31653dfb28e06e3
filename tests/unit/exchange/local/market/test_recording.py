from pathlib import Path

import pytest

from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.config import Market
from wickstream.errors import Mistake
from wickstream.exchange.local.market.recording import demo_files, market_of, read_recording, symbols_of

USDM = tuple(sorted((Path(__file__).parents[4] / "data").glob("usdm_*.gz")))


def test_the_bundled_captures_are_the_demo() -> None:
    recording = read_recording(demo_files())

    assert [(tape.symbol, len(tape)) for tape in recording.tapes] == [("BTCUSDT", 19_904), ("ETHUSDT", 14_515)]
    assert recording.market is Market.SPOT
    assert recording.last_ms - recording.first_ms == 650_458


def test_futures_captures_are_told_apart_by_their_frames() -> None:
    assert market_of(USDM) is Market.USDM
    assert symbols_of(USDM) == ("BTCUSDT", "ETHUSDT")


def test_symbols_are_in_order_of_their_first_trade_and_ties_keep_the_order_of_files(tmp_path: Path) -> None:
    eth = capture(tmp_path / "eth.frames", [trade(1, 1_000, symbol="ETHUSDT"), trade(2, 3_000, symbol="ETHUSDT")])
    btc = capture(tmp_path / "btc.frames.gz", [trade(7, 1_000), trade(8, 2_000)])

    recording = read_recording([eth, btc])

    assert [tape.symbol for tape in recording.tapes] == ["ETHUSDT", "BTCUSDT"]
    assert (recording.first_ms, recording.last_ms) == (1_000, 3_000)


def test_a_trade_in_two_overlapping_files_is_played_once(tmp_path: Path) -> None:
    first = capture(tmp_path / "a.frames", [trade(1, 1_000), trade(2, 1_000), trade(3, 2_000)])
    second = capture(tmp_path / "b.frames", [trade(1, 1_000), trade(2, 1_000), trade(3, 2_000), trade(4, 2_500)])

    recording = read_recording([first, second])

    assert list(recording.tapes[0].ids) == [1, 2, 3, 4]


def test_other_streams_and_answers_in_a_capture_are_passed_over(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.frames", [trade(1, 1_000)])
    other = b'1 {"result":null,"id":1}\n2 {"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1}}\n'
    file.write_bytes(other + file.read_bytes())

    assert list(read_recording([file]).tapes[0].ids) == [1]


def test_a_raw_frame_without_envelope_and_with_blanks_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "a.frames"
    file.write_text('5 {"e": "trade", "E": 11, "s": "A", "t": 1, "p": "1.5", "q": "2", "T": 10, "m": true}\n')

    tape = read_recording([file]).tapes[0]

    [frame] = tape.frames(0, 1, by_ms=0, by_ids=0)
    assert frame == b'{"e":"trade","E":11,"s":"A","t":1,"p":"1.5","q":"2","T":10,"m":true}'


@pytest.mark.parametrize(
    "line",
    [
        b"no clock in front",
        b'1 {"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":1,"p":"1","q":"1","T":1,"m":tr',
        b'1 {"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":1,"p":"-1","q":"1","T":1,"m":true}}',
        b'1 {"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":1,"p":"1","q":"1e3","T":1,"m":true}}',
        b'1 {"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":1,"p":"1","q":"1","m":true}}',
        b'1 {"stream":"a@trade","data":{"e":"trade","E":1,"s":"A","t":1,"p":"99999999999","q":"1","T":1,"m":true}}',
        b"1 \xff\xfe",
        b"",
    ],
)
def test_a_broken_line_is_named_with_its_file(tmp_path: Path, line: bytes) -> None:
    file = capture(tmp_path / "a.frames", [trade(1, 1_000)])
    file.write_bytes(file.read_bytes() + line + b"\n")

    with pytest.raises(Mistake, match=r"a\.frames, line 2: "):
        read_recording([file])


def test_a_missing_a_damaged_and_an_empty_file_are_mistakes(tmp_path: Path) -> None:
    damaged = capture(tmp_path / "damaged.frames.gz", [trade(number, 1_000) for number in range(500)])
    damaged.write_bytes(damaged.read_bytes()[:-20])
    empty = tmp_path / "empty.frames"
    empty.touch()

    for file in (tmp_path / "missing.frames", damaged, empty, tmp_path):
        with pytest.raises(Mistake, match=file.name):
            read_recording([file])


def test_spot_and_futures_do_not_mix(tmp_path: Path) -> None:
    spot = capture(tmp_path / "spot.frames", [trade(1, 1_000)])
    usdm = capture(tmp_path / "usdm.frames", [trade(1, 1_000, symbol="ETHUSDT", kind="MARKET")])

    with pytest.raises(Mistake, match="cannot be mixed"):
        read_recording([spot, usdm])


def test_ids_that_go_back_in_time_are_a_mistake(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.frames", [trade(2, 1_000), trade(1, 2_000)])

    with pytest.raises(Mistake, match="older than one with an earlier time"):
        read_recording([file])


def test_a_symbol_with_off_book_trades_only_is_a_mistake(tmp_path: Path) -> None:
    file = capture(tmp_path / "a.frames", [trade(1, 1_000, kind="NA")])

    with pytest.raises(Mistake, match="no market trade"):
        read_recording([file])
