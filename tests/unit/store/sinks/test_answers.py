"""An answer means taken, later or never, and nothing else."""

from email.utils import formatdate
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.errors import SinkBusy, Unpublishable
from wickstream.store.sinks.answers import LONGEST_S, Answer, require_taken

SECRETS = ("/services/T0/B0/XYZ", "token=abc", "")


def meaning_of(answer: Answer) -> str | SinkBusy | Unpublishable:
    try:
        return require_taken(answer, secrets=SECRETS)
    except (SinkBusy, Unpublishable) as exc:
        return exc


@given(st.integers(100, 999), st.none() | st.text(), st.binary(max_size=300))
def test_any_answer_has_a_meaning(status: int, retry_after: str | None, body: bytes) -> None:
    meaning = meaning_of(Answer(status, retry_after, body))

    if 200 <= status < 300:
        assert isinstance(meaning, str)
    elif status >= 500 or status in (408, 425, 429):
        assert isinstance(meaning, SinkBusy)
        assert 0 <= meaning.retry_after_s <= LONGEST_S
    else:
        assert isinstance(meaning, Unpublishable)


@pytest.mark.parametrize(
    ("retry_after", "body", "seconds"),
    [
        ("7", b"", 7.0),
        ("0.65", b"", 0.65),
        (None, b'{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}', 64.57),
        (None, b'{"ok":false,"error_code":429,"parameters":{"retry_after":35}}', 35.0),
        ("3", b'{"retry_after": 2.1}', 3.0),
        ("999999999999999999999", b"", LONGEST_S),
        ("soon", b"<html>", 0.0),
        ("Mon, 20 Nov 99999999999999999999 19:12:08 GMT", b"", 0.0),
        ("Mon, 20 Nov 1995 19:12:08 +99999999999999", b"", 0.0),
        ("-5", b'{"retry_after": "x"}', 0.0),
        (None, b"[" * 300, 0.0),
    ],
)
def test_how_long_to_wait_is_taken_from_wherever_it_is_said(
    retry_after: str | None, body: bytes, seconds: float
) -> None:
    with pytest.raises(SinkBusy) as caught:
        require_taken(Answer(429, retry_after, body), secrets=SECRETS)
    assert caught.value.retry_after_s == seconds


def test_a_time_to_wait_may_be_a_date() -> None:
    with pytest.raises(SinkBusy) as caught:
        require_taken(Answer(503, formatdate(time() + 30, usegmt=True), b""), secrets=SECRETS)
    assert 25 < caught.value.retry_after_s <= 30


def test_what_the_body_says_is_quoted_without_the_secret_in_it() -> None:
    with pytest.raises(Unpublishable, match=r"^404 Not Found: no hook at …\?…, sorry$"):
        require_taken(Answer(404, None, f"no hook\nat {SECRETS[0]}?{SECRETS[1]}, sorry".encode()), secrets=SECRETS)


def test_a_redirect_is_not_followed_and_says_so() -> None:
    with pytest.raises(Unpublishable, match="302 Found: redirects are not followed"):
        require_taken(Answer(302, None, b""), secrets=SECRETS)
