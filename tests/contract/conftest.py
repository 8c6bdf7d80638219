"""The emulator for contract tests (one for the run), and each test's table: the memory twin and DynamoDB by turns."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from duly.store.memory import MemoryTable
from duly.store.tables import Table
from local.emulator import REGION, SECRET_KEY, Emulator, new_account
from local.template import load_template


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def dynamodb_name(emulator: Emulator) -> Iterator[str]:
    """The name of a table as template.yaml defines Accounts, with the environment that finds it: for this module's
    tests alone, since other tests of the same process look for AWS elsewhere."""
    from duly.store import dynamodb

    account, name = new_account(), f"accounts-{secrets.token_hex(4)}"
    wanted = load_template()["Resources"]["Accounts"]["Properties"]
    shape = {key: wanted[key] for key in ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")}
    emulator.client("dynamodb", account).create_table(TableName=name, **shape)
    environment = {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        for variable, value in environment.items():
            patch.setenv(variable, value)
        dynamodb._model.cache_clear()
        yield name
        dynamodb._model.cache_clear()


@pytest.fixture(params=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest) -> Table:
    """A table. On DynamoDB all tests share one, so each works in partitions of its own."""
    if request.param == "memory":
        return MemoryTable()
    from duly.store.dynamodb import DynamoTable

    return DynamoTable(request.getfixturevalue("dynamodb_name"))


@pytest.fixture
def own() -> str:
    """A word no other test uses, for keys and shards."""
    return secrets.token_hex(6)
