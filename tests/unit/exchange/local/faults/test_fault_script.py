from pathlib import Path

import pytest

from wickstream.errors import Mistake
from wickstream.exchange.local.faults.fault_script import read_script
from wickstream.exchange.local.faults.faults import Timing
from wickstream.exchange.local.faults.frame_faults import Stall
from wickstream.exchange.local.faults.line_faults import Close

TOML = """
seed = 7
rules = { life_seconds = 30, ping_seconds = 2 }
faults = [
  { fault = "stall", streams = ["btcusdt@trade"], after_s = 10, for_s = 3 },
  { fault = "close", code = 1008, after_s = 20, every_s = 5, times = 10 },
]
"""
JSON = """{"seed": 7, "rules": {"life_seconds": 30, "ping_seconds": 2}, "faults": [
  {"fault": "stall", "streams": ["btcusdt@trade"], "after_s": 10, "for_s": 3},
  {"fault": "close", "code": 1008, "after_s": 20, "every_s": 5, "times": 10}]}"""


@pytest.mark.parametrize(("name", "text"), [("night.toml", TOML), ("night.json", JSON)])
def test_a_script_is_toml_or_json(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    script = read_script(file)
    assert script.seed == 7
    assert (script.rules.life_seconds, script.rules.ping_seconds, script.rules.pong_seconds) == (30, 2, 60)
    assert script.entries == (
        (Stall(streams=("btcusdt@trade",)), Timing(after_s=10, for_s=3)),
        (Close(code=1008), Timing(after_s=20, every_s=5, times=10)),
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "seed = 7\nfaults = =", "line 2"),
        ("a.json", '{"seed": 7,\n "faults": [}', "line 2"),
        ("a.json", '{"sed": 7}', "unknown field `sed`"),
        ("a.json", '{"rules": {"life_seconds": "long"}}', "`$.rules.life_seconds`"),
        ("a.json", '{"faults": [{"fault": "stall"}, {"fault": "delay"}]}', "fault 2: delay: Object missing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(Mistake) as refused:
        read_script(file)
    assert str(refused.value).startswith(str(file))
    assert words in str(refused.value)


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="No such file"):
        read_script(tmp_path / "none.toml")
