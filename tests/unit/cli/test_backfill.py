"""What `wickstream backfill` refuses, and how it tells of what it did."""

import io
import json

import pytest
from typer.testing import CliRunner

from wickstream.cli import app
from wickstream.cli.filling import SHOWN, Filling, report
from wickstream.errors import Mistake
from wickstream.operate.backfill.outcome import Filled, Outcome

KLINES = Filled("BTCUSDT", "2024-08-09", "klines", source="archive", stored=1_440, halts=2)
TRADES = Filled("BTCUSDT", "2024-08-09", "trades", source="archive", stored=2_000_000, missing_ids=3, differing=1)
TODAY = Filled("BTCUSDT", "2024-08-10", "trades", outcome=Outcome.NO_FILE_YET)
FAILED = Filled("ETHUSDT", "2024-08-09", "trades", outcome=Outcome.FAILED, trouble="HTTP 500")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--symbols", "BTCUSDT"], "--start"),
        (["--symbols", "BTCUSDT", "--start", "yesterday"], "a time is written as"),
        (["--symbols", "BTCUSDT", "--start", "2024-08-09", "--end", "2024-08-08"], "before --start"),
        (["--start", "2024-08-09", "--symbols", "quote=USDT"], "quote=USDT"),
        (["--cold-started", "--start", "2024-08-09"], "--cold-started"),
    ],
)
def test_a_range_that_makes_no_sense_is_a_mistake(arguments: list[str], complaint: str) -> None:
    outcome = CliRunner().invoke(app, ["backfill", *arguments])

    assert isinstance(outcome.exception, Mistake)
    assert complaint in str(outcome.exception)


def test_only_days_that_are_not_as_they_should_be_have_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    sums = report([KLINES, TRADES, TODAY, FAILED], days_to_come=2, is_cut_off=True, as_json=False)

    assert capsys.readouterr().out.splitlines() == [
        "BTCUSDT 2024-08-09 trades: 3 ids are missing; 1 minutes differ from the klines",
        "ETHUSDT 2024-08-09 trades: HTTP 500",
        "2024-08-10 trades of BTCUSDT: no file yet (run it again later)",
        "days of the range that have not begun: 2",
        "1,440 candles published, 2,000,000 trades archived, 2 halted minutes; days: 2 stored, 1 no file yet, 1 failed",
        "cut off: run it again, and it goes on from here",
    ]
    assert not sums.is_well


def test_of_many_such_days_only_some_have_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report([FAILED] * 30, days_to_come=0, is_cut_off=False, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == SHOWN + 2
    assert "20 more" in lines[SHOWN]


def test_as_json_it_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    sums = report([KLINES, TODAY], days_to_come=1, is_cut_off=False, as_json=True)
    said = json.loads(capsys.readouterr().out)

    assert sums.is_well
    assert (said["days_to_come"], said["is_cut_off"]) == (1, False)
    assert said["totals"]["days"] == {"stored": 1, "no file yet": 1}
    assert [one["outcome"] for one in said["days"]] == ["stored", "no file yet"]


def test_progress_on_a_pipe_is_a_line_of_json_for_each_day() -> None:
    out = io.StringIO()
    with Filling(out) as shown:
        shown.begin(2, 5)
        shown.tell(KLINES)
        shown.tell(TODAY)

    assert [json.loads(line)["what"] for line in out.getvalue().splitlines()] == ["klines", "trades"]
    assert shown.days_to_come == 5


class Terminal(io.StringIO):
    """A terminal, as far as anyone asks."""

    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_a_bar_that_goes_away() -> None:
    out = Terminal()
    with Filling(out) as shown:
        shown.begin(2, 0)
        shown.tell(KLINES)
        shown.tell(TODAY)

    assert "2/2" in out.getvalue()
    assert "{" not in out.getvalue()
