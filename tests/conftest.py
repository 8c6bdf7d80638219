"""Settings of all tests."""

import gc

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does: a time limit would be a test of the machine.
settings.register_profile("duly", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("duly")

# A file is run by one process, so a long one that comes last leaves the others idle. These take more than ten seconds
# each, the longest first; the rest follows in the order of its names.
LONGEST_FIRST = (
    "tests/sim/test_kills.py",
    "tests/sim/test_quarter.py",
    "tests/integration/test_local_stack.py",
    "tests/sim/test_shuffle.py",
    "tests/integration/test_main_job.py",
    "tests/integration/test_stack_kills.py",
    "tests/sim/test_large_uploads.py",
    "tests/handlers/test_uploads.py",
    "tests/handlers/test_dunning.py",
    "tests/handlers/test_disputes.py",
    "tests/contract/test_accounts_store.py",
    "tests/sim/test_sending_faults.py",
    "tests/sim/test_large_and_late.py",
    "tests/property/test_chunks_property.py",
    "tests/property/test_statements_property.py",
    "tests/property/test_kpi_property.py",
    "tests/property/test_account_property.py",
    "tests/property/test_chase_property.py",
    "tests/browser/test_pages.py",
    "tests/browser/test_mail_fits.py",
    "tests/model/test_replay.py",
)
YOUNG_OBJECTS = 50_000
"""So many new objects before garbage is looked for (Python: 700). Simulated stacks are large and hold few cycles: with
Python's own number the search takes a seventh of their time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files first, and start with what was collected left out of the search for garbage."""
    places = {path: place for place, path in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
