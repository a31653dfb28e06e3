from pathlib import Path

from wickstream.operate.supervision.logfiles import KEPT, last_lines, open_log, rotate, trim


def test_so_many_old_logs_are_kept_and_no_more(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    for turn in range(6):
        rotate(log)
        log.write_text(f"{turn}")

    assert sorted(file.name for file in tmp_path.iterdir()) == ["job.log", *(f"job.log.{n}" for n in (1, 2, 3))]
    assert (tmp_path / f"job.log.{KEPT}").read_text() == "2"


def test_a_log_is_cut_under_a_writer_that_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    with open_log(log) as output:
        output.write(b"early\n" * 100)
        trim(log, limit=50)
        output.write(b"late\n")

    assert log.read_bytes() == b"late\n"
    assert (tmp_path / "job.log.1").read_bytes() == b"early\n" * 100


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("few")
    trim(log, limit=50)
    trim(tmp_path / "missing.log", limit=50)

    assert log.read_text() == "few"


def test_the_last_words_are_lines_that_say_something(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("first\nsecond\n\n  third \n\n")

    assert last_lines(log) == "third"
    assert last_lines(log, 2) == "second\nthird"
    assert last_lines(tmp_path / "missing.log") == ""
