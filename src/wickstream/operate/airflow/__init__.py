"""Airflow on this machine, as a part of the stack: it runs the schedule in place of the supervisor."""
