"""What people read."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import AT_MS, price_spike, whale
from wickstream.errors import Unpublishable
from wickstream.events import Alert, AlertType
from wickstream.store.intake import require_tellable
from wickstream.store.sinks.message import dollars, line_of

SWEEP = msgspec.structs.replace(
    whale(),
    type=AlertType.SWEEP,
    trade_count=1_037,
    facts={"side": "sell", "last_price": "64180.00000000", "price_moved_pct": "-0.0802"},
)
VOLUME = price_spike(
    type=AlertType.VOLUME_SPIKE,
    value=Decimal("1049123.22"),
    threshold=Decimal(1_000_000),
    facts={"close": "62900.10000000", "change_pct": "0.5"},
)


@pytest.mark.parametrize(
    ("alert", "line"),
    [
        (
            whale(),
            "BTCUSDT whale: $1.2M bought at 64,231.5 · 2024-08-09 14:03:22.517 UTC · one trade of 18.73 BTC, "
            "over $100K",
        ),
        (
            whale(symbol="SHIBUSDT", facts={"price": "0.00001234", "side": "sell"}),
            "SHIBUSDT whale: $1.2M sold at 0.00001234 · 2024-08-09 14:03:22.517 UTC · one trade, over $100K",
        ),
        (
            SWEEP,
            "BTCUSDT sweep: $1.2M sold at 64,180 (−0.08 %) · 2024-08-09 14:03:22.517 UTC · one order, 1,037 trades, "
            "over $100K",
        ),
        (
            VOLUME,
            "BTCUSDT volume spike: $1.05M so far at 62,900.1 (+0.5 %) · 2024-08-09 14:03 UTC · traded in one minute, "
            "over $1M",
        ),
        (
            price_spike(),
            "BTCUSDT price spike: −2.41 % so far (open 64,231.5, low 62,683.4, now 62,900.1) · 2024-08-09 14:03 UTC · "
            "moved in one minute, over 2 %",
        ),
        (
            price_spike(final=True, facts=price_spike().facts | {"direction": "up"}),
            "BTCUSDT price spike: +2.41 % (open 64,231.5, high 64,240, close 62,900.1) · 2024-08-09 14:03 UTC · "
            "moved in one minute, over 2 %",
        ),
        (
            whale(alert_id="test:1", facts={}),
            "[test] BTCUSDT whale: $1.2M traded · 2024-08-09 14:03:22.517 UTC · one trade, over $100K",
        ),
    ],
)
def test_a_line_says_what_and_when_and_why(alert: Alert, line: str) -> None:
    assert line_of(alert) == line


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0"), ("12.3456", "$12.3"), ("950", "$950"), ("999.9", "$1K"), ("100000", "$100K"), ("999499", "$999K"),
        ("999500", "$1M"), ("1234567", "$1.23M"), ("2.5E9", "$2.5B"), ("7E12", "$7T"), ("0.00123", "$0.00123"),
    ],
)  # fmt: skip
def test_dollars_have_three_digits_and_a_unit(amount: str, words: str) -> None:
    assert dollars(Decimal(amount)) == words


NAMES = st.sampled_from(
    ("price", "quantity", "side", "quote_asset", "open", "high", "low", "close", "direction", "change_pct", "x")
)
FACTS = st.dictionaries(NAMES, st.text() | st.integers() | st.decimals().map(str) | st.just("9" * 5_000))
ALERTS = st.builds(
    Alert,
    st.text(max_size=250),
    st.sampled_from(AlertType),
    st.text(max_size=80) | st.just("*" * 64),
    st.integers(0, 2**60) | st.just(AT_MS),
    *(st.decimals() | st.just(Decimal("1E+63")),) * 2,
    FACTS,
    *(st.booleans(),) * 2,
    *(st.integers(0, 2**40),) * 2,
)


@given(ALERTS)
def test_whatever_may_be_stored_is_one_short_line(alert: Alert) -> None:
    try:
        require_tellable(alert)
    except Unpublishable:
        return
    line = line_of(alert)
    assert line.isprintable()
    assert len(line) < 1_000
