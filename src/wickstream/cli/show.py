"""How answers look on a terminal, and as JSON."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wickstream.config import Settings
    from wickstream.operate.doctor import Finding
    from wickstream.operate.health import Component, Status
    from wickstream.operate.recompute.turns import Recomputed
    from wickstream.operate.repairs import Mended
    from wickstream.operate.schedule import Job
    from wickstream.operate.source import Chosen
    from wickstream.operate.supervision.job import JobState
    from wickstream.operate.wishes import Followed
    from wickstream.store.sinks.trial import Tried

_MB = 1_000_000
_STYLES = {"ready": "green", "ok": "green", "starting": "yellow", "backoff": "yellow", "warn": "yellow"}


def say(text: str) -> None:
    """One line of progress; that its reader has gone is no reason to stop."""
    with suppress(OSError):
        typer.echo(text)


def silent(_: str) -> None:
    """Progress that nobody looks at."""


def outcome(facts: dict[str, Any], *, as_json: bool) -> None:
    """What `down` did."""
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        typer.echo("stopped" if facts["was_running"] else "nothing was running")


def ready(chosen: "Chosen", *, as_json: bool, is_detached: bool = False) -> None:
    """Where things are."""
    settings = chosen.settings
    page = f"http://127.0.0.1:{settings.port('api')}/"
    facts = {
        "page": page,
        "docs": f"{page}docs",
        "source": f"{source_words(chosen)} ({chosen.why})",
        "symbols": ", ".join(settings.ticker_symbols),
        "data": str(settings.data_dir),
        **_airflow(settings),
        "stop": "wickstream down" if is_detached else "Ctrl-C, or wickstream down",
    }
    if as_json:
        say(json.dumps({"ready": True} | facts))
        return
    say("\nwickstream is ready")
    for name, value in facts.items():
        say(f"  {name:<8} {value}")
    say("")


def _airflow(settings: "Settings") -> dict[str, str]:
    if not settings.airflow:
        return {}
    password = settings.data_dir / "secrets" / "airflow_password"
    return {"airflow": f"http://127.0.0.1:{settings.port('airflow')}/ (user admin, password in {password})"}


def source_words(chosen: "Chosen") -> str:
    """The source, said so that nobody takes a recording for the market."""
    if chosen.plan is None:
        return "LIVE: trades of the exchange as they happen"
    if chosen.plan.generated:
        return "GENERATED: trades made up by the local exchange"
    if chosen.plan.demo:
        return "DEMO: trades recorded in 2024, moved to now and looped by the local exchange"
    times = "with their recorded times" if chosen.plan.keep_times else "moved to now"
    return f"REPLAY: recorded trades, {times}, played by the local exchange"


def status(found: "Status | None", *, as_json: bool) -> None:
    """The table of `status`."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(found))
    elif found is None:
        typer.echo("nothing is running, and no data folder is there")
    else:
        _print(_table(found))
        if found.jobs and found.is_running:
            _print(_job_table(found.jobs))
        if found.stream:
            typer.echo(_stream(found))
        typer.echo(_summary(found))


def findings(found: "list[Finding]", *, as_json: bool) -> None:
    """The table of `doctor`."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(found))
        return
    table = _new_table("check", "", "found", "how to mend it")
    for finding in found:
        table.add_row(finding.check, _coloured(finding.verdict), finding.found, finding.mend)
    _print(table)


def done(one: "Mended | Recomputed") -> None:
    """A line for each entry that repair worked at, and for each minute that is not as it was stored."""
    from wickstream.operate.repairs import Mended

    if isinstance(one, Mended):
        mended(one)
    elif one.candles or one.note or one.trouble:
        reasons = "".join(f" · {reason}" for reason in (one.note, one.trouble) if reason)
        say(f"{one.symbol} {moment(one.open_time)[:16]}: {one.cause}; {one.candles:,} candles{reasons}")


def mended(turn: "Mended") -> None:
    """A line for an entry that repair worked at."""
    ids = f"{turn.symbol} {turn.first_trade_id}–{turn.last_trade_id}"
    became = ", ".join(f"{count:,} {status}" for status, count in turn.ids.items()) or "nothing new"
    trouble = f" · {turn.trouble}" if turn.trouble else ""
    say(f"{turn.seconds:6.1f} s  {ids}: {became}; {turn.candles:,} candles{trouble}")


def repaired(done: "Sequence[Mended | Recomputed]", *, as_json: bool) -> None:
    """What a pass of `repair` did."""
    import msgspec

    from wickstream.operate.repairs import Mended

    turns = [one for one in done if isinstance(one, Mended)]
    minutes = [one for one in done if not isinstance(one, Mended)]
    ids: dict[str, int] = {}
    for turn in turns:
        for status, count in turn.ids.items():
            ids[status] = ids.get(status, 0) + count
    counts = _minute_counts(minutes)
    if as_json:
        entries = [msgspec.structs.asdict(turn) for turn in turns]
        anew = [msgspec.structs.asdict(one) for one in minutes if one.candles or one.note or one.trouble]
        candles = sum(one.candles for one in done)
        typer.echo(json.dumps({"ids": ids, "candles": candles, "entries": entries, "minutes": counts, "anew": anew}))
        return
    if minutes:
        typer.echo("minutes: " + ", ".join(f"{count:,} {what}" for what, count in counts.items()))
    if turns or not minutes:
        told = ", ".join(f"{count:,} {status}" for status, count in ids.items()) or "none found"
        typer.echo(f"ids: {told}" if turns else "nothing is missing")


def _minute_counts(minutes: "Sequence[Recomputed]") -> dict[str, int]:
    published = sum(one.candles for one in minutes)
    as_stored = sum(one.minutes for one in minutes if not (one.candles or one.note or one.trouble))
    looked_at = sum(one.minutes for one in minutes)
    return {"recomputed": looked_at, "published anew": published, "as stored": as_stored}


def symbols(rows: "list[Followed]", *, as_json: bool) -> None:
    """The table of `symbols`."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(rows))
        return
    table = _new_table("symbol", "status", "followed", "shard", "since (UTC)")
    for row in rows:
        table.add_row(row.symbol, row.status or "", _choice(row), row.shard or "", moment(row.since))
    _print(table)
    typer.echo(f"{sum(row.followed for row in rows)} of {len(rows)} followed")


