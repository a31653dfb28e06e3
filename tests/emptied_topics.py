"""Topics without what other tests left in them: a lake of a test's own would read it all from the beginning."""

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient


def empty_topics(bootstrap_servers: str) -> None:
    """Delete every record there is by now."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    topics = admin.list_topics(timeout=10).topics.items()
    places = [TopicPartition(name, number) for name, topic in topics for number in topic.partitions
              if not name.startswith("__")]  # fmt: skip
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "emptied"})
    try:
        ends = [consumer.get_watermark_offsets(place, timeout=10) for place in places]
    finally:
        consumer.close()
    full = [TopicPartition(place.topic, place.partition, high) for place, (low, high) in
            zip(places, ends, strict=True) if high > low]  # fmt: skip
    if full:
        for done in admin.delete_records(full).values():
            done.result()
