"""The Table protocol on DynamoDB, through pynamodb."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from duly.domain import codec
from duly.store.tables import Conflict, OutcomeUnknown, Record, Write, check_item, check_size

CONNECT_SECONDS = 2
READ_SECONDS = 10
ATTEMPTS = 4
LOST_RACE = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


class _AgendaIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # pynamodb leaves this untyped
    class Meta:
        index_name = "agenda"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class _HeaderIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # likewise
    class Meta:
        index_name = "headers"
        projection = AllProjection()

    header_shard = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class _Item(Model):
    """What every item of every table looks like. Content is JSON text: integers stay integers (pynamodb's own numbers
    come back as floats) and equal content has equal text."""

    class Meta:
        table_name = ""
        connect_timeout_seconds = CONNECT_SECONDS
        read_timeout_seconds = READ_SECONDS
        max_retry_attempts = ATTEMPTS

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute(null=True)
    version = NumberAttribute(default=0)
    body = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    header_shard = UnicodeAttribute(null=True)
    agenda_index = _AgendaIndex()
    header_index = _HeaderIndex()


@cache
def _model(table_name: str) -> type[_Item]:
    """Return the model of one physical table. pynamodb ties a model to a name when the class is made, so each table
    gets its own subclass."""
    meta = type(
        "Meta",
        (),
        {
            "table_name": table_name,
            "connect_timeout_seconds": CONNECT_SECONDS,
            "read_timeout_seconds": READ_SECONDS,
            "max_retry_attempts": ATTEMPTS,
        },
    )
    return type("Item", (_Item,), {"Meta": meta})


class DynamoTable:
    """One DynamoDB table."""

    def __init__(self, table_name: str) -> None:
        self.model = _model(table_name)
        self._connection: Connection | None = None

    def get(self, pk: str, sk: str) -> Record | None:
        try:
            return _record(self.model.get(pk, sk, consistent_read=True))
        except self.model.DoesNotExist:
            return None

    def get_many(self, pk: str, sks: Sequence[str]) -> dict[str, Record]:
        if not sks:
            return {}
        found = self.model.batch_get([(pk, sk) for sk in dict.fromkeys(sks)], consistent_read=True)
        return {item.sk: _record(item) for item in found}

    def which_exist(self, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        keys = list(dict.fromkeys(wanted))
        if not keys:
            return set()
        found = self.model.batch_get(keys, consistent_read=True, attributes_to_get=["pk", "sk"])
        return {(item.pk, item.sk) for item in found}

    def query(self, pk: str, prefix: str = "", limit: int | None = None) -> list[Record]:
        condition = self.model.sk.startswith(prefix) if prefix else None
        found = self.model.query(pk, condition, consistent_read=True, limit=limit)
        return [_record(item) for item in found]

    def write(self, write: Write) -> None:
        check_size(write)
        try:
            token = write.token or uuid.uuid4().hex
            with TransactWrite(connection=self._connect(), client_request_token=token) as transaction:
                for record in write.create:
                    transaction.save(self._item(record), condition=self.model.pk.does_not_exist())
                for record in write.put:
                    transaction.save(self._item(record))
                for pk, sk in write.delete:
                    transaction.delete(self.model(pk, sk))
        except TransactWriteError as error:
            reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
            code = _code_of(error.cause)
            if reasons & LOST_RACE or code == "TransactionConflictException":
                raise Conflict from None
            raise OutcomeUnknown(code) from error
        except (PynamoDBException, ClientError, BotoCoreError) as error:
            raise OutcomeUnknown(type(error).__name__) from error

    def put(self, record: Record) -> None:
        check_item(record)
        self._item(record).save()

    def create(self, record: Record) -> bool:
        """A transaction of one item: its token makes the SDK's own retries harmless, which a conditional put is not."""
        try:
            self.write(Write(create=(record,)))
        except Conflict:
            return False
        return True

    def delete(self, pk: str, sk: str) -> None:
        self.model(pk, sk).delete()

    def agenda(self, shard: str, until: str, limit: int) -> list[tuple[str, str]]:
        found = self.model.agenda_index.query(shard, _AgendaIndex.due_at <= until, limit=limit)
        return [(item.pk, item.due_at) for item in found]

    def headers(self, shard: str) -> Iterator[Record]:
        for item in self.model.header_index.query(shard):
            yield _record(item)

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(
                connect_timeout_seconds=CONNECT_SECONDS,
                read_timeout_seconds=READ_SECONDS,
                max_retry_attempts=ATTEMPTS,
            )
        return self._connection

    def _item(self, record: Record) -> _Item:
        return self.model(
            record.pk,
            record.sk,
            kind=record.kind or None,
            version=record.version,
            body=codec.canonical(record.body),
            due_shard=record.due_shard,
            due_at=record.due_at,
            header_shard=record.header_shard,
        )


def _code_of(cause: Exception | None) -> str:
    """Return DynamoDB's error code, or the kind of error when there was no answer. pynamodb's own property fails for
    a time-out: botocore's carries a response that is None."""
    response = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(cause).__name__)


def _record(item: _Item) -> Record:
    return Record(
        pk=item.pk,
        sk=item.sk,
        body=json.loads(item.body) if item.body else {},
        version=int(item.version),
        kind=item.kind or "",
        due_shard=item.due_shard,
        due_at=item.due_at,
        header_shard=item.header_shard,
    )
