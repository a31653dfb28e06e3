"""The pairs of a generated market: names like the exchange's own, prices, ticks and steps to match."""

import random
from itertools import islice
from typing import NamedTuple

_UNIT = 10**8  # the exchange writes 8 decimal places
_WIDEST_TICK = 10**6  # 0.01
_WIDEST_STEP = 10**8
_CHEAPEST = 2_000  # in the smallest tick there is: a walk needs room to fall

_NAMES = """
BTC ETH SOL XRP BNB DOGE 币安人生 ADA TRX AVAX LINK SUI PEPE SHIB LTC BCH DOT UNI NEAR APT ARB OP FIL ATOM INJ TIA SEI
WLD ENA ONDO FET RENDER AAVE ICP HBAR XLM ETC VET ALGO FTM GRT LDO STX IMX MKR RUNE THETA SAND MANA AXS GALA CHZ
EGLD FLOW XTZ EOS NEO IOTA KAVA ZEC DASH ENJ BAT 1INCH COMP SNX CRV SUSHI YFI ZRX OMG QTUM ONT ICX ZIL RVN WAVES KSM
DYDX GMX PENDLE JUP JTO PYTH STRK W ETHFI OMNI REZ NOT IO ZK ZRO LISTA BANANA DOGS TON CATI HMSTR EIGEN SCR NEIRO
TURBO BOME WIF BONK FLOKI MEME ORDI SATS RATS 1000CHEEMS ACE NFP AI XAI MANTA ALT DYM PIXEL PORTAL AXL METIS AEVO
TNSR SAGA BB PEOPLE ENS MASK API3 CTSI BAND OCEAN ANKR CELR SKL COTI DENT HOT WIN BTT ONE HARMONY ROSE KLAY CFX ACH
ARPA JASMY LPT LQTY SSV RPL MAGIC HIGH HOOK GMT APE GAL BICO LEVER STG SPELL QI JOE ALPINE SANTOS LAZIO PORTO BAR
PSG CITY JUV ACM OG ATM ASR 客服小何 MOVE ME USUAL PENGU BIO COOKIE AIXBT CGPT SONIC ANIME BERA LAYER KAITO SHELL RED
NIL PARTI BABY KERNEL HYPER
"""
_BASES = tuple(_NAMES.split())  # the most traded first
_QUOTES = {  # what a unit of it costs in dollars, and how much rarer its pairs are asked for than those in USDT
    "USDT": (_UNIT, 10),
    "USDC": (_UNIT, 25),
    "FDUSD": (_UNIT, 40),
    "BTC": (60_000 * _UNIT, 60),
    "TRY": (_UNIT * 3 // 100, 70),
    "EUR": (_UNIT * 11 // 10, 90),
    "ETH": (3_000 * _UNIT, 100),
    "BNB": (600 * _UNIT, 120),
    "BRL": (_UNIT * 2 // 10, 150),
    "JPY": (_UNIT * 65 // 10_000, 170),
}
_KNOWN_DOLLARS = {"BTC": 60_000, "ETH": 3_000, "BNB": 600, "SOL": 150, "LTC": 80, "BCH": 400, "AAVE": 250, "MKR": 1_500}


class Instrument(NamedTuple):
    """A pair; amounts in units of 8 places."""

    base: str
    quote: str
    price: int  # what the pair opens at
    tick: int
    step: int
    base_dollars: int

    @property
    def symbol(self) -> str:
        """As the exchange spells it."""
        return self.base + self.quote


def instruments(count: int, *, seed: int) -> list[Instrument]:
    """The `count` pairs that are traded most, BTCUSDT first."""
    dollars = {base: _dollars(base, seed) for base in _BASES}
    asked_for = sorted(
        (rank * rarity, base, quote)
        for rank, base in enumerate(_BASES, start=1)
        for quote, (_, rarity) in _QUOTES.items()
        if base != quote and not (quote in _BASES and dollars[base] > _QUOTES[quote][0])
    )
    pairs = (_instrument(base, quote, dollars[base]) for _, base, quote in asked_for)
    return list(islice((pair for pair in pairs if pair.price >= _CHEAPEST), count))


def _dollars(base: str, seed: int) -> int:
    """What one of it costs, with three digits that count."""
    if base in _KNOWN_DOLLARS:
        return _KNOWN_DOLLARS[base] * _UNIT
    dice = random.Random(f"{seed}/{base}")  # noqa: S311 - a market, not a secret
    return dice.randint(100, 999) * int(10 ** dice.randint(2, 7))


def _instrument(base: str, quote: str, dollars: int) -> Instrument:
    """Tick × step has 8 places at most, so that quote amounts are exact as the exchange writes them."""
    price = dollars * _UNIT // _QUOTES[quote][0]
    tick = min(_WIDEST_TICK, 10 ** max(0, len(str(price)) - 5))
    cents = 10 ** max(0, 16 - len(str(dollars)))  # so much of the base is some tens of cents
    step = min(_WIDEST_STEP, max(cents, _UNIT // tick))
    return Instrument(base, quote, price // tick * tick, tick, step, dollars)
