"""A trade's fields by their places: spot's socket writes every trade alike, and this is a third of the work of JSON."""

from pyspark.sql import Column
from pyspark.sql import functions as F

# How each piece between two commas begins; the example is in design.md, at `raw_trades`.
_OPENINGS = ('{"e":"trade"', '"E":', '"s":"', '"t":', '"p":"', '"q":"', '"T":', '"m":', '"M":')
_SYMBOL, _ID, _PRICE, _QUANTITY, _TIME, _MAKER = range(2, 8)


def trade_in_place(text: Column) -> Column:
    """`s, t, p, q, T, m, X` of a JSON text that is laid out as spot's are, null of any other; `X` is null.

    A field of the wrong type is null too. What is no JSON at all may pass.
    """
    pieces = F.split(text, ",", len(_OPENINGS) + 1)
    is_so = F.size(pieces) == len(_OPENINGS)
    for place, opening in enumerate(_OPENINGS):
        is_so = is_so & F.startswith(F.get(pieces, place), F.lit(opening))
    is_escaped = F.contains(F.get(pieces, _SYMBOL), F.lit("\\"))
    return F.when(is_so & ~is_escaped, _fields(pieces))


def _fields(pieces: Column) -> Column:
    is_maker = F.get(pieces, _MAKER)
    return F.struct(
        _text(pieces, _SYMBOL).alias("s"),
        _number(pieces, _ID).alias("t"),
        _text(pieces, _PRICE).alias("p"),
        _text(pieces, _QUANTITY).alias("q"),
        _number(pieces, _TIME).alias("T"),
        F.when(is_maker == '"m":true', F.lit(True)).when(is_maker == '"m":false', F.lit(False)).alias("m"),  # noqa: FBT003
        F.lit(None).cast("string").alias("X"),
    )


def _text(pieces: Column, place: int) -> Column:
    """Without its opening and the quotation mark at its end."""
    opening, piece = len(_OPENINGS[place]), F.get(pieces, place)
    return F.substring(piece, F.lit(opening + 1), F.length(piece) - F.lit(opening + 1))


def _number(pieces: Column, place: int) -> Column:
    piece = F.get(pieces, place)
    return F.substring(piece, F.lit(len(_OPENINGS[place]) + 1), F.length(piece)).try_cast("bigint")
