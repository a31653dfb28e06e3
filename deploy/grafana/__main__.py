"""Write every dashboard to `dashboards/`, or to the folder that is named."""

import sys
from pathlib import Path

from deploy.grafana.writing import DASHBOARDS, write

write(Path(sys.argv[1]) if len(sys.argv) > 1 else DASHBOARDS)
