"""`python -m tests.simulation --seeds N --first K --jobs J`: each seed a night of trouble, none may end badly."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.seed import Outcome, run_seed

SEEDS_AT_ONCE = 25
SAY_EVERY_S = 2.0


def outcomes(first: int, seeds: int, *, jobs: int) -> Iterator[Outcome]:
    """Of each seed, in order."""
    numbers = range(first, first + seeds)
    if jobs == 1:
        yield from map(run_seed, numbers)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_seed, numbers, chunksize=min(SEEDS_AT_ONCE, max(1, seeds // jobs)))


class Total:
    """What came of all seeds so far."""

    def __init__(self) -> None:
        self._began_s = self._said_s = time.monotonic()
        self._sums = dict.fromkeys(("seeds", "trades", "marks", "kills", "fenced", "breaks", "repaired"), 0)
        self.bad: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """One more; one that is bad is told of at once."""
        self._sums["seeds"] += 1
        for name in self._sums.keys() - {"seeds"}:
            self._sums[name] += getattr(outcome, name)
        if outcome.violations:
            self.bad.append(outcome)
            print(f"seed {outcome.seed}:", *outcome.violations[:10], sep="\n  ", flush=True)
        if time.monotonic() - self._said_s > SAY_EVERY_S and sys.stderr.isatty():
            self._said_s = time.monotonic()
            print(f"\r{self._sums['seeds']:,} seeds, {len(self.bad)} bad", end="", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        took_s = time.monotonic() - self._began_s
        sums = ", ".join(f"{number:,} {name}" for name, number in self._sums.items())
        return f"{sums}: {len(self.bad)} seeds with a violation, {took_s:.0f} s"


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="a failing seed replays exactly: --first SEED --seeds 1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    total = Total()
    for outcome in outcomes(options.first, options.seeds, jobs=options.jobs):
        total.add(outcome)
    print(total)
    sys.exit(1 if total.bad else 0)


if __name__ == "__main__":
    main()
