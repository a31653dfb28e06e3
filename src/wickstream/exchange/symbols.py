"""Which symbols: those asked for, checked against those the exchange lists."""

from collections.abc import Iterable
from difflib import get_close_matches

from wickstream.errors import Mistake


def require_listed(wanted: Iterable[str], listed: Iterable[str]) -> None:
    """Refuse names the exchange does not list: subscribing to one succeeds there and stays silent for ever.

    Raises:
        Mistake: Naming them, with the nearest names that do exist.
    """
    known = sorted(listed)
    unknown = sorted(set(wanted).difference(known))
    if unknown:
        raise Mistake("; ".join(_complaint(symbol, known) for symbol in unknown) + " (TICKER_SYMBOLS, --symbols)")


def _complaint(symbol: str, known: list[str]) -> str:
    near = get_close_matches(symbol, known, n=3, cutoff=0.6)
    hint = f"did you mean {', '.join(near)}?" if near else "no listed name is like it"
    return f"unknown symbol {symbol}: {hint}"
