import struct

from hypothesis import given
from hypothesis import strategies as st

from wickstream.exchange.local.doors.server_frames import text_frames

SIZES = st.sampled_from([0, 1, 125, 126, 127, 1_023, 1_024, 65_535, 65_536, 70_000])


def _read(frames: bytes) -> list[bytes]:
    """By the letter of RFC 6455, 5.2."""
    messages, at = [], 0
    while at < len(frames):
        assert frames[at] == 0x81
        size, at = frames[at + 1], at + 2
        assert size < 128, "servers do not mask"
        if size >= 126:
            form, width = (">H", 2) if size == 126 else (">Q", 8)
            [size] = struct.unpack(form, frames[at : at + width])
            at += width
        messages.append(frames[at : at + size])
        at += size
    return messages


@given(st.lists(SIZES, max_size=6))
def test_frames_hold_just_the_messages(sizes: list[int]) -> None:
    messages = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    assert _read(text_frames(messages)) == messages
