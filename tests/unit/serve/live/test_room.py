import subprocess
import sys

import pytest

PROGRAM = """
import resource
from wickstream.serve.live.room import make_room
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
make_room(4_000)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "left"), [(256, 10_000, "5024 10000"), (256, 2_000, "2000 2000"), (9_000, 10_000, "9000 10000")]
)
def test_the_limit_of_open_files_is_raised_as_far_as_it_may_be(soft: int, hard: int, left: str) -> None:
    program = PROGRAM.format(soft=soft, hard=hard)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == left
