"""What all dashboards have in common: uid, time, links to each other, and the variables they choose by."""

from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import Panel as BuiltPanel

from deploy.grafana.sources import POSTGRES
from deploy.grafana.sql import ALL_SYMBOLS, QUOTES, SYMBOLS_OF_QUOTE, WIDTHS_MS

TAG = "wickstream"
NAMES = {
    "wickstream-market": "Market Overview",
    "wickstream-symbol": "Symbol Deep Dive",
    "wickstream-trading": "Trading Analytics",
    "wickstream-system": "System Health",
}
FIRST_SYMBOL, FIRST_QUOTE = "BTCUSDT", "USDT"

Panels = list[Builder[BuiltPanel]]
Rows = dict[str, Panels]  # by the heading of each row


class Look(NamedTuple):
    """How a dashboard opens: at which range, and how often it asks again."""

    since: str
    refresh: str


def board(uid: str, about: str, look: Look, variables: list[Builder[VariableModel]], rows: Rows) -> dashboard.Dashboard:
    """One of `NAMES`. Its panels are numbered in their order, so that a link to one of them stays right."""
    made = dashboard.Dashboard(NAMES[uid]).uid(uid).description(about).tags([TAG]).timezone("utc")
    made = made.time(look.since, "now").refresh(look.refresh).tooltip(DashboardCursorSync.CROSSHAIR)
    made = made.link(_siblings())
    for variable in variables:
        made = made.with_variable(variable)
    number = 0
    for heading, panels in rows.items():
        number += 1
        made = made.with_row(dashboard.Row(heading).id(number))
        for panel in panels:
            number += 1
            made = made.with_panel(_Numbered(panel, number))
    return made


class _Numbered(Builder[BuiltPanel]):
    def __init__(self, panel: Builder[BuiltPanel], number: int) -> None:
        self._panel, self._number = panel, number

    def build(self) -> BuiltPanel:
        built = self._panel.build()
        built.id_val = self._number
        return built


def _siblings() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("wickstream").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.keep_time(keep_time=True).include_vars(include_vars=True).as_dropdown(as_dropdown=False)


def quote() -> Builder[VariableModel]:
    """What symbols are quoted in: amounts in different money are never added up."""
    return _asked("quote", "Quoted in", QUOTES, FIRST_QUOTE)


def symbol() -> Builder[VariableModel]:
    """One of all that are stored."""
    return _asked("symbol", "Symbol", ALL_SYMBOLS, FIRST_SYMBOL)


def symbols() -> Builder[VariableModel]:
    """Some or all of those that are quoted in `quote()`."""
    asked = _asked("symbol", "Symbols", SYMBOLS_OF_QUOTE, [FIRST_SYMBOL])
    return asked.multi(multi=True).include_all(include_all=True)


def _asked(name: str, label: str, question: str, current: str | list[str]) -> dashboard.QueryVariable:
    asked = dashboard.QueryVariable(name).label(label).datasource(POSTGRES).query(question).definition(question)
    asked = asked.refresh(VariableRefresh.ON_DASHBOARD_LOAD).sort(VariableSort.ALPHABETICAL_ASC)
    return asked.current(VariableOption(selected=True, text=current, value=current))


def interval(current: str) -> Builder[VariableModel]:
    """The width of a candle: shown by its name, asked for in ms."""
    options = [
        VariableOption(selected=name == current, text=name, value=str(width)) for name, width in WIDTHS_MS.items()
    ]
    written = ",".join(f"{option.text} : {option.value}" for option in options)
    chosen = next(option for option in options if option.selected)
    return dashboard.CustomVariable("interval").label("Interval").values(written).options(options).current(chosen)
