"""Is there such a symbol here?"""

from difflib import get_close_matches

from wickstream.config import Settings
from wickstream.serve.problems import Problem
from wickstream.serve.reader import Reader


async def require_symbol(symbol: str, reader: Reader, settings: Settings) -> None:
    """Those of the settings need no question, and no tier that is up.

    Raises:
        Problem: 404, with what may have been meant.
    """
    if symbol not in settings.named_symbols:
        _require_known(symbol, sorted(await reader.known_symbols()))


def _require_known(symbol: str, known: list[str]) -> None:
    if symbol in known:
        return
    wanted = symbol.upper()
    nearest = [name for name in known if name.startswith(wanted)][:3] or get_close_matches(wanted, known, cutoff=0.7)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"known are {', '.join(known[:20]) or 'none yet'}"
    raise Problem(404, "unknown-symbol", f"no symbol {symbol}; {hint}", nearest=nearest)
