"""The kinds of panels there are, each with what all of its kind have in common."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import NamedTuple, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import barchart, bargauge, candlestick, common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold, ThresholdsMode

from deploy.grafana.sources import Prom, Sql

Query = Sql | Prom
Steps = Sequence[tuple[str, float]]  # a colour, and the value from which on it is shown
Units = Mapping[str, str]  # by the name of a column

CALM = "text"
GOOD, WARNING, BAD = "green", "orange", "red"


class Frame(NamedTuple):
    """What is said of a panel, and its size on a grid of 24 columns."""

    title: str
    why: str
    width: int = 12
    height: int = 8
    unit: str = "short"


class _Panel(Protocol):
    """What the SDK's builders of panels have in common."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def span(self, w: int) -> Self: ...
    def height(self, h: int) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def with_target(self, target: Builder[Dataquery]) -> Self: ...
    def thresholds(self, thresholds: dashboard.ThresholdsConfig) -> Self: ...
    def override_by_name(self, name: str, properties: list[DynamicConfigValue]) -> Self: ...


P = TypeVar("P", bound=_Panel)


def _framed(panel: P, frame: Frame, queries: Sequence[Query]) -> P:
    panel = panel.title(frame.title).description(frame.why).span(frame.width).height(frame.height).unit(frame.unit)
    panel = panel.datasource(queries[0].source)
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        panel = panel.with_target(query.target(ref))
    return panel


def _with_units(panel: P, units: Units) -> P:
    for column, unit in units.items():
        panel = panel.override_by_name(column, [DynamicConfigValue("unit", unit)])
    return panel


def _thresholds(steps: Steps, below: str) -> dashboard.ThresholdsConfig:
    found = [Threshold(value=None, color=below), *(Threshold(value=value, color=color) for color, value in steps)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
    )


def lines(frame: Frame, *queries: Query, below_zero: bool = False) -> timeseries.Panel:
    """Series over time. They begin at zero, unless they go below it."""
    panel = timeseries.Panel().draw_style(GraphDrawStyle.LINE).line_width(1).fill_opacity(10)
    panel = panel.show_points(VisibilityMode.NEVER).legend(_legend())
    panel = panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    return _framed(panel if below_zero else panel.min(0), frame, queries)


def bars(frame: Frame, *queries: Query, colors: Mapping[str, str] | None = None) -> timeseries.Panel:
    """Amounts of each window, on top of each other; what is negative hangs below."""
    panel = timeseries.Panel().draw_style(GraphDrawStyle.BARS).line_width(1).fill_opacity(70).legend(_legend())
    panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    panel = panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    for name, color in (colors or {}).items():
        panel = panel.override_by_name(name, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})])
    return _framed(panel, frame, queries)


def classes(frame: Frame, query: Query) -> barchart.Panel:
    """A bar for each row, by its text."""
    panel = barchart.Panel().legend(_legend()).show_value(VisibilityMode.NEVER).fill_opacity(70)
    return _framed(panel.orientation(VizOrientation.VERTICAL), frame, [query])


def candles(frame: Frame, query: Query) -> candlestick.Panel:
    """Of columns open, high, low, close and volume; others are drawn as lines."""
    return _framed(candlestick.Panel().include_all_fields(include_all_fields=True).legend(_legend()), frame, [query])


def figures(
    frame: Frame,
    *queries: Query,
    steps: Steps = (),
    below: str = CALM,
    units: Units | None = None,
    is_graph: bool = False,
) -> stat.Panel:
    """The last value of each series, or each column of a row; coloured by the steps it has passed."""
    panel = stat.Panel().thresholds(_thresholds(steps, below)).color_mode(BigValueColorMode.VALUE)
    panel = panel.graph_mode(BigValueGraphMode.AREA if is_graph else BigValueGraphMode.NONE)
    panel = panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return _with_units(_framed(panel, frame, queries), units or {})


def ranking(frame: Frame, query: Query, *, steps: Steps = (), below: str = GOOD) -> bargauge.Panel:
    """A bar for each row, with its first text as name, or for each series."""
    panel = bargauge.Panel().orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=isinstance(query, Sql))
    return _framed(panel.reduce_options(reduced).thresholds(_thresholds(steps, below)), frame, [query])


def listing(frame: Frame, query: Query, *, units: Units | None = None, nothing: str = "none") -> table.Panel:
    """Rows; `nothing` stands for none of them. A column `symbol` leads to the symbol's own dashboard."""
    link = {"title": "Symbol Deep Dive", "url": "/d/wickstream-symbol?var-symbol=${__value.raw}&${__url_time_range}"}
    panel = table.Panel().no_value(nothing).filterable(filterable=True)
    panel = panel.override_by_name("symbol", [DynamicConfigValue("links", [link])])
    return _with_units(_framed(panel, frame, [query]), units or {})
