"""What came of a run, as JSON, as Markdown, and as a chart."""

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.prove.chart import chart
from tests.chaos.prove.plan import VICTIMS
from tests.chaos.prove.play import Outcome

GOALS_S = {"connect-0": 5, "connect-1": 5, "write": 5, "tickers": 5, "serve": 5, "kafka": 10, "stream": 20}
FAULTS = {"lost": ("lost", "lacking"), "double": ("double",), "wrong": ("wrong",)}


def write_report(outcome: Outcome, path: Path) -> list[Path]:
    """Beside each other: `path` with three endings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {ending: path.with_name(path.name + ending) for ending in (".json", ".md", ".svg")}
    files[".json"].write_text(json.dumps(facts(outcome), indent=1, ensure_ascii=False) + "\n", "utf-8")
    files[".svg"].write_text(chart(recoveries(outcome), GOALS_S), "utf-8")
    files[".md"].write_text(markdown(outcome, files[".svg"].name), "utf-8")
    return list(files.values())


def recoveries(outcome: Outcome) -> dict[str, list[float]]:
    """Seconds from a kill until the process did its work again, by process."""
    found: dict[str, list[float]] = {name: [] for name in VICTIMS}
    for death in outcome.deaths:
        if death.back_s is not None:
            found[death.kill.victim].append(death.back_s)
    return {name: seconds for name, seconds in found.items() if seconds}


def totals(outcome: Outcome) -> dict[str, int]:
    """Lost, double and wrong, over all judges."""
    sums: dict[str, int] = defaultdict(int, dict.fromkeys(FAULTS, 0))
    for name, words in FAULTS.items():
        sums[name] += sum(one.faults[word] for one in outcome.judgements for word in words)
    return dict(sums)


def facts(outcome: Outcome) -> dict[str, Any]:
    """All there is to say of it."""
    return {
        "passed": outcome.passed,
        "order": asdict(outcome.order),
        "traded": outcome.traded,
        **totals(outcome),
        "seconds": outcome.seconds,
        "judges": {
            one.name: {"passed": one.passed, "what": one.what, "counts": one.counts, "faults": dict(one.faults)}
            | ({"examples": one.examples[:20]} if one.examples else {})
            for one in outcome.judgements
        },
        "recovery": {
            name: {"kills": len(times), "median_s": median(times), "max_s": max(times)}
            for name, times in recoveries(outcome).items()
        },
        "awake_s": outcome.awake_s,
        "restarts": outcome.restarts,
        "kills": [asdict(death) for death in outcome.deaths],
    }


def markdown(outcome: Outcome, picture: str) -> str:
    """For people."""
    order, sums = outcome.order, totals(outcome)
    judged = next((one.counts.get("candles", 0) for one in outcome.judgements if one.name == "J2"), 0)
    lines = [
        f"# Killed at random: seed {order.seed}",
        "",
        f"    python -m tests.chaos.prove --seed {order.seed} --kills {order.kills} --trades {order.trades}"
        f" --candles {order.candles} --rate {order.rate} --asleep {order.asleep}",
        "",
        f"**{'PASS' if outcome.passed else 'FAIL'}**: {len(outcome.deaths)} kills, {outcome.traded:,} trades of 20"
        f" symbols at {order.rate:,} a second, {judged} closed candles compared with the exchange's:"
        f" **{sums['lost']} lost, {sums['double']} double, {sums['wrong']} wrong**."
        f" {outcome.seconds.get('all', 0) / 60:.1f} minutes, and nobody touched it.",
        "",
        "| judge | | counts |",
        "|---|---|---|",
    ]
    for one in outcome.judgements:
        counts = [*one.counts.items(), *((f"**{name}**", count) for name, count in one.faults.items())]
        told = ", ".join(f"{name} {count:,}" if isinstance(count, int) else f"{name} {count}" for name, count in counts)
        lines.append(f"| {one.name} {'PASS' if one.passed else '**FAIL**'} | {one.what} | {told} |")
    lines += [
        "",
        "## How long each was away",
        "",
        "From `kill -9` until the process did its work again, seen from outside: a trade made after the kill has gone",
        "through it. In it are the supervisor's pause before a restart and what the process itself waits for.",
        "",
        f"![Seconds away, by process]({picture})",
        "",
        "| process | kills | median s | maximum s | goal of the median s |",
        "|---|---|---|---|---|",
    ]
    for name, times in recoveries(outcome).items():
        lines.append(f"| {name} | {len(times)} | {median(times):.1f} | {max(times):.1f} | {GOALS_S.get(name, '–')} |")
    return "\n".join([*lines, *_slept(outcome), ""])


def _slept(outcome: Outcome) -> list[str]:
    if not outcome.awake_s:
        return []
    told = (f"{name} {seconds:.1f}" for name, seconds in outcome.awake_s.items())
    return [
        "",
        "## Asleep",
        "",
        f"All processes but the exchange stood still for {outcome.order.asleep} s, and were woken. Seconds until each",
        f"did its work again: {', '.join(told)}.",
    ]
