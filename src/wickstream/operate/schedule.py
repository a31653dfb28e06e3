"""What is done by the clock: the one list, run by `up` itself or by Airflow. Pure."""

import msgspec


class Step(msgspec.Struct, frozen=True):
    """A command of ours; killed anywhere and run again, it comes to the same end.

    Attributes:
        arguments: of `wickstream`.
        timeout_s: it is stopped after so long; None: it may go on for ever.
        retries: how often it is tried again when it fails, each time after a longer pause.
    """

    name: str
    arguments: tuple[str, ...]
    timeout_s: int | None
    retries: int


class Job(msgspec.Struct, frozen=True):
    """Steps one behind the other, as long as they succeed; never twice at once.

    Attributes:
        name: in `status`; of Airflow's DAG, with `_dag` behind it.
        when: a cron expression, UTC; None: by hand only.
    """

    name: str
    does: str
    when: str | None
    steps: tuple[Step, ...]


FIRST_PAUSE_S = 10  # before a step is tried again; it doubles

JOBS = (
    Job(
        "binance_connector",
        "Keeps the connector running where nobody else does.",
        None,
        (Step("connect", ("connect", "--ensure"), timeout_s=None, retries=3),),
    ),
    Job(
        "streaming_processing",
        "Works off what is there where nobody keeps the stream running, then judges the last hour's candles.",
        "*/5 * * * *",
        (
            Step("stream", ("stream", "--ensure", "--available"), timeout_s=1_800, retries=2),
            Step("validate", ("validate", "--last", "1h"), timeout_s=600, retries=1),
        ),
    ),
    Job(
        "lifecycle_cleanup",
        "Hands over to the lake, puts in order, lets go of what is old, and proves what is stored.",
        "0 3 * * *",
        (
            Step("lifecycle", ("lifecycle",), timeout_s=14_400, retries=2),
            Step("verify", ("verify",), timeout_s=14_400, retries=1),
        ),
    ),
    Job(
        "ticker_monitor",
        "Tells of symbols of which nothing is heard, and of those that are heard again.",
        "*/2 * * * *",
        (Step("monitor", ("monitor",), timeout_s=90, retries=1),),
    ),
)
