"""Workers run Spark's own code only: no image for them has to hold Python, or us."""

import ast
from pathlib import Path

import pytest

STREAM = Path(__file__).parents[3] / "src" / "wickstream" / "stream"

# What would ship a Python function to executors; `foreachBatch` runs in the driver.
SHIPS_PYTHON = {
    "udf", "udtf", "pandas_udf", "arrow_udf", "mapInPandas", "mapInArrow", "applyInPandas", "applyInArrow", "cogroup",
    "applyInPandasWithState", "transformWithState", "transformWithStateInPandas", "foreach", "foreachPartition", "rdd",
    "mapPartitions", "parallelize", "registerPython", "DataSource",
}  # fmt: skip


@pytest.mark.parametrize("file", sorted(STREAM.glob("*.py")), ids=lambda file: file.name)
def test_no_stream_code_ships_python_functions(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not used & SHIPS_PYTHON
