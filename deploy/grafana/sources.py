"""The two data sources, by the uids they are provisioned with, and what is asked of them."""

from dataclasses import dataclass
from enum import StrEnum

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import QueryEditorMode

POSTGRES = DataSourceRef(type_val="grafana-postgresql-datasource", uid="wickstream-postgres")
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="wickstream-prometheus")


class Form(StrEnum):
    """How Grafana reads the rows: as they are, or as series, by the columns `time` and `metric`."""

    TABLE = "table"
    SERIES = "time_series"


@dataclass(frozen=True)
class Sql:
    """Asked of PostgreSQL. The SDK has no words for it, so it is given as Grafana stores it."""

    text: str
    form: Form = Form.TABLE
    source = POSTGRES

    def target(self, ref: str) -> Builder[Dataquery]:
        """For a panel."""
        return _Given(self.query(ref))

    def query(self, ref: str) -> Dataquery:
        """As Grafana stores it."""
        source = {"type": POSTGRES.type_val, "uid": POSTGRES.uid}
        form = {"format": str(self.form), "editorMode": "code", "rawQuery": True}
        return UnknownDataquery({"refId": ref, "datasource": source, "rawSql": self.text.strip(), **form})


@dataclass(frozen=True)
class Prom:
    """Asked of Prometheus. `legend` names each series by its labels; `is_now`: only what it is at the range's end."""

    text: str
    legend: str = "__auto"
    is_now: bool = False
    source = PROMETHEUS

    def target(self, ref: str) -> Builder[Dataquery]:
        """For a panel."""
        asked = prometheus.Dataquery().ref_id(ref).datasource(PROMETHEUS).expr(self.text).legend_format(self.legend)
        asked = asked.editor_mode(QueryEditorMode.CODE)
        return asked.instant() if self.is_now else asked.range()


class _Given(Builder[Dataquery]):
    def __init__(self, query: Dataquery) -> None:
        self._query = query

    def build(self) -> Dataquery:
        return self._query
