"""Memory twins of the AWS services Duly uses, for tests and simulation: same semantics, no network.

Every operation calls ``fault(name, moment)`` before and after it, so that a test can end the process there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from duly.store.tables import Conflict, Record, Write, check_item, check_size

Fault = Callable[[str, str], None]


def no_fault(name: str, moment: str) -> None:
    """Do nothing: the default fault hook."""
    del name, moment


class MemoryTable:
    """A table in memory."""

    def __init__(self, name: str = "table", fault: Fault = no_fault) -> None:
        self.name = name
        self.fault = fault
        self._items: dict[str, dict[str, Record]] = {}
        self._lock = threading.Lock()

    def get(self, pk: str, sk: str) -> Record | None:
        with self._call("get"), self._lock:
            return self._items.get(pk, {}).get(sk)

    def get_many(self, pk: str, sks: Sequence[str]) -> dict[str, Record]:
        with self._call("get_many"), self._lock:
            found = self._items.get(pk, {})
            return {sk: found[sk] for sk in sks if sk in found}

    def which_exist(self, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        with self._call("which_exist"), self._lock:
            return {(pk, sk) for pk, sk in wanted if sk in self._items.get(pk, {})}

    def query(self, pk: str, prefix: str = "", limit: int | None = None) -> list[Record]:
        with self._call("query"), self._lock:
            found = self._items.get(pk, {})
            # the order of code points is that of DynamoDB, which compares the bytes of UTF-8
            return [found[sk] for sk in sorted(sk for sk in found if sk.startswith(prefix))[:limit]]

    def write(self, write: Write) -> None:
        check_size(write)
        with self._call("write"), self._lock:
            for record in write.create:
                if record.sk in self._items.get(record.pk, {}):
                    raise Conflict
            for record in (*write.create, *write.put):
                self._items.setdefault(record.pk, {})[record.sk] = record
            for pk, sk in write.delete:
                self._items.get(pk, {}).pop(sk, None)

    def put(self, record: Record) -> None:
        check_item(record)
        with self._call("put"), self._lock:
            self._items.setdefault(record.pk, {})[record.sk] = record

    def create(self, record: Record) -> bool:
        check_item(record)
        with self._call("create"), self._lock:
            if record.sk in self._items.get(record.pk, {}):
                return False
            self._items.setdefault(record.pk, {})[record.sk] = record
            return True

    def delete(self, pk: str, sk: str) -> None:
        with self._call("delete"), self._lock:
            self._items.get(pk, {}).pop(sk, None)

    def agenda(self, shard: str, until: str, limit: int) -> list[tuple[str, str]]:
        with self._call("agenda"), self._lock:
            due = [
                (record.due_at or "", record.pk)
                for items in self._items.values()
                for record in items.values()
                if record.due_shard == shard and record.due_at and record.due_at <= until
            ]
        return [(pk, due_at) for due_at, pk in sorted(due)[:limit]]

    def headers(self, shard: str) -> Iterator[Record]:
        with self._call("headers"), self._lock:
            found = [
                record for items in self._items.values() for record in items.values() if record.header_shard == shard
            ]
        yield from sorted(found, key=lambda record: record.pk)

    def partitions(self) -> list[str]:
        """Return all partition keys: for audits of a test's own world, not part of the Table protocol."""
        with self._lock:
            return sorted(self._items)

    def _call(self, operation: str) -> _Call:
        return _Call(self.fault, f"{self.name}.{operation}")


class _Call:
    """Brackets one call of a twin with its fault hook."""

    def __init__(self, fault: Fault, name: str) -> None:
        self.fault, self.name = fault, name

    def __enter__(self) -> None:
        self.fault(self.name, "before")

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        del rest
        if kind is None:
            self.fault(self.name, "after")
