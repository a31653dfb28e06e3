import pytest

from wickstream.operate.monitoring import REMIND_MS, Look, Memory, judge, stale_rows
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.market_reads import Vital

NOW = 1_795_000_000_000
STALE_MS = 30_000


def vital(symbol: str = "BTCUSDT", *, age_ms: int | None = 100, pulse: Pulse | None = Pulse.OK) -> Vital:
    heard = None if age_ms is None else NOW - age_ms
    return Vital(symbol, heard, heard, age_ms, "TRADING", pulse)


def silent(symbol: str = "BTCUSDT", *, age_ms: int | None = 45_000) -> Vital:
    return vital(symbol, age_ms=age_ms, pulse=Pulse.SILENT)


def look(*rows: Vital, away: tuple[str, ...] = (), after_ms: int = 0) -> Look:
    return Look(rows, away, NOW + after_ms, NOW + after_ms)


def told(now: Look, before: Memory | None = None) -> tuple[list[str], Memory]:
    notices, after = judge(now, before or {}, stale_ms=STALE_MS)
    return [f"{notice.subject} {notice.what}" for notice in notices], after


def test_a_symbol_that_is_silent_for_long_is_told_of_once() -> None:
    words, after = told(look(silent(), vital("ETHUSDT")))
    assert words == ["BTCUSDT silent: nothing was heard for 45 s"]
    assert told(look(silent(age_ms=165_000), vital("ETHUSDT"), after_ms=120_000), after) == ([], after)


def test_one_of_which_nothing_was_ever_heard_is_told_of_too() -> None:
    assert told(look(silent(age_ms=None)))[0] == ["BTCUSDT silent: nothing was ever heard of it"]


@pytest.mark.parametrize("pulse", [Pulse.OK, Pulse.QUIET, Pulse.HALTED, None])
def test_only_silence_is_told_of(pulse: Pulse | None) -> None:
    assert told(look(vital(age_ms=90_000, pulse=pulse))) == ([], {})


def test_a_short_silence_is_not_told_of() -> None:
    assert told(look(silent(age_ms=STALE_MS - 1))) == ([], {})
    assert stale_rows(look(silent(age_ms=STALE_MS)), stale_ms=STALE_MS) != ()


def test_one_that_is_heard_again_is_told_of_and_forgotten() -> None:
    _, after = told(look(silent()))
    assert told(look(vital()), after) == (["BTCUSDT heard again"], {})


def test_one_that_is_halted_or_left_meanwhile_is_forgotten_without_a_word() -> None:
    _, after = told(look(silent()))
    assert told(look(vital(age_ms=90_000, pulse=Pulse.HALTED)), after) == ([], {})
    assert told(look(), after) == ([], {})


def test_one_that_is_silent_for_a_day_is_told_of_again() -> None:
    _, after = told(look(silent()))
    assert told(look(silent(), after_ms=REMIND_MS - 1), after)[0] == []
    assert told(look(silent(), after_ms=REMIND_MS), after)[0] == ["BTCUSDT silent: nothing was heard for 45 s"]


def test_that_nothing_can_be_looked_at_is_told_once_and_what_was_told_before_is_kept() -> None:
    _, after = told(look(silent()))
    blind = look(vital(pulse=None), away=("hot",))
    words, blinded = told(blind, after)
    assert words == ["all symbols not watched: hot does not answer"]
    assert told(blind, blinded) == ([], blinded)
    assert told(look(silent()), blinded) == (["all symbols watched again"], after)


def test_the_same_silence_has_the_same_id_whenever_it_is_told() -> None:
    notices = [judge(look(silent(), after_ms=after), {}, stale_ms=STALE_MS)[0] for after in (0, REMIND_MS)]
    assert notices[0][0].notice_id == notices[1][0].notice_id == f"silent:BTCUSDT:{NOW - 45_000}"
