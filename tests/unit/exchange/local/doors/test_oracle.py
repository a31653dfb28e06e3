import subprocess
import sys

SHARED_WITH_THE_PIPELINE = (
    "wickstream.candle",
    "wickstream.stream",
    "wickstream.store",
    "wickstream.exchange.sequencing.sequencer",
)


def test_the_local_exchange_shares_no_code_with_what_it_judges() -> None:
    script = "import sys, wickstream.exchange.local.process; print(*(name for name in sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert "wickstream.exchange.local.doors.klines" in loaded
    assert not [name for name in loaded if name.startswith(SHARED_WITH_THE_PIPELINE)]
