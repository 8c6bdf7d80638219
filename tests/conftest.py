"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does: a time limit would be a test of the machine.
settings.register_profile("duly", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("duly")
