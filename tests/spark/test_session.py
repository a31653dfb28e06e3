"""What the operator says of Spark, and what is ours to say."""

from pathlib import Path

import pytest

from tests.conftest import SettingsMaker
from wickstream.errors import Mistake
from wickstream.stream.gateway import start_gateway

pytestmark = pytest.mark.spark


def test_a_file_of_properties_that_is_not_there_is_a_mistake(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, spark_properties=tmp_path / "none.properties")

    with pytest.raises(Mistake, match=r"^SPARK_PROPERTIES: there is no file .*none\.properties"):
        start_gateway(settings, tmp_path)
