import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wickstream.config import read_settings
from wickstream.operate.servers.secret_files import NAMES, local_secrets, make_secrets
from wickstream.production import LEAST_LENGTH


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path)
    first = local_secrets(settings)
    assert local_secrets(settings) == first
    assert first.redis_password != first.postgres_password
    assert len(first.redis_password.get_secret_value()) >= 32


def test_only_their_owner_can_read_them(tmp_path: Path) -> None:
    local_secrets(read_settings(data_dir=tmp_path))
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert {file.name for file in folder.iterdir()} == {
        "redis_password",
        "postgres_password",
        "postgres_read_password",
    }


def test_two_data_folders_have_different_secrets(tmp_path: Path) -> None:
    one, other = (local_secrets(read_settings(data_dir=tmp_path / name)) for name in ("one", "other"))
    assert one.postgres_password != other.postgres_password


def test_all_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    settings = read_settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: local_secrets(settings), range(32)))
    assert all(answer == answers[0] for answer in answers)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    found = local_secrets(read_settings(data_dir=tmp_path))
    assert found.redis_password.get_secret_value() not in repr(found)


def test_a_folder_of_secrets_is_made_once_and_good_enough_for_production(tmp_path: Path) -> None:
    assert make_secrets(tmp_path / "secrets") == list(NAMES)
    first = {name: (tmp_path / "secrets" / name).read_text() for name in NAMES}
    (tmp_path / "secrets" / "redis_password").unlink()
    assert make_secrets(tmp_path / "secrets") == ["redis_password"]
    assert {name for name, text in first.items() if (tmp_path / "secrets" / name).read_text() != text} == {
        "redis_password"
    }
    assert len(set(first.values())) == len(NAMES)
    assert not [name for name, text in first.items() if len(text) < LEAST_LENGTH]
