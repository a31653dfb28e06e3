"""Producers: the connector's transactional one, and a plain idempotent one for everybody else."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from wickstream.errors import StoreBusy, Unpublishable, WickstreamError

COMMIT_SECONDS = 30.0

Header = tuple[str, bytes]


class Record(NamedTuple):
    """One record to publish; `key` is the symbol, so that a symbol stays in one partition."""

    topic: str
    key: str
    value: bytes
    headers: Sequence[Header] = ()


class Batch(NamedTuple):
    """Records of one topic, key and headers; nearly all there are, so they are not made one by one."""

    topic: str
    key: str
    values: Sequence[bytes]
    headers: Sequence[Header] = ()


def singly(record: Record | Batch) -> Iterator[Record]:
    """Each of its records."""
    if isinstance(record, Record):
        yield record
    else:
        yield from (Record(record.topic, record.key, value, record.headers) for value in record.values)


class ProducerBroken(WickstreamError):
    """The producer is of no further use; what it had not committed is not published.

    `fenced`: another process, or the broker's own timeout, ended its transaction.
    """

    def __init__(self, message: str, *, fenced: bool) -> None:
        super().__init__(message)
        self.fenced = fenced


def _base(bootstrap_servers: str) -> dict[str, str | int | bool]:
    return {
        "bootstrap.servers": bootstrap_servers,
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 5,
        "partitioner": "murmur2_random",  # as Java's, so that every producer puts a symbol into the same partition
        "queue.buffering.max.messages": 2_000_000,
    }


class TransactionalProducer:
    """Publishes batches whole or not at all. Not safe for use by two threads at once."""

    def __init__(self, bootstrap_servers: str, *, transactional_id: str) -> None:
        self._producer = Producer(
            _base(bootstrap_servers)
            | {"transactional.id": transactional_id, "transaction.timeout.ms": 5_000, "log_level": 2}
            | {"linger.ms": 1}  # what comes together is sent together
        )
        self._is_open = False

    def fence(self, *, timeout_s: float = 30.0) -> None:
        """Shut out any predecessor of the same id, and abort what it left open. Before the tail is read.

        Raises:
            ProducerBroken: If the broker did not answer in time, or a twin fenced us meanwhile.
        """
        try:
            self._producer.init_transactions(timeout_s)
        except KafkaException as exc:
            raise _broken(exc) from exc

    def publish(self, records: Iterable[Record | Batch]) -> None:
        """Publish in one transaction; returns when the brokers have committed it.

        Raises:
            ProducerBroken: As `send`.
        """
        self.send(records)
        self.commit()

    def send(self, records: Iterable[Record | Batch]) -> None:
        """Into the open transaction, begun by the first; whoever reads uncommitted records has them from now on.

        Raises:
            ProducerBroken: Whatever went wrong; the only way on is a new producer and a new look at the tail.
        """
        try:
            if not self._is_open:
                self._producer.begin_transaction()
                self._is_open = True
            for record in records:
                if isinstance(record, Batch):
                    self._produce(*record)
                else:
                    self._produce(record.topic, record.key, (record.value,), record.headers)
        except KafkaException as exc:
            raise _broken(exc) from exc

    def commit(self) -> None:
        """All that was sent, whole or not at all; returns when the brokers have committed it.

        Raises:
            ProducerBroken: As `send`.
        """
        try:
            self._producer.commit_transaction(COMMIT_SECONDS)
        except KafkaException as exc:
            raise _broken(exc) from exc
        self._is_open = False

    def let_go(self) -> None:
        """End its threads and connections; what it left open is its successor's to fence."""
        del self._producer

    def _produce(self, topic: str, key: str, values: Sequence[bytes], headers: Sequence[Header]) -> None:
        produce = self._producer.produce
        listed: list[tuple[str, str | bytes | None]] = list(headers)
        for value in values:
            while True:
                try:
                    produce(topic, value, key, headers=listed)
                    break
                except BufferError:  # librdkafka's queue is full: let it send
                    self._producer.poll(0.1)


def _broken(exc: KafkaException) -> ProducerBroken:
    error: KafkaError = exc.args[0]
    fenced = error.code() in {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}
    return ProducerBroken(f"transaction failed: {error.str()}", fenced=fenced)


# What librdkafka cannot go on from is raised by the call in which it is heard of; if that reports deliveries too, as
# the cause of a SystemError: Python's word for a callback that was called with an error already there.
_FATAL = (KafkaException, SystemError)


class IdempotentProducer:
    """Publishes single records; `flush` tells whether all of them arrived.

    Where librdkafka gives up for good, another producer takes the place of the broken one, and StoreBusy says that what
    was queued is to be published again.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._renew()

    def _renew(self) -> None:
        self._producer = Producer(_base(self._bootstrap_servers) | {"log_level": 2})
        self._failed: list[KafkaError] = []

    def publish(self, record: Record) -> None:
        """Queue one record.

        Raises:
            StoreBusy: If the producer broke.
            Unpublishable: If the record is larger than any may be.
        """
        while True:
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    headers=list(record.headers),
                    on_delivery=partial(_note_failure, self._failed),
                )
            except BufferError:
                self._let_send()
            except KafkaException as exc:
                raise self._refused(exc.args[0]) from exc
            else:
                return

    def _let_send(self) -> None:
        try:
            self._producer.poll(0.1)
        except _FATAL as exc:
            raise self._broken(exc) from exc

    def flush(self, *, timeout_s: float = 30.0) -> None:
        """Wait until everything queued is acknowledged.

        Raises:
            StoreBusy: If a record was refused or not acknowledged in time, or the producer broke; what arrived is not
                known.
            Unpublishable: If a record is larger than its topic takes; what else arrived is not known.
        """
        try:
            left = self._producer.flush(timeout_s)
        except _FATAL as exc:
            raise self._broken(exc) from exc
        failed = self._failed[:1]
        self._failed.clear()
        if failed:
            raise self._refused(failed[0])
        if left:
            raise StoreBusy(f"Kafka did not take {left} records: timed out")

    def _refused(self, error: KafkaError) -> StoreBusy | Unpublishable:
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return Unpublishable(f"too large for Kafka: {error.str()}")
        if error.fatal() or error.code() == KafkaError._FATAL:
            return self._broken(KafkaException(error))
        return StoreBusy(f"Kafka did not take a record: {error.str()}")

    def _broken(self, exc: Exception) -> StoreBusy:
        self._renew()
        return StoreBusy(f"Kafka's producer broke and was made anew: {exc.__cause__ or exc}")


def _note_failure(failed: list[KafkaError], error: KafkaError | None, _message: Message) -> None:
    if error is not None:
        failed.append(error)
