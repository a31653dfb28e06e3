"""A report as people read it."""

from tests.sample_market import MIDNIGHT_MS
from wickstream.operate.validation.evidence import Fault, Report, Verdict
from wickstream.operate.validation.markdown import markdown


def verdict(check: str, *faults: Fault, more: int = 0) -> Verdict:
    return Verdict(check=check, passed=not faults, judged=1_440, found=len(faults) + more, faults=faults)


CHAIN = verdict("chain", Fault("BTCUSDT", MIDNIGHT_MS, "ids 1 to 2 are in no candle"), more=2)
SANITY = verdict("sanity")


def report(*checks: Verdict, symbols: tuple[str, ...] = ("BTCUSDT",)) -> Report:
    return Report(
        passed=all(each.passed for each in checks),
        source="demo",
        as_of=None,
        start=MIDNIGHT_MS,
        end=MIDNIGHT_MS,
        symbols=symbols,
        checks=checks,
    )


def test_it_says_what_failed_on_which_rows_and_how_many_more() -> None:
    lines = markdown(report(CHAIN, SANITY)).splitlines()

    assert lines[0] == "# Validation: FAILED"
    assert "| chain | FAILED | 1,440 | 3 |" in lines
    assert "| sanity | passed | 1,440 | 0 |" in lines
    assert lines[-4:] == ["## chain", "", "- BTCUSDT 2024-08-09 00:00:00: ids 1 to 2 are in no candle", "- and 2 more"]


def test_one_that_passed_has_a_table_and_no_rows() -> None:
    text = markdown(report(SANITY, symbols=tuple(f"S{number}USDT" for number in range(10))))

    assert text.startswith("# Validation: passed\n")
    assert "S7USDT and 2 more" in text
    assert "##" not in text


def test_what_stands_in_rows_does_not_become_markup() -> None:
    hostile = verdict("schema", Fault("A|B<b>USDT", None, "origin is `*x*`"))

    assert "- A\\|B\\<b\\>USDT: origin is \\`\\*x\\*\\`" in markdown(report(hostile))


def test_a_time_that_no_calendar_has_is_told_as_it_is() -> None:
    assert "- BTCUSDT 9223372036854775807 ms: is no minute" in markdown(
        report(verdict("schema", Fault("BTCUSDT", 2**63 - 1, "is no minute")))
    )
