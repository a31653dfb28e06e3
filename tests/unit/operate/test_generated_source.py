from pathlib import Path

import pytest

from wickstream.config import read_settings
from wickstream.errors import Mistake
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files
from wickstream.operate.source import Chosen, Wish, check_folder, choose, claim_folder, plan_of
from wickstream.operate.stack import exchange_arguments

MARKET = "symbols=20,rate=50,seed=7"
PLAN = MarketPlan(symbols=20, rate=50, seed=7)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("WICKSTREAM_SOURCE", "WICKSTREAM_DATA_DIR", "TICKER_SYMBOLS"):
        monkeypatch.delenv(name, raising=False)


def chosen_for(root: Path, wish: Wish, **given: object) -> Chosen:
    return choose(read_settings(**given), wish, root=root)


def started(chosen: Chosen) -> Chosen:
    chosen.settings.data_dir.mkdir(parents=True, exist_ok=True)
    claim_folder(chosen)
    return chosen


def test_a_market_has_a_folder_of_its_own_and_all_its_symbols_are_followed(tmp_path: Path) -> None:
    chosen = chosen_for(tmp_path, Wish(generate=MARKET))

    assert chosen.plan == ReplayPlan(generated=PLAN, demo=True)
    assert chosen.settings.source == f"generated:{PLAN.digest}"
    assert not chosen.settings.is_replay
    assert chosen.settings.data_dir == tmp_path / f"generated-{PLAN.digest}"
    assert chosen.settings.ticker_symbols == ("all",)
    assert chosen.settings.exchange_ws_url == "ws://127.0.0.1:8005"


def test_another_seed_is_another_source(tmp_path: Path) -> None:
    started(chosen_for(tmp_path, Wish(generate=MARKET), data_dir=tmp_path / "mine"))

    with pytest.raises(Mistake, match=r"mine belongs to generated:.*seed=7\), not to generated:.*seed=8"):
        check_folder(chosen_for(tmp_path, Wish(generate="symbols=20,rate=50,seed=8"), data_dir=tmp_path / "mine"))


def test_a_market_that_waits_for_its_listeners_has_other_times_and_another_folder(tmp_path: Path) -> None:
    running, held = (chosen_for(tmp_path, Wish(generate=MARKET, speed=speed)) for speed in (None, "max"))

    assert held.plan == ReplayPlan(generated=PLAN, speed=None)
    assert held.settings.data_dir != running.settings.data_dir
    started(running)
    with pytest.raises(Mistake, match="held for its listeners"):
        check_folder(chosen_for(tmp_path, Wish(generate=MARKET, speed="1"), data_dir=running.settings.data_dir))


@pytest.mark.parametrize("speed", [None, "max", "1"])
def test_it_goes_on_in_its_folder_without_being_described_again(tmp_path: Path, speed: str | None) -> None:
    first = started(chosen_for(tmp_path, Wish(generate=MARKET, speed=speed), data_dir=tmp_path / "mine"))

    again = chosen_for(tmp_path, Wish(), data_dir=tmp_path / "mine")

    assert again.plan == first.plan
    assert again.settings.source == first.settings.source
    check_folder(again)


def test_symbols_and_rules_may_be_named(tmp_path: Path) -> None:
    named = chosen_for(tmp_path, Wish(generate=MARKET, symbols=("币安人生USDT", "quote=USDT:top=5")))

    assert named.settings.ticker_symbols == ("币安人生USDT", "quote=USDT:top=5")
    with pytest.raises(Mistake, match="did you mean BTCUSDT"):
        chosen_for(tmp_path, Wish(generate=MARKET, symbols=("BTCUSD",)))


@pytest.mark.parametrize("speed", [None, "max", "2.5"])
def test_the_options_of_the_exchange_give_back_the_market(speed: str | None) -> None:
    plan = plan_of(Wish(generate="rate=9,seconds=60", speed=speed))

    [generate, *pace] = exchange_arguments(plan)

    assert plan_of(Wish(generate=generate.removeprefix("--generate="), speed=speed)) == plan
    assert pace == ([] if speed is None else [f"--speed={speed}"])


@pytest.mark.parametrize(
    "wish",
    [Wish(generate=MARKET, loop=True), Wish(generate=MARKET, keep_times=True), Wish(demo_files(), generate=MARKET)],
)
def test_what_belongs_to_recordings_is_refused(wish: Wish) -> None:
    with pytest.raises(Mistake, match="--generate makes up a market"):
        plan_of(wish)
