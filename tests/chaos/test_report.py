"""The report of a run: what is measured is in it, as numbers, in words and as a picture."""

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.chaos.prove.judges import Judgement
from tests.chaos.prove.nemesis import Death
from tests.chaos.prove.plan import Kill
from tests.chaos.prove.play import Order, Outcome
from tests.chaos.prove.report import write_report

SVG = "{http://www.w3.org/2000/svg}"


def an_outcome() -> Outcome:
    killed = [("kafka", 4.0), ("kafka", 9.0), ("kafka", 6.0), ("serve", 1.5)]
    deaths = [
        Death(Kill(n, victim, 0.0, is_together=False, hits_jvm=False), n * 10.0, 100 + n, is_alone=True, back_s=back_s)
        for n, (victim, back_s) in enumerate(killed)
    ]
    content = Judgement("J2", "each minute is right", counts={"candles": 320})
    return Outcome(
        Order(7, 4, 1_000, 300, 1_100), deaths, [content], {"all": 90.0}, {"kafka": 3}, 1_234, {"serve": 2.5}
    )


def test_a_report_has_medians_maxima_and_a_mark_for_each_kill(tmp_path: Path) -> None:
    files = write_report(an_outcome(), tmp_path / "new" / "2026-kills")
    assert [file.name for file in files] == ["2026-kills.json", "2026-kills.md", "2026-kills.svg"]

    found = json.loads(files[0].read_text("utf-8"))
    assert found["recovery"]["kafka"] == {"kills": 3, "median_s": 6.0, "max_s": 9.0}
    assert (found["passed"], found["lost"], found["double"], found["wrong"]) == (True, 0, 0, 0)
    assert [each["kill"]["victim"] for each in found["kills"]] == ["kafka", "kafka", "kafka", "serve"]

    text = files[1].read_text("utf-8")
    assert "| kafka | 3 | 6.0 | 9.0 | 10 |" in text
    assert "320 closed candles" in text
    assert "2026-kills.svg" in text
    assert "serve 2.5" in text
    assert len(ElementTree.parse(files[2]).findall(f"{SVG}circle")) == 4  # noqa: S314 - our own


def test_who_does_not_come_back_fails_the_run() -> None:
    outcome = an_outcome()
    assert outcome.passed
    outcome.deaths[0].back_s = None
    assert not outcome.passed
