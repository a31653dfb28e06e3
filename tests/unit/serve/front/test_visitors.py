from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.serve.front.visitors import NOBODY, Visitor, visitor_of

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.1/32", "fd00::/8")))


def name_of(peer: str | None, *headers: tuple[str, str]) -> str:
    return visitor_of(peer, [(name.encode(), value.encode("latin-1")) for name, value in headers], PROXIES).name


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", NOBODY),
        (None, NOBODY),
        ("testclient", NOBODY),
    ],
)
def test_without_headers_it_is_the_peer(peer: str | None, name: str) -> None:
    assert name_of(peer) == name


@pytest.mark.parametrize("header", [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")])
def test_a_peer_that_is_no_proxy_speaks_for_itself_whatever_it_says(header: tuple[str, str]) -> None:
    assert name_of("198.51.100.7", header) == "198.51.100.7"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),  # what stands before it, the client made up
        ("6.6.6.6, 203.0.113.9, 10.1.1.1, 192.0.2.1", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::5]:443", "2001:db8:1:2::/64"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("6.6.6.6, unknown", "10.0.0.5"),
        ("6.6.6.6, , 10.1.1.1", "10.1.1.1"),
        ("6.6.6.6,", "10.0.0.5"),
        ("203.0.113.9\t", "203.0.113.9"),
        ("٢٠٣.0.113.9".encode().decode("latin-1"), "10.0.0.5"),
    ],
)
def test_a_proxys_word_counts_from_the_right(told: str, name: str) -> None:
    assert name_of("10.0.0.5", ("x-forwarded-for", told)) == name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ('for=6.6.6.6, For="203.0.113.9:80";proto=https;by=10.0.0.5', "203.0.113.9"),
        ('for="[2001:db8:1:2::5]:4711"', "2001:db8:1:2::/64"),
        ("for=_hidden", "10.0.0.5"),
        ("proto=https", "10.0.0.5"),
        ("for=6.6.6.6;for=203.0.113.9", "10.0.0.5"),
        ('for="6.6.6.6, for=203.0.113.9', "203.0.113.9"),  # a quote left open hides nothing behind it
    ],
)
def test_forwarded_is_read_as_well(told: str, name: str) -> None:
    assert name_of("10.0.0.5", ("forwarded", told)) == name


def test_several_lines_are_one_list() -> None:
    lines = (("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.9, 10.1.1.1"))
    assert name_of("10.0.0.5", *lines) == "203.0.113.9"


def test_headers_that_contradict_each_other_are_not_believed() -> None:
    told = (("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=6.6.6.6"))
    assert name_of("10.0.0.5", *told) == "10.0.0.5"
    assert name_of("10.0.0.5", told[0], ("forwarded", "for=203.0.113.9")) == "203.0.113.9"


def test_only_a_loopback_peer_that_speaks_for_nobody_is_local() -> None:
    assert visitor_of("127.0.0.1", [], ()) == Visitor("127.0.0.1", is_local=True)
    assert visitor_of("::1", [], ()).is_local
    assert visitor_of("127.0.0.1", [(b"x-forwarded-for", b"")], ()) == Visitor("127.0.0.1", is_local=False)
    assert visitor_of("127.0.0.1", [(b"forwarded", b"for=127.0.0.1")], PROXIES) == Visitor("127.0.0.1", is_local=False)
    assert not visitor_of("198.51.100.7", [], ()).is_local


@given(
    told=st.lists(st.text(st.characters(codec="latin-1"), max_size=20) | st.ip_addresses().map(str), max_size=20),
    wanted=st.sampled_from(["x-forwarded-for", "forwarded"]),
    client=st.ip_addresses(v=4, network="203.0.113.0/24").map(str),
)
def test_nothing_a_client_sends_makes_it_another_visitor(told: list[str], wanted: str, client: str) -> None:
    own = (wanted, ",".join(told))
    assert name_of(client, own) == client
    added = (wanted, client if wanted == "x-forwarded-for" else f"for={client}")
    assert name_of("10.0.0.5", own, added) == client
