"""What `wickstream repair` refuses, and how it tells of minutes that were made again."""

import json

import pytest
from typer.testing import CliRunner

from tests.unit.operate.recompute.made_cases import at, unclosed
from wickstream.cli import app, show
from wickstream.errors import Mistake
from wickstream.events import Gap, GapStatus
from wickstream.operate.recompute.turns import Range, Recomputed

AS_STORED = Recomputed("BTCUSDT", at(0), 1, "marked with 10 trades, and the candle has 10 and is closed")
ANEW = Recomputed("BTCUSDT", at(1), 1, "marked with 10 trades, and the candle has 12 and is open", candles=1)
SHORT = Recomputed("BTCUSDT", at(2), 1, "marked with 10 trades, and there is no candle", missing=3, note="lost")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--symbols", "BTCUSDT"], "--start"),
        (["--end", "2024-08-09"], "--start"),
        (["--start", "yesterday"], "a time is written as"),
        (["--start", "2024-08-09", "--end", "2024-08-08"], "before --start"),
        (["--watch", "--start", "2024-08-09"], "--watch"),
        (["--start", "2024-08-09", "--symbols", "quote=USDT"], "quote=USDT"),
    ],
)
def test_a_range_that_makes_no_sense_is_a_mistake(arguments: list[str], complaint: str) -> None:
    outcome = CliRunner().invoke(app, ["repair", *arguments])

    assert isinstance(outcome.exception, Mistake)
    assert complaint in str(outcome.exception)


def test_only_minutes_that_are_not_as_they_were_stored_have_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    minutes = [AS_STORED, ANEW, SHORT]
    for one in minutes:
        show.done(one)
    show.repaired(minutes, as_json=False)

    assert capsys.readouterr().out.splitlines() == [
        "BTCUSDT 2024-08-09 00:01: marked with 10 trades, and the candle has 12 and is open; 1 candles",
        "BTCUSDT 2024-08-09 00:02: marked with 10 trades, and there is no candle; 0 candles · lost",
        "minutes: 3 recomputed, 1 published anew, 1 as stored",
    ]


def test_as_json_it_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    show.repaired([AS_STORED, ANEW, SHORT], as_json=True)
    said = json.loads(capsys.readouterr().out)

    assert said["minutes"] == {"recomputed": 3, "published anew": 1, "as stored": 1}
    assert [one["open_time"] for one in said["anew"]] == [at(1), at(2)]
    assert (said["candles"], said["entries"]) == (1, [])


def test_a_range_concerns_the_entries_of_its_own_ids() -> None:
    wanted = Range(("BTCUSDT",), first_open=at(0), last_open=at(1))
    wanted.take([unclosed(0), unclosed(1)])

    def concerns(first: int | None, last: int | None, symbol: str = "BTCUSDT") -> bool:
        return wanted.concerns(Gap(symbol, first, last, None, 0, GapStatus.OPEN))

    assert concerns(1_019, 5_000)
    assert concerns(0, 1_000)
    assert not concerns(1_020, 5_000)
    assert not concerns(1_000, 1_001, "ETHUSDT")
    assert not concerns(None, None)
