"""What a function is told by its environment, read once at its first use. template.yaml sets every name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


class SettingsError(Exception):
    """A variable that template.yaml should have set is missing; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack around a function. Field names are the environment variables in lower case."""

    stage: str
    stack_name: str
    bucket: str
    accounts_table: str
    uploads_table: str
    idempotency_table: str
    customer_queue_url: str
    cash_queue_url: str
    account_queue_url: str
    risk_upload_queue_url: str
    statement_upload_queue_url: str
    inbound_queue_url: str
    inbound_dlq_url: str
    configuration_set: str
    sender_address: str
    inbound_domain: str
    token_secret_arn: str

    @property
    def is_local(self) -> bool:
        """True on the local stack, where time comes from events."""
        return self.stage == "local"

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings of this process. Raises SettingsError naming every variable that is missing."""
        source = os.environ if environment is None else environment
        names = {field.name: field.name.upper() for field in fields(cls)}
        missing = sorted(name for name in names.values() if name not in source)
        if missing:
            raise SettingsError(f"missing environment variables: {', '.join(missing)}")
        return cls(**{field: source[name] for field, name in names.items()})
