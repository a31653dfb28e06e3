from typing import get_args

from wickstream.cli.processes import StreamPart, WriterParts
from wickstream.store import parts as writer_parts
from wickstream.stream import parts as stream_parts


def test_the_command_offers_the_parts_that_the_stream_has() -> None:
    assert get_args(get_args(StreamPart)[0]) == tuple(stream_parts.Part)


def test_the_command_names_the_parts_that_the_writer_has() -> None:
    assert get_args(WriterParts)[1].metavar == "|".join(writer_parts.Part)
