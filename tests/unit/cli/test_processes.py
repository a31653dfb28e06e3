from typing import get_args

from wickstream.cli.processes import StreamPart
from wickstream.stream.parts import Part


def test_the_command_offers_the_parts_that_the_stream_has() -> None:
    assert get_args(get_args(StreamPart)[0]) == tuple(Part)
