import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wickstream.config import Settings, read_settings
from wickstream.operate.pulse import Pulse, QueryProgress, open_ids, stream_progress, take_pulse, unproven_minutes

METRICS = b"""# HELP wickstream_trades_published_total Trades acknowledged in raw_trades.
# TYPE wickstream_trades_published_total counter
wickstream_trades_published_total{source="ws"} 1200.0
wickstream_trades_published_total{source="rest"} 34.0
wickstream_trades_published_created{source="ws"} 1.7e+09
wickstream_symbols 2.0
"""
HEALTH = b"""{"status": "ok", "lag_ms": 1250,
"tiers": {"hot": {"state": "up", "newest_closed": 1723075200000}, "warm": {"state": "down", "newest_closed": null}}}"""


@contextmanager
def answering(port: int, body: bytes) -> Iterator[None]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture
def settings(tmp_path: Path, port_base: int) -> Settings:
    return read_settings(data_dir=tmp_path, port_base=port_base)


def test_missing_ids_are_asked_of_repair_and_unknown_where_it_does_not_answer(settings: Settings) -> None:
    port = settings.port("repair")
    assert open_ids(port) is None
    with answering(port, b"wickstream_open_ids 1300.0\n"):
        assert open_ids(port) == 1_300


def test_unproven_minutes_are_asked_of_the_writer(settings: Settings) -> None:
    port = settings.port("writer")
    assert unproven_minutes(port) is None
    with answering(port, b"wickstream_unproven_candles 7.0\n"):
        assert unproven_minutes(port) == 7


def test_the_pulse_comes_from_the_connector_and_the_api(settings: Settings) -> None:
    before = Pulse(taken_at_s=0.0, trades=234)
    with answering(settings.port("connector"), METRICS), answering(settings.port("api"), HEALTH):
        pulse = take_pulse(settings, before)

    assert (pulse.symbols, pulse.trades, pulse.last_closed_ms, pulse.lag_ms) == (2, 1_234, 1_723_075_200_000, 1_250)
    assert pulse.trades_per_s == 1_000 / pulse.taken_at_s
    assert "2 symbols" in pulse.line()
    assert "last closed candle 00:00 UTC" in pulse.line()
    assert "lag 1,250 ms" in pulse.line()


def test_what_does_not_answer_is_unknown(settings: Settings) -> None:
    pulse = take_pulse(settings, None)

    assert pulse.trades is None
    assert pulse.line() == "unknown symbols · unknown trades/s · last closed candle none yet · lag unknown"


def test_after_a_restart_of_the_connector_the_rate_is_unknown_once(settings: Settings) -> None:
    with answering(settings.port("connector"), METRICS), answering(settings.port("api"), b"<html>"):
        pulse = take_pulse(settings, Pulse(taken_at_s=0.0, trades=5_000))

    assert pulse.trades_per_s is None
    assert pulse.lag_ms is None


def test_each_query_of_the_stream_tells_how_far_it_is(settings: Settings) -> None:
    port = settings.port("stream")
    assert stream_progress(port) == ()
    body = b"""wickstream_stream_rows_total{query="candles"} 1200.0
wickstream_stream_rows_total{query="sweeps"} 0.0
wickstream_stream_batch_seconds_bucket{le="0.1",query="candles"} 0.0
wickstream_stream_batch_seconds_count{query="candles"} 3.0
wickstream_stream_batch_seconds_sum{query="candles"} 1.5
wickstream_stream_lag_records{query="candles"} 40.0
wickstream_late_trades_total{query="candles"} 2.0
"""
    with answering(port, body):
        assert stream_progress(port) == (
            QueryProgress("candles", 1_200, 40, 3, 0.5, 2),
            QueryProgress("sweeps", 0, 0, 0, 0.0, 0),
        )
