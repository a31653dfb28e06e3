"""What more than one panel asks of Prometheus."""

RATE = "[$__rate_interval]"
SHOWN = "[$__range]"  # all that is shown
# A stream of events has no end, and Prometheus itself is no visitor.
VISITS = '{route!~"/api/v1/stream|/metrics"}'


def rate(name: str, by: str = "") -> str:
    """How often a second a counter counts, over all processes; of each value of the labels `by`."""
    return f"sum by ({by}) (rate({name}{RATE}))"


def quantile(share: float, name: str, by: str = "", which: str = "", over: str = RATE) -> str:
    """What a `share` of the observed stay below; of those `which` match, and of each value of the label `by`."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{which}{over})))"
