import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.bus.codec import encode
from wickstream.errors import Mistake
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.symbols.symbols import Table, news, read_event, reasons, require_listed, shard_of

LISTED = ["ETHUSDT", "BTCUSDT", "BTCUSDC", "BNBUSDT"]
NOW_MS = 1_723_161_600_000


def test_symbols_that_are_listed_are_accepted() -> None:
    require_listed(["BTCUSDT", "ETHUSDT"], LISTED)


def test_an_unknown_symbol_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Mistake, match=r"unknown symbol BTCUSD: did you mean .*BTCUSDT") as caught:
        require_listed(["ETHUSDT", "BTCUSD"], LISTED)

    assert "ETHUSDT:" not in str(caught.value)


def test_all_unknown_symbols_are_named_in_one_line() -> None:
    with pytest.raises(Mistake) as caught:
        require_listed(["BTCUSTD", "ETHUSTD"], LISTED)

    assert "BTCUSTD" in str(caught.value)
    assert "ETHUSTD" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(Mistake, match="no listed name is like it"):
        require_listed(["测试币456"], LISTED)


def said(table: Table, wishes: dict[str, str], statuses: dict[str, str], **given: object) -> dict[str, SymbolEvent]:
    """What the table lacked, which it then has."""
    appeared, unanswered = given.get("appeared", ()), given.get("unanswered", ())
    assert isinstance(appeared, tuple)
    assert isinstance(unanswered, tuple)
    events = news(table, wishes, statuses, appeared=appeared, unanswered=unanswered, shards=1, now_ms=NOW_MS)
    for event in events:
        table.take(event)
    return {event.symbol: event for event in events}


def wished(table: Table, symbol: str, status: str) -> None:
    table.take(SymbolEvent(symbol, Author.OPERATOR, status, NOW_MS))


def test_the_operator_goes_before_the_list_and_the_list_before_a_rule() -> None:
    table = Table()
    for symbol, status in (("A", "added"), ("B", "removed"), ("C", "added"), ("R", "removed")):
        wished(table, symbol, status)

    found = reasons(["B", "C", "D"], {"all": ["C", "D", "R", "S"], "top=1": ["S", "T"]}, table)

    assert found == {"A": "operator", "C": "operator", "D": "list", "S": "all", "T": "top=1"}


def test_what_is_said_is_not_said_twice() -> None:
    table = Table()

    assert said(table, {"A": "list"}, {"A": "TRADING", "B": "TRADING"}).keys() == {"A"}
    assert said(table, {"A": "list"}, {"A": "TRADING", "B": "TRADING"}) == {}


def test_every_change_is_said() -> None:
    table = Table()
    said(table, {"A": "list"}, {"A": "TRADING"})

    assert said(table, {"A": "list"}, {"A": "HALT"})["A"].status == "HALT"
    assert said(table, {"A": "operator"}, {"A": "HALT"})["A"].chosen_by == "operator"
    left = said(table, {}, {"A": "HALT"})["A"]
    assert (left.chosen, left.chosen_by, left.shard) == (False, None, None)
    assert table.followed() == set()


def test_nothing_is_said_of_a_symbol_whose_status_is_not_known_yet() -> None:
    assert said(Table(), {"A": "list"}, {}) == {}


def test_a_delisted_symbol_is_not_chosen_until_it_is_listed_again() -> None:
    table = Table()
    said(table, {"A": "list"}, {"A": "TRADING"})

    assert said(table, {"A": "list"}, {"A": "delisted"})["A"].chosen is False
    assert said(table, {"A": "list"}, {"A": "delisted"}) == {}
    back = said(table, {"A": "list"}, {"A": "TRADING"}, appeared=("A",))["A"]
    assert (back.status, back.chosen) == ("TRADING", True)  # its ids may go on from before


def test_a_symbol_seen_to_appear_is_listed_as_long_as_it_trades() -> None:
    table = Table()

    assert said(table, {"A": "all"}, {"A": "TRADING"}, appeared=("A",))["A"].status == "listed"
    assert said(table, {"A": "all"}, {"A": "TRADING"}, appeared=("A",)) == {}
    assert table.statuses() == {"A": "TRADING"}
    assert table.listings() == {"A": NOW_MS}
    assert said(table, {"A": "all"}, {"A": "BREAK"})["A"].status == "BREAK"
    assert said(table, {"A": "all"}, {"A": "TRADING"}, appeared=("A",))["A"].status == "TRADING"


def test_the_operator_is_answered_though_nothing_changes() -> None:
    table = Table()
    said(table, {"A": "list"}, {"A": "TRADING"})

    answer = said(table, {"A": "list"}, {"A": "TRADING", "B": "delisted"}, unanswered=("A", "B"))

    assert (answer["A"].chosen, answer["B"].chosen) == (True, False)


def test_another_number_of_connectors_is_said_of_every_symbol() -> None:
    table = Table()
    said(table, dict.fromkeys(LISTED, "list"), dict.fromkeys(LISTED, "TRADING"))

    events = news(
        table, dict.fromkeys(LISTED, "list"), dict.fromkeys(LISTED, "TRADING"),
        appeared=(), unanswered=(), shards=3, now_ms=NOW_MS,
    )  # fmt: skip

    assert {event.shard for event in events} <= {"0/3", "1/3", "2/3"}
    assert len(events) == len(LISTED)


SYMBOLS = st.sampled_from(("BTCUSDT", "ETHUSDT", "币安人生USDT", "这是测试币456", "BNBUSDT"))
WORDS = st.sampled_from(("TRADING", "HALT", "BREAK", "CANCEL_ONLY", "END_OF_DAY", "delisted"))
WISHES = st.dictionaries(SYMBOLS, st.sampled_from(("list", "operator", "all")))


@given(st.lists(st.tuples(WISHES, st.dictionaries(SYMBOLS, WORDS), st.frozensets(SYMBOLS))), st.integers(1, 5))
def test_the_table_ends_as_it_is_wished_and_is_the_same_from_its_records(
    steps: list[tuple[dict[str, str], dict[str, str], frozenset[str]]], shards: int
) -> None:
    table, records, statuses = Table(), dict[str, bytes](), dict[str, str]()
    for wishes, changes, appeared in steps:
        statuses |= changes
        events = news(table, wishes, statuses, appeared=appeared, unanswered=(), shards=shards, now_ms=NOW_MS)
        for event in events:
            table.take(event)
            records[event.key] = encode(event)
        assert table.followed() == {symbol for symbol in wishes if statuses.get(symbol, "delisted") != "delisted"}

    again = Table()
    for key, value in records.items():
        read = read_event(key.encode(), value)
        assert read is not None
        again.take(read)
    assert again.exchange == table.exchange
    parts = [again.followed(shard=(index, shards)) for index in range(shards)]
    assert frozenset().union(*parts) == again.followed()
    assert sum(map(len, parts)) == len(again.followed())
    assert all(
        table.exchange[symbol].shard == f"{index}/{shards}" for index in range(shards) for symbol in parts[index]
    )


def test_records_that_are_not_ours_are_left_out() -> None:
    own = SymbolEvent("BTCUSDT", Author.CONNECTOR, "silent", NOW_MS, next_trade_id=7)

    assert read_event(own.key.encode(), encode(own)) is None
    assert read_event(b"BTCUSDT@exchange", b"garbage") is None
    assert read_event(None, None) is None


def test_a_symbol_has_the_same_connector_on_every_machine() -> None:
    assert [shard_of(symbol, 4) for symbol in ("BTCUSDT", "ETHUSDT", "币安人生USDT")] == [3, 0, 0]
