"""The statements of each bank account that were taken in, in the uploads table, and what is wrong with their chain."""

from __future__ import annotations

from datetime import date

from duly.domain import codec
from duly.domain.continuity import StatementSeen
from duly.store import keys
from duly.store.tables import Record, Table

MAX_STATEMENTS = 1_500  # of one account in its chain, the latest: four years of daily ones
MAX_BANKS = 500  # accounts and currencies in one list


class StatementStore:
    """Statements by bank account and currency. ``bank`` is a digest; the number itself is only in the items."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def note(self, bank: str, account: str, one: StatementSeen) -> None:
        """Note a statement; the same one again, in another file, changes nothing."""
        name = f"{keys.BANK}{bank}#{one.currency}"
        self.table.create(Record(keys.BANKS, name, {"account": account, "currency": one.currency}, kind="bank"))
        sk = keys.bank_statement(one.last, one.source)
        self.table.create(Record(keys.bank_statements(bank, one.currency), sk, codec.encode(one), kind="seen"))

    def of(self, bank: str, currency: str) -> list[StatementSeen]:
        """Return the statements of an account, the latest MAX_STATEMENTS."""
        found = self.table.query(keys.bank_statements(bank, currency), keys.bank_statement())
        return [codec.decode(StatementSeen, one.body) for one in found[-MAX_STATEMENTS:]]

    def accepted(self, bank: str, currency: str) -> dict[str, str]:
        """Return the gaps that a person accepted: by the statement behind each, who did."""
        found = self.table.query(keys.bank_statements(bank, currency), keys.bank_gap())
        return {record.sk.removeprefix(keys.bank_gap()): record.body["by"] for record in found}

    def accept(self, bank: str, currency: str, source: str, by: str, on: date) -> None:
        """Note that a gap before a statement stays."""
        body = {"by": by, "on": on.isoformat()}
        self.table.put(Record(keys.bank_statements(bank, currency), keys.bank_gap(source), body, kind="gap"))

    def banks(self) -> dict[str, dict[str, str]]:
        """Return the accounts: account number and currency by ``<digest>#<currency>``."""
        found = self.table.query(keys.BANKS, keys.BANK, MAX_BANKS)
        return {record.sk.removeprefix(keys.BANK): record.body for record in found}
