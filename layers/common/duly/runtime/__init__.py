"""Settings, clock, logging and metrics."""
