"""`wickstream keys` as users meet it, where nothing runs; what it keeps is in tests/stack/store/warm."""

from pathlib import Path

import pytest

from tests.unit.cli.test_commands import assert_one_line, wickstream
from wickstream.cli.keys import scopes_in, span_ms
from wickstream.errors import Mistake


def test_scopes_are_some_of_three_each_once() -> None:
    assert scopes_in("live, read,live") == ("live", "read")
    for text in ("", "write", "read,all"):
        with pytest.raises(Mistake, match="some of read, live, metrics are needed"):
            scopes_in(text)


def test_a_key_is_good_for_days_hours_or_minutes() -> None:
    assert [span_ms(text) for text in ("90d", "12h", "30m")] == [7_776_000_000, 43_200_000, 1_800_000]
    for text in ("0d", "90", "-1d", "1.5h", "٩d"):
        with pytest.raises(Mistake, match="as in 90d, 12h or 30m"):
            span_ms(text)


def test_a_word_that_is_no_scope_is_one_line(tmp_path: Path) -> None:
    assert_one_line(wickstream(tmp_path, "keys", "create", "desk", "--scopes", "write"), "--scopes", "read")
