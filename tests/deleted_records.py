"""What retention does, at once."""

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient


def delete_before(bootstrap_servers: str, topic: str, ends: dict[int, int]) -> None:
    """Delete the records of each of these partitions before an offset."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    for done in admin.delete_records([TopicPartition(topic, at, end) for at, end in ends.items()]).values():
        done.result()
