"""Self-contained HTML reports, made from a run's JSON files alone."""

from nnbcd.report.demo import write_demo_report
from nnbcd.report.run import write_report

__all__ = ["write_demo_report", "write_report"]
