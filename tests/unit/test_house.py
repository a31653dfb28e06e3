"""The rules of the house that a machine can check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from wickstream.config import setting_names

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "wickstream"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
DEPLOYED = sorted((ROOT / "deploy").rglob("*.py"))

# design.md 4; `jvm` finds Java and jars for those who start one, and knows nothing of the data.
ANYONE_MAY = {"binance", "jvm"}
MAY_IMPORT = {
    "binance": set(),
    "jvm": set(),
    "bus": ANYONE_MAY,
    "exchange": ANYONE_MAY | {"bus"},
    "stream": ANYONE_MAY | {"bus"},
    "store": ANYONE_MAY | {"bus"},
    "serve": ANYONE_MAY | {"store", "bus"},
    "operate": ANYONE_MAY | {"bus", "exchange", "stream", "store", "serve"},
}
STAGES = set(MAY_IMPORT)
ENTRANCES = {"cli", "__main__", "__init__"}  # they start anything, and nobody imports them


def parts_of(file: Path) -> tuple[str, ...]:
    return file.relative_to(PACKAGE).with_suffix("").parts


def imported_parts(file: Path) -> Iterator[str]:
    """First names below `wickstream` of all that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written out in full"
            names = [node.module or ""]
            if node.module == "wickstream":
                names = [f"wickstream.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("wickstream."))


def test_every_package_is_a_stage_or_an_entrance() -> None:
    packages = {parts_of(file)[0] for file in SOURCES if len(parts_of(file)) > 1}
    assert packages <= STAGES | ENTRANCES


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_imports_follow_the_data(stage: str) -> None:
    foreign = (STAGES | ENTRANCES) - MAY_IMPORT[stage] - {stage}
    found = {f"{file.relative_to(ROOT)} imports {part}" for file in (PACKAGE / stage).rglob("*.py")
             for part in imported_parts(file) if part in foreign}  # fmt: skip
    assert not found


def test_the_root_files_import_no_stage() -> None:
    roots = [file for file in PACKAGE.glob("*.py") if file.stem not in ENTRANCES]
    found = {f"{file.name} imports {part}" for file in roots for part in imported_parts(file) if part in STAGES}
    assert not found


def environment_reads(file: Path) -> Iterator[int]:
    """Lines that read the environment; setting a variable for a library is another matter."""
    tree = ast.parse(file.read_text("utf-8"))
    written = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("environ", "environb", "getenv")
            and id(node) not in written
        ):
            yield node.lineno


IN_CONTAINERS = "# --- In containers"
COMPOSES_OWN = ("COMPOSE_PROFILES", "WICKSTREAM_SECRETS_DIR")


def test_only_config_reads_the_environment() -> None:
    found = [f"{file}:{line}" for file in SOURCES if file.name != "config.py" for line in environment_reads(file)]
    assert not found


def test_env_example_lists_exactly_the_settings_each_with_its_why() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").partition(IN_CONTAINERS)[0].splitlines()
    settings = [(number, match[1]) for number, line in enumerate(lines) if (match := re.match(r"#?([A-Z_]+)=", line))]

    assert sorted(name for _, name in settings) == sorted(setting_names().values())
    assert [name for number, name in settings if not re.match(r"# [A-Z~a-z].*\.$", lines[number - 1])] == []


def test_what_env_example_has_for_containers_is_what_the_compose_file_or_a_setting_takes() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8").partition(IN_CONTAINERS)[2], re.M)
    taken = set(re.findall(r"\$\{([A-Z_]+):-", (ROOT / "compose.yaml").read_text("utf-8")))
    assert taken - {"API_KEYS"} <= set(named) <= {*taken, *setting_names().values(), *COMPOSES_OWN}


def test_env_example_sets_no_address_and_no_secret() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    active = [line for line in text.splitlines() if re.match(r"[A-Z]", line)]
    assert not [line for line in active if re.match(r"\w*(_HOST|_SERVERS|_ENDPOINT|PASSWORD|_KEY)=", line)
                and not line.startswith("WICKSTREAM_LISTEN_HOST")]  # fmt: skip


@pytest.mark.parametrize("file", SOURCES + DEPLOYED + TESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_file_is_over_300_lines(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 300
