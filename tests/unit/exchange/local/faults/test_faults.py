from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from wickstream.exchange.local.faults.faults import AnyFault, FaultError, Timing, read_entry, write_entry
from wickstream.exchange.local.faults.frame_faults import Delay, Drop
from wickstream.exchange.local.faults.line_faults import HalfOpen


def test_an_entry_is_a_fault_and_its_time() -> None:
    entry = {"fault": "drop", "share": 0.25, "streams": ["btcusdt@*"], "after_s": 5, "for_s": 2.5}
    assert read_entry(entry) == (Drop(share=0.25, streams=("btcusdt@*",)), Timing(after_s=5, for_s=2.5))


@pytest.mark.parametrize("fault", [Delay(by_s=3), HalfOpen(connections="newest"), Drop(share=0.5, at_most=3)])
def test_what_is_written_is_read_again(fault: Any) -> None:
    timing = Timing(at_ms=5, every_s=3, times=2)
    assert read_entry(write_entry(fault, timing)) == (fault, timing)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("stall", "a fault is an object"),
        ({}, "no name: Object missing required field `fault`"),
        ({"fault": "stal"}, "stal: Invalid value 'stal' in `fault`"),
        ({"fault": "delay"}, "delay: Object missing required field `by_s`"),
        ({"fault": "drop", "share": 1.5}, "drop: Expected `float` <= 1.0 in `share`"),
        ({"fault": "stall", "stream": ["x"]}, "stall: Object contains unknown field `stream`"),
        ({"fault": "stall", "streams": [1]}, "stall: Expected `str`, got `int` in `streams"),
        ({"fault": "stall", "for_s": 0}, "stall: Expected `float` > 0.0 in `for_s`"),
        ({"fault": "stall", "after_s": 1, "at_ms": 1}, "stall: Expected one of `after_s`, `played_s` and `at_ms`"),
        ({"fault": "close", "times": 3}, "close: Expected `every_s` beside `times`"),
        ({"fault": "stall", "every_s": 3, "for_s": 3}, "stall: Expected `for_s` below `every_s`"),
        ({"fault": "wrong_time"}, "wrong_time: Expected either `by_s` or `to_ms`"),
    ],
)
def test_what_is_wrong_is_named(entry: object, words: str) -> None:
    with pytest.raises(FaultError) as refused:
        read_entry(entry)
    assert words in str(refused.value)


def test_every_fault_is_explained_with_its_fields() -> None:
    page = (Path(__file__).parents[5] / "docs" / "faults.md").read_text("utf-8")
    for fault in get_args(AnyFault):
        info = msgspec.inspect.type_info(fault)
        assert isinstance(info, msgspec.inspect.StructType)
        assert f"| `{info.tag}` |" in page
        assert not [field.name for field in info.fields if f"`{field.name}`" not in page]
