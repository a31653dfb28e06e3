"""`python -m tests.chaos.prove --seed N --kills N --trades N`: R1, and its report."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.prove.nemesis import StoppedByHand
from tests.chaos.prove.play import Order, play
from tests.chaos.prove.report import write_report

SHORT = Order(seed=1, kills=8, trades=50_000, candles=40, rate=1_100)
FULL = Order(seed=1, kills=100, trades=1_000_000, candles=300, rate=1_100, asleep=60)


def main() -> None:
    """Run it; the exit code says whether all judges were content."""
    order, options = _asked()
    folder = options.data_dir or Path(tempfile.mkdtemp(prefix="wickstream-prove-"))
    print(f"seed {order.seed}: {order.kills} kills, {order.trades:,} trades; data and logs in {folder}", flush=True)
    try:
        outcome = play(order, folder, say=lambda text: print(text, flush=True))
    except StoppedByHand:
        print(f"stopped by hand, nothing was judged; what was killed is in {folder / 'kills.jsonl'}")
        sys.exit(128 + signal.SIGINT)
    for one in outcome.judgements:
        counts = ", ".join(f"{name} {count}" for name, count in one.counts.items())
        print(f"{one.name} {'PASS' if one.passed else 'FAIL'}  {one.what}: {counts}")
        for example in one.examples[:10]:
            print(f"     {example[:400]}")
    if options.report:
        print(f"written: {', '.join(map(str, write_report(outcome, options.report)))}")
    print("PASS" if outcome.passed else f"FAIL; the same again: --seed {order.seed}")
    sys.exit(0 if outcome.passed else 1)


def _asked() -> tuple[Order, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.prove", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100 kills, 1,000,000 trades; else 8 and some")
    for name, what in (
        ("seed", "of market and kills; the same seed, the same of both"),
        ("kills", "how many"),
        ("trades", "at least so many, of 20 symbols together"),
        ("candles", "at least so many closed ones"),
        ("rate", "trades a second"),
        ("asleep", "seconds for which all but the exchange stand still, after the kills"),
    ):
        parser.add_argument(f"--{name}", type=int, help=what)
    parser.add_argument("--data-dir", type=Path, help="a new folder; else one is made")
    parser.add_argument(
        "--report", type=Path, help="where to write it, without an ending: .md, .json and .svg are added"
    )
    options = parser.parse_args()
    usual = FULL if options.full else SHORT
    given = {name: value for name in vars(usual) if (value := getattr(options, name)) is not None}
    return Order(**(vars(usual) | given)), options


if __name__ == "__main__":
    main()
