"""Questions as they come over the wire: every one is either understood or refused in the exchange's words."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.binance import questions
from wickstream.binance.shapes import ApiError
from wickstream.candle import INTERVALS

KNOWN = ("symbol", "interval", "startTime", "endTime", "limit", "timeZone")
SYMBOLS = st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)


def refusal(query: dict[str, str]) -> dict[str, object]:
    with pytest.raises(ApiError) as refused:
        questions.symbol_list(query)
    return refused.value.body


@given(st.dictionaries(st.sampled_from(KNOWN), st.text(min_size=1)))
def test_known_parameters_come_through_as_they_were_sent(sent: dict[str, str]) -> None:
    assert questions.parameters(urlencode(sent), KNOWN) == sent


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbol=BTCUSDT&limt=5", -1104),
        ("symbol=BTCUSDT&symbol=ETHUSDT", -1101),
        ("&".join(f"a{number}=1" for number in range(101)), -1101),
    ],
)
def test_what_is_not_read_or_is_there_twice_is_refused(query: str, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        questions.parameters(query, KNOWN)
    assert (refused.value.status, refused.value.body["code"]) == (400, code)


def test_what_was_not_read_is_counted() -> None:
    with pytest.raises(ApiError, match=r"read '1' parameter\(s\) but was sent '2'"):
        questions.parameters("symbol=BTCUSDT&limt=5", KNOWN)


@given(st.lists(SYMBOLS, min_size=1, max_size=5))
def test_symbols_are_one_by_name_or_a_list(names: list[str]) -> None:
    assert questions.symbol_list({"symbols": json.dumps(names)}) == names
    assert questions.symbol_list({"symbol": names[0]}) == names[:1]
    assert questions.symbol_list({}) is None


@given(st.text())
def test_any_text_for_symbols_is_a_list_or_refused(text: str) -> None:
    try:
        names = questions.symbol_list({"symbols": text})
    except ApiError as exc:
        names, codes = ["none"], {exc.body["code"]}
    else:
        codes = set()
    assert names
    assert codes <= {-1100, -1102}


def test_symbol_and_symbols_together_are_refused() -> None:
    assert refusal({"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'})["code"] == -1128


@given(st.integers(0, 99_999_999_999_999))
def test_times_in_milliseconds_and_in_microseconds_are_one_moment(time_ms: int) -> None:
    assert questions.moment({"startTime": str(time_ms)}, "startTime") == time_ms
    if time_ms >= 100_000_000_000:
        assert questions.moment({"startTime": str(time_ms * 1_000 + 999)}, "startTime") == time_ms


@given(st.integers(1, 10**19))
def test_more_than_a_page_is_a_page(limit: int) -> None:
    assert questions.limit({"limit": str(limit)}) == min(limit, 1_000)


@given(st.integers(-12 * 60, 14 * 60))
def test_time_zones_are_hours_or_hours_and_minutes(minutes: int) -> None:
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else ""
    assert questions.zone_ms({"timeZone": f"{sign}{hours}:{rest:02}"}) == minutes * 60_000
    if not rest:
        assert questions.zone_ms({"timeZone": f"{sign}{hours}"}) == minutes * 60_000


@pytest.mark.parametrize("zone", ["14:01", "-12:01", "15", "x", "1:2:3", ""])
def test_zones_there_are_not_are_refused(zone: str) -> None:
    with pytest.raises(ApiError, match="timeZone"):
        questions.zone_ms({"timeZone": zone})


@pytest.mark.parametrize("interval", [*INTERVALS, "1s"])
def test_intervals_are_case_sensitive_and_of_those_that_are_known(interval: str) -> None:
    known = (*INTERVALS, "1s")
    assert questions.interval({"interval": interval}, known) == interval
    with pytest.raises(ApiError, match="Invalid interval"):
        questions.interval({"interval": f" {interval}"}, known)


@pytest.mark.parametrize(("name", "read"), [("symbolStatus", questions.status), ("type", questions.kind)])
def test_words_that_mean_nothing_are_refused(name: str, read: object) -> None:
    assert callable(read)
    with pytest.raises(ApiError):
        read({name: "SOME"})
