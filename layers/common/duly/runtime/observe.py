"""Logs and metrics of a function, through Powertools: ids and codes only."""

from __future__ import annotations

import traceback
from pathlib import Path

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Duly"
MAX_FRAMES = 12


class FunctionObserver:
    """Writes log lines as JSON and metrics in the embedded metric format, with the stack as a dimension."""

    def __init__(self, service: str, stack: str) -> None:
        self.service = service
        self.stack = stack
        self.logger = Logger(service=service)
        self.metrics = Metrics(namespace=NAMESPACE, service=service)
        self.metrics.set_default_dimensions(stack=stack)

    def metric(self, name: str, value: int, unit: str = "Count", **dimensions: str) -> None:
        """Add to a metric; further dimensions make a line of their own."""
        if not dimensions:
            self.metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)
            return
        with single_metric(
            name=name,
            unit=MetricUnit(unit),
            value=value,
            namespace=NAMESPACE,
            default_dimensions={"service": self.service, "stack": self.stack},
        ) as one:
            for dimension, text in dimensions.items():
                one.add_dimension(name=dimension, value=text)

    def log(self, code: str, /, **ids: str | int) -> None:
        """Write one line. Only ids and codes are ever passed in."""
        self.logger.info(code, extra=ids)

    def failed(self, error: BaseException) -> None:
        """Say that a message failed: the kind of error and where, never its text, which may hold personal data."""
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        self.logger.error("message_failed", extra={"error": type(error).__name__, "where": where})

    def flush(self) -> None:
        """Write the metrics of this invocation, if there are any."""
        if self.metrics.metric_set:
            self.metrics.flush_metrics()


class SilentObserver:
    """Keeps counts and lines in memory: for the command line and for tests."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.lines: list[tuple[str, dict[str, str | int]]] = []

    def metric(self, name: str, value: int, unit: str = "Count", **dimensions: str) -> None:
        del unit
        key = "|".join([name, *(f"{key}={text}" for key, text in sorted(dimensions.items()))])
        self.counts[key] = self.counts.get(key, 0) + value

    def log(self, code: str, /, **ids: str | int) -> None:
        self.lines.append((code, ids))
