"""The dashboards as code: `make dashboards` writes what Grafana is given in `dashboards/`."""
