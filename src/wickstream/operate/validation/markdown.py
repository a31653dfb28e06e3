"""A report as people read it. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from wickstream.operate.validation.evidence import Fault, Report, Verdict

_NAMED = 8  # symbols in the heading


def markdown(report: Report, *, title: str = "Validation") -> str:
    """The whole report."""
    return "\n".join(_lines(report, title)) + "\n"


def _lines(report: Report, title: str) -> Iterator[str]:
    named = ", ".join(report.symbols[:_NAMED])
    others = f" and {len(report.symbols) - _NAMED} more" if len(report.symbols) > _NAMED else ""
    yield f"# {title}: {_word(passed=report.passed)}"
    yield ""
    yield f"- minutes: {_moment(report.start)} to {_moment(report.end)} (UTC)"
    yield f"- symbols: {named}{others}"
    yield f"- source: {report.source}"
    yield f"- the exchange's now: {_moment(report.as_of) if report.as_of is not None else 'not known'}"
    yield ""
    yield "| check | verdict | judged | faults |"
    yield "|---|---|---:|---:|"
    for verdict in report.checks:
        remark = f" ({verdict.remark})" if verdict.remark else ""
        yield f"| {verdict.check} | {_word(passed=verdict.passed)}{remark} | {verdict.judged:,} | {verdict.found:,} |"
    for verdict in report.checks:
        if verdict.found:
            yield from _faults(verdict)


def _faults(verdict: Verdict) -> Iterator[str]:
    yield ""
    yield f"## {verdict.check}"
    yield ""
    yield from (f"- {_where(fault)}{_plain(fault.what)}" for fault in verdict.faults)
    if verdict.found > len(verdict.faults):
        yield f"- and {verdict.found - len(verdict.faults):,} more"


def _where(fault: Fault) -> str:
    minute = "" if fault.open_time is None else f" {_moment(fault.open_time)}"
    return f"{_plain(fault.symbol)}{minute}: " if fault.symbol else ""


def _plain(text: str) -> str:
    """Without what Markdown would make something of."""
    return "".join(f"\\{letter}" if letter in "\\`*<>|[]" else letter for letter in text)


def _word(*, passed: bool) -> str:
    return "passed" if passed else "FAILED"


def _moment(time_ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # of a spoilt row
        return f"{time_ms} ms"
