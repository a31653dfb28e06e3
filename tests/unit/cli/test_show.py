import json

import msgspec
import pytest

from wickstream.cli import show
from wickstream.config import read_settings
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.operate.doctor import Finding, Verdict
from wickstream.operate.health import Component, Status
from wickstream.operate.pulse import QueryProgress
from wickstream.operate.repairs import Mended
from wickstream.operate.schedule import JOBS
from wickstream.operate.source import Chosen
from wickstream.operate.supervision.job import JobState

STATUS = Status(
    data_dir="/data",
    source="demo",
    market="spot",
    is_running=True,
    is_ready=False,
    memory_bytes=212_000_000,
    disk_bytes=44_000_000,
    components=(
        Component("kafka", "ready", 17, 8_001, 0, 1, 200_000_000),
        Component("write", "backoff", None, 8_009, 3, 1, None, "ended with exit code 1"),
    ),
)


def test_status_is_a_table_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    show.status(STATUS, as_json=False)
    shown = capsys.readouterr().out

    assert "not ready: write · source demo · memory (PSS) 212 MB · disk 44 MB in /data" in shown
    assert "200 MB" in shown
    assert "backoff" in shown


def test_status_tells_how_many_trades_are_missing_once_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    show.status(msgspec.structs.replace(STATUS, open_ids=1_234), as_json=False)

    assert "source demo · 1,234 trades missing · memory" in capsys.readouterr().out


def test_status_tells_how_many_minutes_are_not_proven_if_any(capsys: pytest.CaptureFixture[str]) -> None:
    show.status(msgspec.structs.replace(STATUS, unproven_minutes=0), as_json=False)
    assert "not proven" not in capsys.readouterr().out

    show.status(msgspec.structs.replace(STATUS, unproven_minutes=1_234), as_json=False)
    assert "source demo · 1,234 minutes not proven · memory" in capsys.readouterr().out


def test_status_tells_how_far_each_query_of_the_stream_is(capsys: pytest.CaptureFixture[str]) -> None:
    queries = (QueryProgress("candles", 1_200, 40, 3, 0.5, 2), QueryProgress("sweeps", 1_100, 0, 3, 0.5, 0))
    show.status(msgspec.structs.replace(STATUS, stream=queries), as_json=False)

    line = "stream: candles 1,200 rows, 40 behind · sweeps 1,100 rows, 0 behind · 2 trades came too late"
    assert line in capsys.readouterr().out


def test_a_pass_of_repair_is_a_line_an_entry_and_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    turn = Mended("BTCUSDT", 5, 1_304, "segment break", ids={"repaired": 1_200, "open": 100}, candles=3, seconds=1.5)
    show.mended(turn)
    show.repaired([turn, turn], as_json=False)
    said = capsys.readouterr().out.splitlines()

    assert said == [
        "   1.5 s  BTCUSDT 5–1304: 1,200 repaired, 100 open; 3 candles",
        "ids: 2,400 repaired, 200 open",
    ]


def test_a_pass_of_repair_as_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    show.repaired([Mended("BTCUSDT", 5, 9, None, ids={"repaired": 5}, candles=1)], as_json=True)
    said = json.loads(capsys.readouterr().out)

    assert (said["ids"], said["candles"], said["entries"][0]["symbol"]) == ({"repaired": 5}, 1, "BTCUSDT")


def test_status_as_json_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    show.status(STATUS, as_json=True)
    shown = json.loads(capsys.readouterr().out)

    assert shown["components"][1]["restarts"] == 3
    assert shown["memory_bytes"] == 212_000_000


def test_a_recording_is_never_called_live(capsys: pytest.CaptureFixture[str]) -> None:
    settings = read_settings()
    words = [
        show.source_words(Chosen(settings, plan, ""))
        for plan in (None, ReplayPlan(files=(), demo=True), ReplayPlan(files=(), keep_times=True))
    ]

    assert [text.split(":")[0] for text in words] == ["LIVE", "DEMO", "REPLAY"]
    assert "recorded" in words[1]
    assert "with their recorded times" in words[2]


def test_ready_says_where_things_are(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = Chosen(read_settings(port_base=9_000, ticker_symbols="BTCUSDT"), None, "it answers")
    show.ready(chosen, as_json=False)
    text = capsys.readouterr().out
    show.ready(chosen, as_json=True)
    facts = json.loads(capsys.readouterr().out)

    assert "http://127.0.0.1:9000/docs" in text
    assert "it answers" in text
    assert facts["page"] == "http://127.0.0.1:9000/"
    assert facts["ready"]


def test_findings_tell_how_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    show.findings([Finding("ports", Verdict.FAIL, "in use", "stop it")], as_json=False)
    assert "stop it" in capsys.readouterr().out


def test_status_tells_of_each_job_when_it_is_due_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    noon = 1_795_348_800_000
    jobs = (
        JobState("ticker_monitor", "*/2 * * * *", "running", "job-monitor", noon, noon - 120_000),
        JobState("lifecycle_cleanup", "0 3 * * *", "waiting", "job-verify", noon, noon - 1, noon, "job-verify ended"),
    )
    show.status(msgspec.structs.replace(STATUS, jobs=jobs), as_json=False)
    shown = capsys.readouterr().out

    words = shown.split()
    for word in ("job-monitor", "11:58:00", "12:00:00", "11:59:59", "ended"):
        assert word in words
    assert words.count("12:00:00") == 1, "of one that runs it is not told when it is due"


def test_the_schedule_lists_the_commands_of_each_job(capsys: pytest.CaptureFixture[str]) -> None:
    show.schedule(JOBS, as_json=False)
    shown = capsys.readouterr().out

    assert "streaming_processing: */5 * * * * (cron, UTC)" in shown
    assert "    wickstream stream --ensure --available\n" in shown
    assert "binance_connector: by hand" in shown
