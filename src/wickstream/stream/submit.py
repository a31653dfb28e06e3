"""PROCESS: the stream's job on the Spark that `spark-submit` started; settings come from its environment."""

import sys
from collections.abc import Sequence

import structlog
from pyspark import SparkConf, SparkContext

import wickstream
from wickstream.config import read_settings
from wickstream.errors import Mistake, WickstreamError
from wickstream.logs import set_up_logging
from wickstream.stopping import StopFlag
from wickstream.stream.job import run_queries
from wickstream.stream.parts import Part
from wickstream.stream.seats import open_seats
from wickstream.stream.session import submitted_session

log = structlog.get_logger()


def main() -> None:
    """Run the queries that the argument names until told to stop; what fails is one line and exit code 1."""
    try:
        _run(_part_in(sys.argv[1:]))
    except WickstreamError as exc:
        sys.exit(f"wickstream: {exc}")


def _part_in(arguments: Sequence[str]) -> Part:
    try:
        return Part(*arguments) if arguments else Part.ALL
    except (TypeError, ValueError):
        raise Mistake(f"{' '.join(arguments)}: one of {', '.join(Part)} is run") from None


def _run(part: Part) -> None:
    SparkContext._ensure_initialized()
    settings = read_settings(spark_master=SparkConf().get("spark.master"))
    set_up_logging(settings.log_level, settings.log_format)
    log.info("submitted to Spark", master=settings.spark_master, part=str(part), package=wickstream.__path__[0])
    with open_seats(settings, part) as seats, submitted_session(settings) as session:
        run_queries(session, settings, part, StopFlag(), seats, on_running=lambda: None)
