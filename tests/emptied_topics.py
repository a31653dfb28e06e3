"""Our topics without what other tests left in them: a lake of a test's own would read it all from the beginning."""

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.running import wait_until
from wickstream.bus.topics import ALERTS, FEED_GAPS, MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES

READ = (
    RAW_TRADES,
    PROCESSED_AGGS,
    MINUTE_MARKS,
    FEED_GAPS,
    ALERTS,
)  # not the compacted one: nothing can be deleted from it
_WAIT_S = 5.0


def empty_topics(bootstrap_servers: str) -> None:
    """Delete every record there is by now; a broker that was just started takes a moment to lead them."""
    wait_until(lambda: _emptied(bootstrap_servers), what="topics emptied")


def _emptied(bootstrap_servers: str) -> bool:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "emptied"})
    try:
        known = consumer.list_topics(timeout=_WAIT_S).topics
        places = [TopicPartition(name, number) for name in READ for number in known[name].partitions]
        ends = [consumer.get_watermark_offsets(place, timeout=_WAIT_S)[1] for place in places]
        filled = [TopicPartition(p.topic, p.partition, end) for p, end in zip(places, ends, strict=True) if end]
        for done in admin.delete_records(filled).values() if filled else ():
            done.result()
    except KafkaException:
        return False
    finally:
        consumer.close()
    return True
