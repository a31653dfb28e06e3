"""What OpenAPI shows of the routes about what trust rests on."""

from wickstream.serve.v1.examples import answer, list_of
from wickstream.serve.v1.system_examples import GAP_ROW

_MINUTE_ROW = {
    "open_time": 1723161600000,
    "state": "repaired",
    "trade_count": 1824,
    "first_trade_id": 3735692997,
    "last_trade_id": 3735694820,
    "revision": 1,
    "origin": "trades",
    "published_at": 1723161660125,
}

_PROOF_ROW = {
    "kind": "validate",
    "ended_at": 1723161663004,
    "passed": False,
    "start": 1723158000000,
    "end": 1723161600000,
    "symbols": ["BTCUSDT", "ETHUSDT"],
    "checks": [
        {
            "check": "completeness",
            "passed": False,
            "judged": 122,
            "found": 1,
            "faults": [{"symbol": "BTCUSDT", "open_time": 1723161600000, "what": "no candle"}],
            "remark": "",
        }
    ],
}

_AGREEMENT_ROW = {
    "symbol": "BTCUSDT",
    "compared": 9,
    "differing": [{"open_time": 1723161600000, "what": "volume 34.08180000 here, 34.08170000 live"}],
    "waiting": 1,
    "partial": 0,
    "newest": 1723161600000,
}

_COMPONENT_ROW = {
    "component": "connector",
    "state": "unknown",
    "why": "nobody answers at 127.0.0.1:8006",
    "at": "127.0.0.1:8006",
    "started_at": 1723075199000,
    "memory_bytes": 61800448,
    "cpu_ms": 130250,
    "figures": [{"name": "rows", "value": 4820331}, {"name": "reconnects", "value": 2}],
}

HOUR = answer(
    "One row a minute, oldest first.",
    list_of(_MINUTE_ROW, "warm", symbol="BTCUSDT", hour=1723161600000, open_entries=0, gaps=[GAP_ROW]),
)
PROOFS = answer("One row a run, the newest first.", list_of(_PROOF_ROW, "warm"))
AGREEMENT = answer("One row a symbol, by name.", list_of(_AGREEMENT_ROW, "lane", "warm"))
COMPONENTS = answer(
    "What each tells of itself.",
    {
        "components": [_COMPONENT_ROW],
        "taken_at": 1723161663004,
        "links": {"docs": "/docs", "grafana": "https://grafana.example.com/", "airflow": "http://127.0.0.1:8020/"},
    },
)
