"""PROCESS: the exchange as the contenders see it, over TLS: as much REST as a start asks for, and one WebSocket.

Its frames wait, as bytes of the wire, until `GET /play`; then they go out as fast as they are read.
"""

import argparse
import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import picows
import uvloop

from bench.ingest.frames import FIRST_ID, Market, agg_frames, trade_frames

BLOCK_BYTES = 128 * 1024
KINDS = {"trade": trade_frames, "aggTrade": agg_frames}


_Door = picows.WSListener | picows.WSUpgradeResponseWithListener | None


class _Request(msgspec.Struct):
    method: str
    id: int
    params: list[str] = []


class _Player(picows.WSListener):
    """One connection: answers control messages, and plays when it is told to."""

    def __init__(self, blocks: list[bytes], play: asyncio.Event, asked: Iterable[str]) -> None:
        self.asked = set(asked)
        self._blocks = blocks
        self._play = play
        self._may_write = asyncio.Event()
        self._may_write.set()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self._playing = asyncio.create_task(self._play_all())

    def on_ws_disconnected(self, _transport: picows.WSTransport) -> None:
        self._playing.cancel()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()
        elif frame.msg_type == picows.WSMsgType.TEXT:
            self._answer(msgspec.json.decode(frame.get_payload_as_bytes(), type=_Request))

    def _answer(self, request: _Request) -> None:
        if request.method == "SUBSCRIBE":
            self.asked.update(request.params)
        result = sorted(self.asked) if request.method == "LIST_SUBSCRIPTIONS" else None
        self._transport.send(picows.WSMsgType.TEXT, msgspec.json.encode({"result": result, "id": request.id}))

    async def _play_all(self) -> None:
        await self._play.wait()
        for block in self._blocks:
            await self._may_write.wait()
            self._transport.underlying_transport.write(block)
            await asyncio.sleep(0)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()


class _Exchange:
    def __init__(self, market: Market, kind: str) -> None:
        self._kind = kind
        self._blocks = _wire_blocks(KINDS[kind](market))
        self._play = asyncio.Event()
        self._player: _Player | None = None
        self._answers: dict[str, Callable[[], object]] = {
            "/api/v3/exchangeInfo": lambda: _clock() | {"symbols": _listing(market)},
            "/api/v3/ticker/24hr": lambda: _tickers(market),
            "/api/v3/time": _clock,
            "/subscribed": self._subscribed,
            "/play": self._play.set,
        }

    def __call__(self, request: picows.WSUpgradeRequest) -> _Door:
        url = urlsplit(request.path.decode())
        if url.path in self._answers:
            body = msgspec.json.encode(self._answers[url.path]())
            headers = {"Content-Type": "application/json"}
            return picows.WSUpgradeResponseWithListener(
                picows.WSUpgradeResponse.create_ok_response(body, headers), None
            )
        if "upgrade" not in request.headers:
            return None  # 404
        self._play.clear()
        asked = parse_qs(url.query).get("streams", [""])[0].split("/")
        self._player = _Player(self._blocks, self._play, asked)
        return self._player

    def _subscribed(self) -> int:
        return 0 if self._player is None else sum(name.endswith(f"@{self._kind}") for name in self._player.asked)


def _wire_blocks(frames: Iterable[bytes]) -> list[bytes]:
    """Server frames of the WebSocket protocol, many at once."""
    blocks, block = [], bytearray()
    for frame in frames:
        assert 125 < len(frame) < 65_536
        block += b"\x81\x7e" + len(frame).to_bytes(2, "big") + frame
        if len(block) >= BLOCK_BYTES:
            blocks.append(bytes(block))
            block.clear()
    return [*blocks, bytes(block)]


def _clock() -> dict[str, object]:
    return {"timezone": "UTC", "serverTime": time.time_ns() // 1_000_000, "rateLimits": []}


def _listing(market: Market) -> list[dict[str, object]]:
    return [
        {
            "symbol": name,
            "status": "TRADING",
            "baseAsset": name.removesuffix("USDT"),
            "quoteAsset": "USDT",
            "isSpotTradingAllowed": True,
            "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.01000000"}],
        }
        for name in market.names
    ]


def _tickers(market: Market) -> list[dict[str, object]]:
    """As of the moment before the first frame: that is where a start begins."""
    ids = {"firstId": FIRST_ID - 1, "lastId": FIRST_ID - 1, "count": 1}
    prices = {"lastPrice": "1.00000000", "volume": "1.00000000", "quoteVolume": "1.00000000"}
    times = {"openTime": market.begins_ms - 86_400_000, "closeTime": market.begins_ms}
    return [{"symbol": name, **prices, **times, **ids} for name in market.names]


async def _serve(market: Market, kind: str, port: int, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await picows.ws_create_server(_Exchange(market, kind), "127.0.0.1", port, ssl=context)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--market", required=True, help="JSON")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="with its key")
    given = parser.parse_args()
    market = msgspec.json.decode(given.market, type=Market)
    uvloop.run(_serve(market, given.kind, given.port, given.certificate))


if __name__ == "__main__":
    main()
