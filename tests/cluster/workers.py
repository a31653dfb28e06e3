"""A Spark standalone cluster: a master and workers, each a process of its own, with an executor as its child."""

import os
from pathlib import Path

import psutil
import pyspark

from tests.running import Launcher, Running, wait_until
from wickstream.config import Settings
from wickstream.jvm.java import find_java
from wickstream.operate.supervision import nanny
from wickstream.operate.supervision.process import ProcessSpec

SPARK_HOME = Path(pyspark.__path__[0])

# Spark's scripts ask for a module that the wheel's Java lacks, and that only Spark ML uses.
_SHIM = """#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


class SparkCluster:
    """A master without workers; workers are added, and killed with their executors."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings = settings
        self._launcher = launcher
        self._folder = settings.data_dir / "cluster"
        self.java_home = _java_home(settings, self._folder)
        self._port = settings.port_base
        self.url = f"spark://127.0.0.1:{self._port}"
        self.workers: list[Running] = []
        options = ("--port", str(self._port), "--webui-port", "0")
        self._launcher.spawn(self._spec("master", "master.Master", *options))
        self._wait_for("master", "I have been elected leader")

    def add_worker(self) -> Running:
        """One more, with one core; returns when the master knows it."""
        name = f"worker-{len(self.workers)}"
        options = ("--cores", "1", "--memory", "700m", "--work-dir", str(self._folder / name / "work"))
        worker = self._launcher.spawn(self._spec(name, "worker.Worker", *options, "--webui-port", "0", self.url))
        self.workers.append(worker)
        self._wait_for(name, "Successfully registered with master")
        return worker

    def kill(self, worker: Running) -> None:
        """Worker and executor at once."""
        nanny.signal_group(worker.pid, 9)
        worker.process.wait(10)

    def resize(self, count: int) -> None:
        """So many workers run."""
        alive = self._alive()
        for worker in alive[count:]:
            self.kill(worker)
        for _ in range(count - len(alive)):
            self.add_worker()

    def kill_one(self) -> None:
        """As when its machine loses power."""
        self.kill(self._alive()[0])

    def executors(self) -> list[psutil.Process]:
        """All processes that the workers started and that still run."""
        children = (psutil.Process(worker.pid).children(recursive=True) for worker in self._alive())
        return [each for family in children for each in family if each.status() != psutil.STATUS_ZOMBIE]

    def cpu_seconds(self) -> float:
        """Of all executors that run now, since they began."""
        times = [each.cpu_times() for each in self.executors()]
        return float(sum(each.user + each.system for each in times))

    def _alive(self) -> list[Running]:
        return [worker for worker in self.workers if worker.process.poll() is None]

    def _spec(self, name: str, program: str, *options: str) -> ProcessSpec:
        spark_class = str(SPARK_HOME / "bin" / "spark-class")
        environment = {
            "PATH": os.defpath,
            "SPARK_HOME": str(SPARK_HOME),
            "JAVA_HOME": str(self.java_home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "160m",
            "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        }
        argv = (spark_class, f"org.apache.spark.deploy.{program}", "--host", "127.0.0.1", *options)
        return ProcessSpec(name=name, argv=argv, env=environment, cwd=self._folder / name)

    def _wait_for(self, name: str, words: str) -> None:
        log = self._folder / f"{name}.log"
        wait_until(lambda: words in log.read_text("utf-8"), deadline_s=60, what=f"{name}: {words}")


def _java_home(settings: Settings, folder: Path) -> Path:
    program = folder / "java-home" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(_SHIM.format(java=find_java(settings).path), encoding="utf-8")
    program.chmod(0o755)
    return program.parent.parent
