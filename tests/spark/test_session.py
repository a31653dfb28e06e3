"""What the operator says of Spark, and what is ours to say."""

from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from tests.conftest import SettingsMaker
from wickstream.config import PORT_OFFSETS, Settings
from wickstream.errors import Mistake
from wickstream.stream.gateway import start_gateway

pytestmark = pytest.mark.spark


def test_a_file_of_properties_that_is_not_there_is_a_mistake(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, spark_properties=tmp_path / "none.properties")

    with pytest.raises(Mistake, match=r"^SPARK_PROPERTIES: there is no file .*none\.properties"):
        start_gateway(settings, tmp_path)


def test_on_a_local_master_spark_takes_none_of_the_ports_of_a_stack(
    spark: SparkSession, stream_settings: Settings
) -> None:
    stacks = {stream_settings.port(name) for name in PORT_OFFSETS}
    jvm = next(child for child in psutil.Process().children() if child.cmdline()[-1:] == ["pyspark-shell"])

    listening = {found.laddr.port for found in jvm.net_connections("inet") if found.status == psutil.CONN_LISTEN}

    assert int(spark.sparkContext.getConf().get("spark.driver.port") or 0) in listening
    assert listening.isdisjoint(stacks)
