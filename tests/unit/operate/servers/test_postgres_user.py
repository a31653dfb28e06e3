from pathlib import Path

import pytest

from wickstream.operate.servers.postgres_user import RunAs, has_name, is_open_to_all


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose parents up to the temporary one are as a fresh system makes them."""
    folder = tmp_path / "data" / "postgres"
    folder.mkdir(parents=True)
    for part in (folder, *folder.parents[:1]):
        part.chmod(0o755)
    return folder


def test_a_private_parent_closes_all_below_it(folder: Path) -> None:
    folder.parent.chmod(0o700)
    assert not is_open_to_all(folder)


def test_the_root_of_the_machine_is_open() -> None:
    assert is_open_to_all(Path("/"))


def test_an_ordinary_user_runs_the_program_itself() -> None:
    assert RunAs.SELF.command("/bin/postgres", "-D", "x") == ("/bin/postgres", "-D", "x")


def test_a_user_who_is_in_no_list_has_no_name() -> None:
    assert has_name(0)
    assert not has_name(3_999_999_999)


@pytest.mark.parametrize("way", [RunAs.NOBODY, RunAs.NAMESPACE, RunAs.CAPABLE])
def test_root_runs_it_through_a_bare_python_that_becomes_the_program(way: RunAs) -> None:
    command = way.command("/bin/postgres", "-D", "x")
    assert command[1:3] == ("-I", "-S")
    assert command[-4:] == (way.value, "/bin/postgres", "-D", "x")


def test_a_link_into_a_private_folder_is_not_open_to_all(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "cache").mkdir(parents=True)
    private.chmod(0o700)
    link = tmp_path / "link"
    link.symlink_to(private / "cache")

    assert not is_open_to_all(link)
