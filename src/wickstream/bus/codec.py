"""The records of our own topics, as bytes: JSON, decimals as strings, times in ms."""

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from wickstream.candle import Candle, plain
from wickstream.errors import Unpublishable
from wickstream.events import Alert, Gap, Mark, SymbolEvent

SCHEMA_VERSION = "1"
HEADERS = (("schema_version", SCHEMA_VERSION.encode()),)  # of such a record

Record = TypeVar("Record", Candle, Mark, Gap, SymbolEvent, Alert)


def _encode_hook(value: object) -> object:
    raise NotImplementedError(f"no JSON form for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_encode_hook)
_decoders: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Candle, Mark, Gap, SymbolEvent, Alert)
}


def encode(record: Candle | Mark | Gap | SymbolEvent | Alert) -> bytes:
    """One record as the JSON value of its topic."""
    fields = msgspec.structs.asdict(record)
    return _encoder.encode({k: plain(v) if isinstance(v, Decimal) else v for k, v in fields.items()})


def decode(value: bytes | None, kind: type[Record]) -> Record:
    """The record in a message value; unknown fields are ignored, so that newer writers do no harm.

    Raises:
        Unpublishable: If the value is not such a record; it belongs into `dead_letters`.
    """
    try:
        record: Record = _decoders[kind].decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unpublishable(f"not a {kind.__name__}: {exc}") from exc
    return record