def schedule(jobs: "Sequence[Job]", *, as_json: bool) -> None:
    """The list of `schedule`."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(jobs), indent=2))
        return
    for job in jobs:
        typer.echo(f"{job.name}: {job.when + ' (cron, UTC)' if job.when else 'by hand'}\n  {job.does}")
        for step in job.steps:
            typer.echo(f"    wickstream {' '.join(step.arguments)}")


def tried(rows: "list[Tried]", *, as_json: bool) -> None:
    """The table of `alerts test`."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(rows))
        return
    table = _new_table("sink", "", "answer", "seconds")
    for row in rows:
        table.add_row(row.sink, _coloured("ok" if row.ok else "failed"), row.answer, f"{row.seconds:.2f}")
    _print(table)


def _choice(row: "Followed") -> str:
    if row.chosen_by:
        return f"by {row.chosen_by}"
    return f"no: {row.wish} by operator" if row.wish == "removed" else "no"


def moment(time_ms: int | None) -> str:
    """A time (epoch ms) as people read it, UTC; empty for None."""
    return "" if time_ms is None else f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"


def _table(found: "Status") -> Any:
    table = _new_table("component", "state", "pid", "port", "restarts", "memory", "")
    for component in found.components:
        table.add_row(*_cells(component))
    return table


def _cells(component: "Component") -> tuple[str, ...]:
    numbers = (component.pid, component.port, component.restarts)
    memory = "" if component.memory_bytes is None else f"{component.memory_bytes / _MB:,.0f} MB"
    shown = ("" if number is None else str(number) for number in numbers)
    return (component.name, _coloured(component.state), *shown, memory, component.trouble)


def _job_table(jobs: "Sequence[JobState]") -> Any:
    table = _new_table("job", "state", "next (UTC)", "last (UTC)", "")
    for job in jobs:
        is_waiting = job.phase == "waiting"
        state = job.phase if is_waiting else f"{job.phase}: {job.step}"
        due = moment(job.next_ms) if is_waiting else ""
        table.add_row(job.name, state, due, moment(job.began_ms), _coloured(job.outcome))
    return table


def _stream(found: "Status") -> str:
    queries = (f"{q.query} {q.rows:,} rows, {q.lag_records:,} behind" for q in found.stream)
    late = sum(q.late_trades for q in found.stream)
    return f"stream: {' · '.join(queries)}" + (f" · {late:,} trades came too late" if late else "")


def _summary(found: "Status") -> str:
    waiting = f"not ready: {', '.join(found.unready) or 'starting'}"
    state = "ready" if found.is_ready else waiting if found.is_running else "not running"
    missing = "" if found.open_ids is None else f" · {found.open_ids:,} trades missing"
    unproven = f" · {found.unproven_minutes:,} minutes not proven" if found.unproven_minutes else ""
    return (
        f"{state} · source {found.source or 'none yet'}{missing}{unproven}"
        f" · memory (PSS) {found.memory_bytes / _MB:,.0f} MB"
        f" · disk {found.disk_bytes / _MB:,.0f} MB in {found.data_dir}"
    )


def _new_table(*headings: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in ("pid", "port", "restarts", "memory") else "left")
    return table


def _coloured(word: str) -> str:
    return f"[{_STYLES.get(word, 'red')}]{word}[/]" if word else ""


def _print(table: Any) -> None:
    from rich.console import Console

    Console().print(table)
