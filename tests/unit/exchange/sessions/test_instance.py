import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.sessions.instance import Instance

MARKETS = st.sampled_from(("spot", "usdm", "spot-testnet"))
INSTANCES = st.builds(Instance, MARKETS, st.integers(0, 9), st.integers(1, 9), st.text("0123456789abcdef", min_size=8))


def an_instance(shard: int, shards: int, run: str = "1f3a9c20", market: str = "spot") -> Instance:
    return Instance(market, shard, shards, run)


def test_it_is_written_with_its_market_its_place_and_its_run() -> None:
    assert str(an_instance(0, 2)) == "spot-0/2:1f3a9c20"
    assert an_instance(0, 2).transactional_id == "spot-0/2"


@given(INSTANCES)
def test_what_was_written_is_read_again(instance: Instance) -> None:
    assert Instance.read(str(instance).encode()) == instance


@pytest.mark.parametrize("text", [b"", b"me", b"spot-0:1f", b"spot-a/b:1f", b"spot/2:1f", b"\xff\xfe", b"spot-/:"])
def test_what_is_nothing_of_that_kind_is_none(text: bytes) -> None:
    assert Instance.read(text) is None


def test_each_run_is_another_one() -> None:
    one, other = (Instance.new("spot", (1, 3)) for _ in range(2))

    assert one.run != other.run
    assert (one.market, one.shard, one.shards, one.transactional_id) == ("spot", 1, 3, "spot-1/3")


def test_another_run_of_the_same_shard_replaces_us() -> None:
    assert an_instance(0, 2, "aa").replaces(an_instance(0, 2, "bb"))
    assert not an_instance(0, 2, "aa").replaces(an_instance(0, 2, "aa"))


def test_the_other_shards_of_our_own_layout_do_not() -> None:
    assert not an_instance(1, 2, "aa").replaces(an_instance(0, 2, "bb"))


def test_any_shard_of_another_layout_does() -> None:
    assert an_instance(0, 3, "aa").replaces(an_instance(1, 2, "bb"))
    assert an_instance(0, 1, "aa").replaces(an_instance(0, 2, "bb"))


@given(INSTANCES, INSTANCES)
def test_one_replaces_the_other_as_the_other_does_it(one: Instance, other: Instance) -> None:
    assert one.replaces(other) == other.replaces(one)


def test_a_layout_has_an_id_for_each_of_its_shards() -> None:
    layout = an_instance(4, 5).of_layout(3)

    assert [one.transactional_id for one in layout] == ["spot-0/3", "spot-1/3", "spot-2/3"]
