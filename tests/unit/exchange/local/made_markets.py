"""Generated markets, set down in time, as tests need them."""

from wickstream.exchange.local.market import anchor
from wickstream.exchange.local.market.generator import generate
from wickstream.exchange.local.market.market_plan import MarketPlan
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.local.market.world import World

NOW_MS = 1_795_000_012_345


def made_world(plan: MarketPlan, *, now_ms: int = NOW_MS, demo: bool = True) -> World:
    replay, recording = ReplayPlan(generated=plan, demo=demo), generate(plan)
    return World(recording, anchor.decide(recording, replay, now_ms=now_ms), replay)
