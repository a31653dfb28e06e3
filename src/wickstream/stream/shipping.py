"""What `spark-submit` must be given: the package, the jars, and a program to start. One folder holds it all."""

import shutil
import zipfile
from pathlib import Path

import wickstream
from wickstream.config import Settings
from wickstream.errors import Mistake
from wickstream.jvm.jars import spark_jars

PACKAGE = "wickstream.zip"
PROGRAM = "job.py"

# A file of its own: one of the package would have its neighbours' names on the module path.
_PROGRAM = '''"""The stream's job, for spark-submit; an argument says which queries."""

from wickstream.stream.submit import main

main()
'''


def ship(settings: Settings, folder: Path) -> list[str]:
    """Fill the folder, and return the command that submits it to SPARK_MASTER; which queries may stand behind it.

    Raises:
        Mistake: If the folder cannot be written.
    """
    jars = [folder / jar.name for jar in spark_jars(settings)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for jar, source in zip(jars, spark_jars(settings), strict=True):
            shutil.copyfile(source, jar)
        _pack(folder / PACKAGE)
        (folder / PROGRAM).write_text(_PROGRAM, encoding="utf-8")
    except OSError as exc:
        raise Mistake(f"{folder}: {exc.strerror}") from exc
    options = ["--master", settings.spark_master, "--jars", ",".join(map(str, jars))]
    if settings.spark_properties is not None:
        options += ["--properties-file", str(settings.spark_properties)]
    return ["spark-submit", *options, "--py-files", str(folder / PACKAGE), str(folder / PROGRAM)]


def _pack(target: Path) -> None:
    """The installed package as it is, less what Python made of it."""
    root = Path(wickstream.__path__[0])
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                package.write(file, Path("wickstream") / file.relative_to(root))
