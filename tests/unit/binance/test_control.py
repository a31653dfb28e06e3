import json

import pytest

from wickstream.binance.control import ControlError, parse_request


def listing(request_id: object) -> bytes:
    return json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": request_id}).encode()


@pytest.mark.parametrize("request_id", [None, 0, 2**63 - 1, "a", "2f1a9d0e-5a43-4d7c-8a0b-6d3b1f6f9c11", "x_" * 18])
def test_ids_are_nothing_whole_numbers_or_short_texts(request_id: object) -> None:
    assert parse_request(listing(request_id)).id == request_id


@pytest.mark.parametrize("request_id", [-1, 2**63, 1.5, True, "", "a b", "é", "x" * 37, [1]])
def test_other_ids_are_refused(request_id: object) -> None:
    with pytest.raises(ControlError, match="request ID must be") as refused:
        parse_request(listing(request_id))
    assert refused.value.code == 2
