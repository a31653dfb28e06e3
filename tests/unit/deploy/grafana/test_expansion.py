"""The variables that tests put into queries, as Grafana's documentation has them."""

import pytest

from tests.grafana import Shown, expanded

SHOWN = Shown(1_594_671_549_254, 1_594_671_609_254, 15, 15, {"symbol": ("BTCUSDT", "O'NEILL"), "interval": "60000"})


def test_the_ends_of_the_range_are_epoch_milliseconds() -> None:
    assert expanded("at BETWEEN $__from AND ${__to}", SHOWN) == "at BETWEEN 1594671549254 AND 1594671609254"


def test_sqlstring_quotes_each_value_and_doubles_the_quotes_in_it() -> None:
    assert expanded("IN (${symbol:sqlstring})", SHOWN) == "IN ('BTCUSDT','O''NEILL')"


def test_the_rate_interval_spans_four_scrapes_or_a_step_and_one_more() -> None:
    assert expanded("[$__rate_interval]", SHOWN) == "[60s]"
    assert expanded("[$__rate_interval]", Shown(0, 0, 120, 15, {})) == "[135s]"


def test_a_variable_that_nobody_knows_and_a_macro_are_refused() -> None:
    with pytest.raises(KeyError):
        expanded("$symbols", SHOWN)
    with pytest.raises(AssertionError, match="macro"):
        expanded("WHERE $__timeFilter(to_timestamp(at / 1000))", SHOWN)
