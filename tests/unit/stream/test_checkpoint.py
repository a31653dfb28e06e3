import pytest

from wickstream.stream.checkpoint import is_checkpoints_fault

LOST = "[KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE] Some data may have been lost because they are not available"
AWAY = "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment"


def test_lost_offsets_are_its_fault_whenever_they_show() -> None:
    assert is_checkpoints_fault(LOST, batches_done=0)
    assert is_checkpoints_fault(LOST, batches_done=900)


@pytest.mark.parametrize("cause", ["Incomplete log file", "java.io.EOFException", "CANNOT_LOAD_STATE_STORE"])
def test_any_failure_before_the_first_batch_is_its_fault(cause: str) -> None:
    assert is_checkpoints_fault(cause, batches_done=0)
    assert not is_checkpoints_fault(cause, batches_done=1)


@pytest.mark.parametrize("cause", [AWAY, "Timed out waiting for a node assignment", "[ARITHMETIC_OVERFLOW] Overflow"])
def test_what_a_new_checkpoint_would_not_mend_is_not_its_fault(cause: str) -> None:
    assert not is_checkpoints_fault(cause, batches_done=0)
