"""What the exchange has and we do not keep: never made up, and never a page of HTML."""

from fastapi import Request
from fastapi.responses import Response

from wickstream.binance.shapes import ApiError
from wickstream.serve.drop_in.door import refusal

_BOOK, _SINGLE = "order books are not kept", "only single trades are kept: ask trades or historicalTrades"
WHY = {
    "aggTrades": _SINGLE,
    "historicalBlockTrades": _SINGLE,
    "uiKlines": "klines are not embellished: ask klines",
    "depth": _BOOK,
    "ticker/bookTicker": _BOOK,
    "ticker": "windows of other lengths are not kept: ask ticker/24hr or klines",
    "ticker/tradingDay": "days by the calendar are not kept as tickers: ask klines of 1d",
}
HELD = "There are ping, time, exchangeInfo, klines, trades, historicalTrades, ticker/24hr, ticker/price and avgPrice."


async def not_kept(request: Request) -> Response:
    """In the exchange's own form of an error, with what there is instead."""
    name = request.path_params["name"]
    why = WHY.get(name, "this is no exchange: it tells market data only")
    if request.method != "GET":
        why = "no order or account is kept here"
    message = f"This operation is not supported. Here, {why}. {HELD}"
    return refusal(ApiError(-1020, message, status=400 if name in WHY else 404))
