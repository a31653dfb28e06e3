"""Topics that take less than others."""

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource  # where they are declared
from confluent_kafka.admin._resource import ResourceType


def set_largest(kafka: str, topic: str, largest: int) -> None:
    """From here on the topic takes no more bytes than that at once."""
    entry = ConfigEntry("max.message.bytes", str(largest), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result()
