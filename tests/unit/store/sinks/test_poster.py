"""One POST against a real server: what it may be told, and what it may do to us."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.running import wait_until
from tests.sink_server import Reply, SinkServer, sink_server
from wickstream.errors import SinkBusy, Unpublishable
from wickstream.store.sinks import poster as poster_module
from wickstream.store.sinks.post import Post
from wickstream.store.sinks.poster import Poster


@pytest.fixture
def server() -> Iterator[SinkServer]:
    with sink_server() as server:
        yield server


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def poster(stop: threading.Event) -> Iterator[Poster]:
    with closing(Poster(allow_private=True, stop=stop)) as poster:
        yield poster


def post(url: str) -> Post:
    return Post(f"{url}/a-secret-path", b'{"alert_id": "1"}')


def test_any_number_of_posts_go_through_one_poster(poster: Poster, server: SinkServer) -> None:
    server.script.extend([Reply(200), Reply(204, body=b"")])

    assert [poster.post(post(server.url)) for _ in range(3)] == ["200 OK", "204 No Content", "200 OK"]
    assert server.ids == ["1", "1", "1"]


def test_a_redirect_leads_nowhere(poster: Poster, server: SinkServer) -> None:
    server.script.append(Reply(307, {"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(Unpublishable, match="redirects are not followed"):
        poster.post(post(server.url))
    assert [one.path for one in server.received] == ["/a-secret-path"]


def test_of_a_long_answer_only_the_beginning_is_read(poster: Poster, server: SinkServer) -> None:
    server.script.append(Reply(500, body=b"x" * 50_000_000))

    began_s = time.monotonic()
    with pytest.raises(SinkBusy, match=r"500 Internal Server Error: x{120}$"):
        poster.post(post(server.url))
    assert time.monotonic() - began_s < 5


def test_what_was_taken_is_taken_though_the_answer_ends_too_early(poster: Poster, server: SinkServer) -> None:
    server.script.append(Reply(200, {"Content-Length": "100"}, b"o"))

    assert poster.post(post(server.url)) == "200 OK"


def test_an_answer_that_does_not_come_is_waited_for_so_long(
    poster: Poster, server: SinkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster_module, "TIMEOUT_S", 0.3)
    never = threading.Event()
    server.script.append(Reply(after=never))

    with pytest.raises(SinkBusy, match=r"^127.0.0.1: no answer in time$"):
        poster.post(post(server.url))
    never.set()


def test_told_to_stop_it_waits_a_little_and_then_no_more(
    poster: Poster, server: SinkServer, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster_module, "GRACE_S", 0.3)
    never = threading.Event()
    server.script.append(Reply(after=never))

    def stop_while_it_waits() -> None:
        wait_until(lambda: server.received != [])
        stop.set()

    stopper = threading.Thread(target=stop_while_it_waits)
    stopper.start()

    with pytest.raises(SinkBusy, match="told to stop before it answered"):
        poster.post(post(server.url))
    stopper.join()
    never.set()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://127.0.0.1:{free_port()}", "127.0.0.1: no connection"),
        ("https://no-such-host.invalid", "no-such-host.invalid: the name cannot be resolved"),
    ],
    ids=["nobody listens", "no such name"],
)
def test_what_cannot_be_reached_may_be_later(poster: Poster, url: str, words: str) -> None:
    with pytest.raises(SinkBusy, match=f"^{words}$"):
        poster.post(post(url))


@contextmanager
def hanging_up() -> Iterator[str]:
    """A server that closes every connection without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_connection_that_ends_without_an_answer_may_be_made_again(poster: Poster) -> None:
    with hanging_up() as url, pytest.raises(SinkBusy, match=r"^127.0.0.1: (hung up without an answer|Client\w+)$"):
        poster.post(post(url))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1"])
def test_a_private_address_is_not_even_connected_to(host: str, stop: threading.Event) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, closing(Poster(allow_private=False, stop=stop)) as poster:
        listener.settimeout(0.1)
        with pytest.raises(Unpublishable) as caught:
            poster.post(post(f"https://{host}:{listener.getsockname()[1]}"))
        with pytest.raises(TimeoutError):
            listener.accept()
    assert "a-secret-path" not in str(caught.value)


@pytest.mark.system_program("openssl")
def test_a_certificate_must_be_one_that_the_system_trusts(
    stop: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(certificate),
         "-out", str(tmp_path / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    certificate.write_text(certificate.read_text() + (tmp_path / "cert.pem").read_text())
    with sink_server(certificate=certificate) as server:
        with closing(Poster(allow_private=True, stop=stop)) as poster, pytest.raises(SinkBusy, match="its certificate"):
            poster.post(post(server.url))
        monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(tmp_path / "cert.pem"))
        with closing(Poster(allow_private=True, stop=stop)) as poster:
            assert poster.post(post(server.url)) == "200 OK"


def test_what_is_sent_does_not_show_where_to() -> None:
    assert "secret" not in repr(post("https://example.com"))
