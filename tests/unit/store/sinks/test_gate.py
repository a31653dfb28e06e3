"""Which alerts a sink is told."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import AT_MS, price_spike, whale
from wickstream.events import Alert, AlertType
from wickstream.store.sinks import gate as gate_module
from wickstream.store.sinks.gate import Filters, Gate, Verdict


def gate(**fields: Any) -> Gate:
    filters: dict[str, Any] = {
        "types": frozenset(AlertType), "symbols": frozenset(), "min_usd": Decimal(0), "cool_down_ms": 0,
    }  # fmt: skip
    return Gate(Filters(**(filters | fields)))


def told(one: Gate, *alerts: Alert) -> list[Verdict]:
    verdicts = []
    for alert in alerts:
        verdicts.append(one.judge(alert))
        one.settle(alert, verdicts[-1])
    return verdicts


def test_an_alert_is_told_on_its_first_word_and_never_again() -> None:
    forming, final = price_spike(), price_spike(final=True)

    assert told(gate(), forming, forming, final) == [Verdict.TELL, Verdict.REPEATED, Verdict.REPEATED]
    assert told(gate(), final, forming) == [Verdict.TELL, Verdict.REPEATED]


def test_asking_settles_nothing_so_that_a_failed_sink_is_told_again() -> None:
    one = gate()

    assert [one.judge(whale()), one.judge(whale())] == [Verdict.TELL, Verdict.TELL]


def test_a_late_alert_is_never_told_but_its_earlier_word_was() -> None:
    assert told(gate(), whale(late=True), whale()) == [Verdict.LATE, Verdict.TELL]


@pytest.mark.parametrize(
    ("filters", "alert", "passes"),
    [
        ({"types": frozenset({AlertType.WHALE})}, whale(), True),
        ({"types": frozenset({AlertType.SWEEP})}, whale(), False),
        ({"symbols": frozenset({"BTCUSDT"})}, whale(), True),
        ({"symbols": frozenset({"ETHUSDT"})}, whale(), False),
        ({"min_usd": whale().value}, whale(), True),
        ({"min_usd": whale().value + 1}, whale(), False),
        ({"min_usd": whale().value}, price_spike(), True),
    ],
)
def test_filters_are_by_type_symbol_and_size(filters: dict[str, Any], alert: Alert, passes: bool) -> None:  # noqa: FBT001
    assert told(gate(**filters), alert) == [Verdict.TELL if passes else Verdict.FILTERED]


def test_a_minute_that_grows_past_the_size_asked_for_is_told_then() -> None:
    small, large = (price_spike(type=AlertType.VOLUME_SPIKE, value=Decimal(value)) for value in (10, 30))

    assert told(gate(min_usd=Decimal(20)), small, large, large) == [
        Verdict.FILTERED, Verdict.TELL, Verdict.REPEATED,
    ]  # fmt: skip


def test_within_the_cool_down_one_of_a_type_and_symbol_is_told() -> None:
    at = [whale(number, at=AT_MS + 100 * number) for number in range(8)]
    other = whale(9, "ETHUSDT", at=AT_MS + 100)

    verdicts = told(gate(cool_down_ms=300), at[0], at[2], other, price_spike(at=AT_MS), at[3], at[5], at[6], at[2])

    tell, cooling = Verdict.TELL, Verdict.COOLING_DOWN
    assert verdicts == [tell, cooling, tell, tell, tell, cooling, tell, Verdict.REPEATED]


NUMBERS = st.integers(0, 30)


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(("BTCUSDT", "ETHUSDT")), NUMBERS, st.booleans())), NUMBERS)
def test_told_alerts_differ_in_id_and_are_apart_by_the_cool_down(
    words: list[tuple[int, str, int, bool]], cool_down_ms: int
) -> None:
    alerts = [whale(number, symbol, at=AT_MS + at, late=late) for number, symbol, at, late in words]
    verdicts = told(gate(cool_down_ms=cool_down_ms), *alerts)
    chosen = [alert for alert, verdict in zip(alerts, verdicts, strict=True) if verdict is Verdict.TELL]

    assert len({alert.alert_id for alert in chosen}) == len(chosen)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        newest: list[int] = []
        for alert in (alert for alert in chosen if alert.symbol == symbol):
            assert not newest or abs(alert.at - max(newest)) >= cool_down_ms
            newest.append(alert.at)


def test_only_so_many_ids_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "SETTLED_IDS", 3)
    one = gate()
    told(one, *map(whale, range(5)))

    assert [one.judge(whale(number)) for number in range(5)] == [Verdict.TELL] * 2 + [Verdict.REPEATED] * 3
