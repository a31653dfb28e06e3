"""Alerts in warm and in cold: each the same in both. Pure."""

from collections.abc import Iterator, Mapping

from wickstream.events import Alert
from wickstream.operate.validation.evidence import Fault


def alert_faults(
    warm: Mapping[str, Alert], cold: Mapping[str, Alert], *, kept_since_ms: int, cold_has_all: bool
) -> Iterator[tuple[str, Fault]]:
    """By alert ids: of each what is wrong.

    `kept_since_ms`: what is older need not be in warm any more; `cold_has_all`: nothing is on its way there.
    """
    for alert_id in sorted(warm.keys() | cold.keys()):
        ours, theirs = warm.get(alert_id), cold.get(alert_id)
        if what := _trouble(ours, theirs, kept_since_ms, cold_has_all=cold_has_all):
            symbol = (ours or theirs or next(iter(warm.values()))).symbol
            yield alert_id, Fault(symbol, None, f"{alert_id}: {what}")


def _trouble(warm: Alert | None, cold: Alert | None, kept_since_ms: int, *, cold_has_all: bool) -> str | None:
    if warm is None:
        return "is not in warm" if cold is not None and cold.at >= kept_since_ms else None
    if cold is None:
        return "is not in cold" if cold_has_all else None
    names = [name for name in Alert.__struct_fields__ if getattr(warm, name) != getattr(cold, name)]
    if not names or (warm.version > cold.version and not cold_has_all):
        return None
    return "; ".join(f"{name} {getattr(warm, name)} in warm, {getattr(cold, name)} in cold" for name in names)
