from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wickstream.config import Market, Settings, read_settings
from wickstream.errors import Mistake
from wickstream.exchange.local.market.recording import demo_files
from wickstream.operate.source import Chosen, Wish, check_folder, choose, claim_folder, parse_speed, read_record

DATA = Path(__file__).parents[2] / "data"
USDM = tuple(sorted(DATA.glob("usdm_*.frames.gz")))
SPOT = demo_files()


def yes(_: Settings) -> bool:
    return True


def no(_: Settings) -> bool:
    return False


def never_asked(_: Settings) -> bool:
    raise AssertionError("nobody needed to ask the exchange")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("WICKSTREAM_SOURCE", "WICKSTREAM_DATA_DIR", "TICKER_SYMBOLS"):
        monkeypatch.delenv(name, raising=False)


def chosen_for(
    root: Path, wish: Wish | None = None, *, answers: Callable[[Settings], bool] = never_asked, **given: Any
) -> Chosen:
    return choose(read_settings(**given), wish or Wish(), root=root, answers=answers)


def started(chosen: Chosen) -> Chosen:
    chosen.settings.data_dir.mkdir(parents=True, exist_ok=True)
    claim_folder(chosen)
    return chosen


def test_without_a_word_it_is_live_if_the_exchange_answers(tmp_path: Path) -> None:
    chosen = chosen_for(tmp_path, answers=yes)

    assert chosen.is_live
    assert chosen.settings.source == "live"
    assert chosen.settings.data_dir == tmp_path / "live"
    assert chosen.settings.exchange_ws_url.startswith("wss://")


def test_without_the_exchange_it_is_the_demo_and_says_why(tmp_path: Path) -> None:
    chosen = chosen_for(tmp_path, answers=no)

    assert chosen.settings.source == "demo"
    assert chosen.settings.data_dir == tmp_path / "demo"
    assert chosen.settings.ticker_symbols == ("BTCUSDT", "ETHUSDT")
    assert chosen.settings.exchange_ws_url == "ws://127.0.0.1:8005"
    assert chosen.settings.exchange_rest_url == "http://127.0.0.1:8005"
    assert chosen.settings.exchange_trades_url == "http://127.0.0.1:8013"
    assert chosen.settings.exchange_archive_url == "http://127.0.0.1:8014"
    assert chosen.plan is not None
    assert chosen.plan.demo
    assert "does not answer" in chosen.why


def test_a_live_folder_never_falls_back_to_the_demo(tmp_path: Path) -> None:
    started(chosen_for(tmp_path, answers=yes))

    for chosen in (chosen_for(tmp_path, answers=no), chosen_for(tmp_path, answers=no, data_dir=tmp_path / "live")):
        assert chosen.is_live
        assert "does not answer, and is waited for" in chosen.why


def test_a_demo_folder_stays_a_demo_though_the_exchange_answers(tmp_path: Path) -> None:
    started(chosen_for(tmp_path, answers=no, data_dir=tmp_path / "mine"))

    assert chosen_for(tmp_path, answers=yes, data_dir=tmp_path / "mine").settings.source == "demo"


def test_the_setting_decides_for_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WICKSTREAM_SOURCE", "demo")
    assert chosen_for(tmp_path).settings.source == "demo"

    monkeypatch.setenv("WICKSTREAM_SOURCE", "live")
    assert chosen_for(tmp_path, answers=no).settings.source == "live"

    monkeypatch.setenv("WICKSTREAM_SOURCE", "replay:0123456789ab")
    with pytest.raises(Mistake, match="--replay"):
        chosen_for(tmp_path)


def test_a_replay_takes_symbols_and_market_from_its_files(tmp_path: Path) -> None:
    chosen = chosen_for(tmp_path, Wish(files=USDM, speed="max"))

    assert chosen.settings.exchange_market is Market.USDM
    assert chosen.settings.ticker_symbols == ("BTCUSDT", "ETHUSDT")
    assert chosen.settings.is_replay
    assert chosen.settings.data_dir.name.startswith("replay-")
    assert chosen.plan is not None
    assert chosen.plan.speed is None


def test_replays_of_the_same_files_at_other_times_do_not_share_a_folder(tmp_path: Path) -> None:
    moved, kept = (chosen_for(tmp_path, Wish(files=SPOT, keep_times=keep)) for keep in (False, True))

    assert moved.settings.source == kept.settings.source
    assert moved.settings.data_dir != kept.settings.data_dir


def test_a_folder_of_another_source_is_refused_with_both_named(tmp_path: Path) -> None:
    started(chosen_for(tmp_path, answers=yes, data_dir=tmp_path / "mine"))

    with pytest.raises(Mistake, match=r"mine belongs to the live source .* not to replay:.*--data-dir"):
        check_folder(chosen_for(tmp_path, Wish(files=SPOT), data_dir=tmp_path / "mine"))


