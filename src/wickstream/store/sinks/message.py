"""An alert as one line that a person takes in at a glance. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from wickstream.events import Alert, AlertType, Notice, Tellable

SAMPLE_PREFIX = "test:"  # of the `alert_id` of what is only sent to see whether it arrives

_LONGEST_AMOUNT = 64  # characters; what has more is not shown
_THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
_UNITS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
_DONE = {"buy": "bought", "sell": "sold"}


def id_of(told: Tellable) -> str:
    """What tells it from all others."""
    return told.notice_id if isinstance(told, Notice) else told.alert_id


def line_of(told: Tellable) -> str:
    """What happened, when (UTC), and why it is told; under 1,000 characters, whatever the facts are."""
    if isinstance(told, Notice):
        return f"{told.subject} {told.what} · {_moment(told.at)} UTC"
    return _line_of_alert(told)


def _line_of_alert(alert: Alert) -> str:
    test = "[test] " if alert.alert_id.startswith(SAMPLE_PREFIX) else ""
    what, when, why = _TELLERS[alert.type](alert)
    name = str(alert.type).replace("_", " ")
    return f"{test}{alert.symbol} {name}: {what} · {when} UTC · {why}"


def dollars(amount: Decimal) -> str:
    """As `$1.2M`: three digits at most."""
    rounded = _THREE_DIGITS.create_decimal(amount)
    for unit, letter in _UNITS:
        if abs(rounded) >= unit:
            return f"${_plain(rounded / unit)}{letter}"
    return f"${_plain(rounded)}"


Told = tuple[str, str, str]


def _whale(alert: Alert) -> Told:
    quantity = _amount(alert, "quantity")
    size = f"one trade of {_plain(quantity)}{_base(alert)}" if quantity is not None else "one trade"
    what = f"{dollars(alert.value)} {_side(alert)}{_at(alert, 'price')}"
    return what, _moment(alert.at), f"{size}, over {dollars(alert.threshold)}"


def _sweep(alert: Alert) -> Told:
    what = f"{dollars(alert.value)} {_side(alert)}{_at(alert, 'last_price')}{_in_brackets(alert, 'price_moved_pct')}"
    return what, _moment(alert.at), f"one order, {alert.trade_count:,} trades, over {dollars(alert.threshold)}"


def _volume_spike(alert: Alert) -> Told:
    what = f"{dollars(alert.value)}{_so_far(alert)}{_at(alert, 'close')}{_in_brackets(alert, 'change_pct')}"
    return what, _minute(alert.at), f"traded in one minute, over {dollars(alert.threshold)}"


def _price_spike(alert: Alert) -> Told:
    sign, extreme = ("−", "low") if alert.facts.get("direction") == "down" else ("+", "high")
    prices = (("open", _amount(alert, "open")), (extreme, _amount(alert, extreme)), ("close", _amount(alert, "close")))
    shown = ", ".join(
        f"{'now' if name == 'close' and not alert.final else name} {_plain(price)}"
        for name, price in prices
        if price is not None
    )
    what = f"{sign}{_percent(alert.value)}{_so_far(alert)}" + (f" ({shown})" if shown else "")
    return what, _minute(alert.at), f"moved in one minute, over {_percent(alert.threshold)}"


_TELLERS: dict[AlertType, Callable[[Alert], Told]] = {
    AlertType.WHALE: _whale,
    AlertType.SWEEP: _sweep,
    AlertType.VOLUME_SPIKE: _volume_spike,
    AlertType.PRICE_SPIKE: _price_spike,
}


def _amount(alert: Alert, name: str) -> Decimal | None:
    text = str(alert.facts.get(name, ""))
    try:
        amount = Decimal(text) if len(text) <= _LONGEST_AMOUNT else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and abs(amount.adjusted()) < _LONGEST_AMOUNT else None


def _plain(amount: Decimal) -> str:
    """As 64,231.5: no exponent, and no zeros that say nothing."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percent(amount: Decimal) -> str:
    return f"{amount:,.2f}".rstrip("0").rstrip(".") + " %"


def _side(alert: Alert) -> str:
    return _DONE.get(str(alert.facts.get("side")), "traded")


def _base(alert: Alert) -> str:
    quote = str(alert.facts.get("quote_asset", ""))
    return " " + alert.symbol.removesuffix(quote) if quote and alert.symbol.endswith(quote) else ""


def _so_far(alert: Alert) -> str:
    return "" if alert.final else " so far"


def _at(alert: Alert, name: str) -> str:
    price = _amount(alert, name)
    return "" if price is None else f" at {_plain(price)}"


def _in_brackets(alert: Alert, name: str) -> str:
    moved = _amount(alert, name)
    if moved is None:
        return ""
    return f" ({'−' if moved < 0 else '+'}{_percent(abs(moved))})"


def _moment(time_ms: int) -> str:
    return _utc(time_ms).strftime("%Y-%m-%d %H:%M:%S") + f".{time_ms % 1_000:03}"


def _minute(time_ms: int) -> str:
    return _utc(time_ms).strftime("%Y-%m-%d %H:%M")


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // 1_000, UTC)
