"""A part is sorted piece by piece."""

from hypothesis import given
from hypothesis import strategies as st

from wickstream.store.cold.pieces import Piece, Run, pieces

Keys = st.dictionaries(
    st.sampled_from("ABCDEF"), st.sets(st.integers(0, 60), min_size=1, max_size=40), min_size=1, max_size=6
)


def runs_of(keys: dict[str, set[int]]) -> list[Run]:
    return [Run(symbol, min(held), max(held), len(held)) for symbol, held in keys.items()]


def taken(piece: Piece, keys: dict[str, set[int]]) -> list[tuple[str, int]]:
    return sorted((s, key) for s in piece.symbols for key in keys[s] if piece.first <= key <= piece.last)


@given(Keys, st.integers(1, 50))
def test_all_rows_come_once_and_in_order(keys: dict[str, set[int]], at_most: int) -> None:
    rows = [row for piece in pieces(runs_of(keys), at_most=at_most) for row in taken(piece, keys)]
    assert rows == sorted((symbol, key) for symbol, held in keys.items() for key in held)


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.integers(1, 200), min_size=1), st.integers(1, 50))
def test_no_piece_is_larger_than_asked_for_where_keys_lie_close(lengths: dict[str, int], at_most: int) -> None:
    keys = {symbol: set(range(7, 7 + length)) for symbol, length in lengths.items()}
    assert all(len(taken(piece, keys)) <= at_most for piece in pieces(runs_of(keys), at_most=at_most))


def test_small_symbols_share_a_piece() -> None:
    assert list(pieces([Run("A", 1, 3, 3), Run("B", 2, 9, 3), Run("C", 1, 1, 1)], at_most=6)) == [
        Piece(("A", "B"), 1, 9),
        Piece(("C",), 1, 1),
    ]
