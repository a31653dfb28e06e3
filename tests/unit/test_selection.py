import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.selection import Rule, choose_recorded, parse_word, rules_in, symbols_in

ASSETS = st.text(st.characters(categories=("Lu", "Nd", "Lo")), min_size=1, max_size=6).filter(str.isupper)
RULES = st.builds(Rule, st.none() | ASSETS, st.none() | st.integers(1, 99_999))


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("btcusdt", "BTCUSDT"),
        ("币安人生usdt", "币安人生USDT"),
        ("这是测试币456", "这是测试币456"),
        ("BTCUSD_PERP", "BTCUSD_PERP"),
        ("all", Rule()),
        ("ALL", Rule()),
        ("quote=usdt", Rule("USDT")),
        ("top=100", Rule(top=100)),
        ("QUOTE=USDT:Top=7", Rule("USDT", 7)),
        ("top=7:quote=USDT", Rule("USDT", 7)),
    ],
)
def test_a_word_is_a_symbol_or_a_rule(word: str, meaning: str | Rule) -> None:
    assert parse_word(word) == meaning


@pytest.mark.parametrize(
    "word",
    ["", "BTC/USDT", "BTC USDT", "quote=", "quote=US-D", "top=", "top=0", "top=-1", "top=1.5", "top=٣", "top=1000000",
     "quote=USDT:quote=BTC", "quote=USDT:", "base=BTC", "all:top=5", "BTCUSDT:top=5", "=", ":"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        parse_word(word)


@given(RULES)
def test_a_rule_is_written_as_it_is_read(rule: Rule) -> None:
    assert parse_word(str(rule)) == rule


def test_symbols_and_rules_may_be_mixed() -> None:
    words = ("BTCUSDT", "quote=FDUSD", "币安人生USDT", "top=3")

    assert symbols_in(words) == ("BTCUSDT", "币安人生USDT")
    assert rules_in(words) == (Rule("FDUSD"), Rule(top=3))


def test_of_a_recording_a_rule_chooses_by_the_end_of_the_names() -> None:
    recorded = ("BTCUSDT", "ETHBTC", "BNBUSDT")

    assert choose_recorded(["all"], recorded) == recorded
    assert choose_recorded(["quote=BTC"], recorded) == ("ETHBTC",)
    assert choose_recorded(["BNBUSDT", "quote=USDT:top=1"], recorded) == ("BNBUSDT", "BTCUSDT")
    assert choose_recorded(["XRPUSDT"], recorded) == ()