def test_a_folder_of_the_same_files_with_kept_times_is_another_source(tmp_path: Path) -> None:
    started(chosen_for(tmp_path, Wish(files=SPOT), data_dir=tmp_path / "mine"))

    with pytest.raises(Mistake, match=r"times moved to now.*times as recorded"):
        check_folder(chosen_for(tmp_path, Wish(files=SPOT, keep_times=True), data_dir=tmp_path / "mine"))


def test_a_replay_goes_on_in_its_folder_without_naming_the_files_again(tmp_path: Path) -> None:
    first = started(chosen_for(tmp_path, Wish(files=SPOT, keep_times=True, speed="max"), data_dir=tmp_path / "mine"))

    again = chosen_for(tmp_path, data_dir=tmp_path / "mine")

    assert again.plan == first.plan
    assert again.settings.source == first.settings.source
    check_folder(again)


def test_the_record_outlives_the_start_and_is_not_written_twice(tmp_path: Path) -> None:
    chosen = started(chosen_for(tmp_path, Wish(files=SPOT, speed="2")))
    started(chosen_for(tmp_path, Wish(files=SPOT, speed="max")))

    record = read_record(chosen.settings.data_dir)
    assert record is not None
    assert record.speed == 2.0
    assert record.source == chosen.settings.source


def test_a_missing_capture_is_a_mistake_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"nowhere\.gz"):
        chosen_for(tmp_path, Wish(files=(tmp_path / "nowhere.gz",)))


def test_a_broken_capture_is_a_mistake_that_names_the_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.frames"
    broken.write_text("1723075200000000000 {not json\n")

    with pytest.raises(Mistake, match=r"broken\.frames, line 1"):
        chosen_for(tmp_path, Wish(files=(broken,)))


def test_a_broken_record_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text("{")
    with pytest.raises(Mistake, match=r"source\.json cannot be read"):
        chosen_for(tmp_path, data_dir=tmp_path)


def test_a_symbol_that_is_not_recorded_is_a_mistake_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"BTCUSD: not in the recording; did you mean BTCUSDT"):
        chosen_for(tmp_path, Wish(files=SPOT, symbols=("BTCUSD",)))


def test_symbols_meant_for_live_are_followed_as_far_as_they_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKER_SYMBOLS", "ADAUSDT,ETHUSDT")
    assert chosen_for(tmp_path, answers=no).settings.ticker_symbols == ("ETHUSDT",)


def test_of_a_recording_a_rule_chooses_what_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def symbols(*words: str) -> tuple[str, ...]:
        return chosen_for(tmp_path, Wish(files=SPOT, symbols=words)).settings.ticker_symbols

    assert symbols("all") == symbols("quote=USDT") == ("BTCUSDT", "ETHUSDT")
    assert symbols("ETHUSDT", "quote=USDT") == ("ETHUSDT", "BTCUSDT")
    with pytest.raises(Mistake, match="leave out top="):
        symbols("top=1")
    with pytest.raises(Mistake, match="quote=BTC: chooses nothing"):
        symbols("quote=BTC")
    monkeypatch.setenv("TICKER_SYMBOLS", "quote=USDT:top=1")  # meant for live
    assert symbols() == ("BTCUSDT", "ETHUSDT")


def test_to_the_demo_which_trades_day_and_night_the_connector_applies_rules(tmp_path: Path) -> None:
    chosen = chosen_for(tmp_path, Wish(symbols=("quote=USDT:top=1", "ETHUSDT")), answers=no)

    assert chosen.settings.ticker_symbols == ("quote=USDT:top=1", "ETHUSDT")


def test_the_command_line_names_the_symbols_of_live(tmp_path: Path) -> None:
    assert chosen_for(tmp_path, Wish(symbols=("ADAUSDT",)), answers=yes).settings.ticker_symbols == ("ADAUSDT",)


@pytest.mark.parametrize("wish", [Wish(keep_times=True), Wish(loop=True), Wish(speed="2")])
def test_what_belongs_to_a_replay_needs_its_files(tmp_path: Path, wish: Wish) -> None:
    with pytest.raises(Mistake, match="--replay"):
        chosen_for(tmp_path, wish)


def test_speed_is_a_number_above_zero_or_max() -> None:
    assert (parse_speed(None), parse_speed("2.5"), parse_speed("max")) == (1.0, 2.5, None)
    for wrong in ("0", "-1", "fast", "nan", "inf", ""):
        with pytest.raises(Mistake, match="--speed"):
            parse_speed(wrong)


def test_futures_are_not_followed_live_because_their_addresses_are_others(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="usdm"):
        chosen_for(tmp_path, answers=yes, exchange_market=Market.USDM)
