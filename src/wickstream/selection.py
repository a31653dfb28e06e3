"""What TICKER_SYMBOLS and --symbols may say: symbols, and rules that choose symbols.

    words      = word { "," word }
    word       = SYMBOL | "all" | condition { ":" condition }
    condition  = "quote=" ASSET | "top=" NUMBER

Conditions joined by a colon must all hold: `quote=USDT:top=100` is the hundred largest of those quoted in USDT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALL = "all"


@dataclass(frozen=True)
class Rule:
    """Chooses among the symbols in spot trading; without a condition, all of them. `str()` is the word."""

    quote: str | None = None  # the quote asset, as in USDT
    top: int | None = None  # so many, by quote volume over 24 hours in one unit

    def __str__(self) -> str:
        conditions = [f"quote={self.quote}" if self.quote else "", f"top={self.top}" if self.top else ""]
        return ":".join(filter(None, conditions)) or ALL


def split_list(value: object) -> object:
    """`A,B` → `("A", "B")`; anything else is left to the validator."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def parse_word(word: str) -> str | Rule:
    """A symbol as the exchange spells it, or a rule.

    Raises:
        ValueError: If it is neither; says how they are written.
    """
    if word.lower() == ALL:
        return Rule()
    if "=" in word or ":" in word:
        return _rule(word)
    if not word.replace("_", "").isalnum():  # letters of any script: the exchange has such symbols
        raise ValueError(f"{word!r} is no symbol; they are written as BTCUSDT")
    return word.upper()


def _rule(word: str) -> Rule:
    found: dict[str, str] = {}
    for condition in word.split(":"):
        key, _, value = condition.partition("=")
        if key.strip().lower() not in {"quote", "top"} or key.strip().lower() in found:
            raise _no_rule(word)
        found[key.strip().lower()] = value.strip().upper()
    quote, top = found.get("quote"), found.get("top")
    if quote is not None and not quote.isalnum():
        raise _no_rule(word)
    if top is not None and not (top.isascii() and top.isdigit() and 0 < int(top) < 100_000):
        raise _no_rule(word)
    return Rule(quote, int(top) if top else None)


def _no_rule(word: str) -> ValueError:
    return ValueError(f"{word!r} is no rule; they are written as all, quote=USDT, top=100 or quote=USDT:top=100")


def symbols_in(words: Iterable[str]) -> tuple[str, ...]:
    """The words that are symbols."""
    return tuple(word for word in map(parse_word, words) if isinstance(word, str))


def rules_in(words: Iterable[str]) -> tuple[Rule, ...]:
    """The words that are rules."""
    return tuple(word for word in map(parse_word, words) if isinstance(word, Rule))


def choose_recorded(words: Iterable[str], recorded: Sequence[str]) -> tuple[str, ...]:
    """What words choose of a recording; of a rule only the quote asset counts, by the end of the names."""
    found = (symbol for word in map(parse_word, words) for symbol in recorded if _chooses(word, symbol))
    return tuple(dict.fromkeys(found))


def _chooses(word: str | Rule, symbol: str) -> bool:
    return symbol == word if isinstance(word, str) else symbol.endswith(word.quote or "")
