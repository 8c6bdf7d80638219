"""Each uploaded object version, from its arrival to its receipt. A receipt is the sum of outcomes, never a counter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from duly.domain import codec
from duly.store import keys
from duly.store.tables import Conflict, Record, Table, Write

MAX_RECENT = 200
FEW_MESSAGES = 8  # so many outcomes are read faster than a few are looked at first


@dataclass(frozen=True, slots=True)
class Upload:
    """The state of one upload. Amounts in minor units by currency.

    ``state``: received (known), reading (a large file, read in ``chunks`` chunks), planned (cut into ``messages``
    messages), closed (every row has an outcome).
    """

    id: str
    key: str
    version: str
    kind: str
    at: datetime
    state: str = "received"
    format: str = ""
    messages: int = 0
    rows_in: int = 0
    amounts_in: dict[str, int] = field(default_factory=dict)
    rejected_rows: int = 0
    rejected_amounts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    covers_until: date | None = None
    closed_at: datetime | None = None
    receipt: str = ""
    notes: tuple[str, ...] = ()  # what the reader detected rather than was told
    chunks: int = 0  # of a large file; 0 for one that was read whole
    outcome: dict[str, int] = field(default_factory=dict)  # of a closed one: rows applied, duplicate and rejected
    codes: dict[str, int] = field(default_factory=dict)  # of a closed one: rows by code, as its receipt says


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row: applied, duplicate or rejected (with code and reason). In a large upload one stands for
    ``count`` rows of one result, code, currency and sign; ``line`` is 0 then, the amount their sum."""

    line: int
    result: str
    amount_minor: int = 0
    currency: str = ""
    field: str = ""
    code: str = ""
    reason: str = ""
    count: int = 1
    flags: tuple[str, ...] = ()  # what was noticed about it, which is no reason to refuse it


@dataclass(frozen=True, slots=True)
class ChunkOutcome:
    """What one chunk of a large file gave in one reading: rows and money in, its rejects as sums, how many rows carry
    each flag, and what its values say about the forms of dates and amounts (JSON of the readers)."""

    number: int
    rows_in: int
    amounts_in: dict[str, int]
    rejects: tuple[RowOutcome, ...]
    flags: dict[str, int]
    votes: str


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """What became of the rows of one message."""

    number: int
    rows: tuple[RowOutcome, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is: chunks read, rows known to be in it, rows with an outcome, those rejected among them."""

    chunks_done: int
    rows_in: int
    rows_done: int
    rows_rejected: int

    @property
    def percent(self) -> int:
        """Rows with an outcome of a hundred; 100 only when all have one."""
        return self.rows_done * 100 // self.rows_in if self.rows_in else 0


def upload_id(key: str, version: str) -> str:
    """Return the id of one object version: 24 hexadecimal digits."""
    return hashlib.sha256(f"{key}\n{version}".encode()).hexdigest()[:24]


class UploadStore:
    """Uploads in their table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, upload: str) -> Upload | None:
        record = self.table.get(keys.upload(upload), "0")
        return codec.decode(Upload, record.body) if record else None

    def register(self, upload: Upload) -> Upload:
        """Note that an object version arrived; return what is known of it (the first note stays).

        It is listed as open before anything else, so that the gate for open statements never misses one, and by month
        under its first arrival, so that a repeated event does not list it again.
        """
        self.table.put(Record(keys.open_uploads(upload.kind), upload.id, {"upload": upload.id}))
        is_new = self.table.create(Record(keys.upload(upload.id), "0", codec.encode(upload), kind="upload"))
        found = upload if is_new else self.get(upload.id)
        if found is None:
            raise LookupError("an upload that exists cannot be read")
        if found.state == "closed":
            self.no_longer_open(found)
            return found
        month = f"UPLOADS#{found.at:%Y-%m}"
        self.table.put(Record(month, f"{found.at.isoformat()}#{found.id}", {"upload": found.id}))
        return found

    def save(self, upload: Upload) -> None:
        self.table.put(self._record(upload))

    def _record(self, upload: Upload) -> Record:
        return Record(keys.upload(upload.id), "0", codec.encode(upload), kind="upload")

    def record(self, upload: str, outcome: MessageOutcome) -> None:
        """Note the outcome of one message; the same message again writes the same item."""
        sk = keys.upload_message(outcome.number)
        self.table.put(Record(keys.upload(upload), sk, codec.encode(outcome), kind="outcome"))

    def outcomes(self, upload: str) -> list[MessageOutcome]:
        return [codec.decode(MessageOutcome, one.body) for one in self.table.query(keys.upload(upload), "M#")]

    def has_outcome(self, upload: str, number: int) -> bool:
        return self.table.get(keys.upload(upload), keys.upload_message(number)) is not None

    def may_be_complete(self, upload: Upload) -> bool:
        """Return False when one of a few messages, the last among them, has no outcome yet.

        Asked before all outcomes are read: to read them after each of n messages would be n times n reads. Whoever
        records the last outcome finds those of the few, so somebody always goes on and counts them all.
        """
        if upload.messages <= FEW_MESSAGES:
            return True
        few = (upload.messages - 1, upload.messages // 2, upload.messages // 3)
        return all(self.has_outcome(upload.id, number) for number in few)

    # --- large uploads
    def advance(self, upload: Upload) -> Upload:
        """Save an upload in its next state, unless it has been in that state before; return what is saved. What was
        decided first stays, and nobody who is late sets an upload back."""
        mark = Record(keys.upload(upload.id), keys.upload_state(upload.state), {}, kind="upload")
        try:
            self.table.write(Write(create=(mark,), put=(self._record(upload),)))
        except Conflict:
            found = self.get(upload.id)
            if found is None:
                raise LookupError("an upload that exists cannot be read") from None
            return found
        return upload

    def record_chunk(self, upload: str, reading: int, outcome: ChunkOutcome) -> None:
        sk = keys.upload_chunk(reading, outcome.number)
        self.table.put(Record(keys.upload(upload), sk, codec.encode(outcome), kind="chunk"))

    def has_chunk(self, upload: str, reading: int, number: int) -> bool:
        return self.table.get(keys.upload(upload), keys.upload_chunk(reading, number)) is not None

    def chunks(self, upload: str, reading: int) -> list[ChunkOutcome]:
        """Return what the chunks gave in one reading, in the order of the file."""
        found = self.table.query(keys.upload(upload), keys.upload_chunk(reading))
        return [codec.decode(ChunkOutcome, one.body) for one in found]

    def record_grouped(self, upload: str, outcome: MessageOutcome) -> None:
        sk = keys.upload_grouped(outcome.number)
        self.table.put(Record(keys.upload(upload), sk, codec.encode(outcome), kind="outcome"))

    def has_grouped(self, upload: str, number: int) -> bool:
        return self.table.get(keys.upload(upload), keys.upload_grouped(number)) is not None

    def are_all_grouped(self, upload: Upload, number: int) -> bool:
        """Return whether all messages of a large upload have outcomes, asked after that of one was recorded.

        Groups are counted first, and a complete group is marked, so that n messages do not read n outcomes each. Of
        the last messages of a group at least one sees it complete, of the last groups' marks at least one all of them.
        """
        group = number // keys.GROUP
        size = min(keys.GROUP, upload.messages - group * keys.GROUP)
        pk = keys.upload(upload.id)
        if len(self.table.query(pk, keys.upload_group_of(group))) < size:
            return False
        self.table.put(Record(pk, keys.upload_group(group), {}, kind="group"))
        return len(self.table.query(pk, keys.upload_group())) * keys.GROUP >= upload.messages

    def progress(self, upload: Upload) -> Progress:
        """Return how far an upload is. While its chunks are read, the rows of those read so far count as in it."""
        chunks: list[ChunkOutcome] = []
        for reading in (2, 1) if upload.chunks else ():
            chunks = chunks or self.chunks(upload.id, reading)
        if upload.state in ("received", "reading"):
            return Progress(len(chunks), sum(one.rows_in for one in chunks), 0, 0)
        rows = [row for outcome in self.outcomes(upload.id) for row in outcome.rows]
        done = upload.rejected_rows + sum(row.count for row in rows)
        refused = upload.rejected_rows + sum(row.count for row in rows if row.result == "rejected")
        return Progress(len(chunks), upload.rows_in, done, refused)

    def progress_of(self, uploads: Iterable[Upload]) -> dict[str, Progress]:
        """Return how far those are that are not closed, by id."""
        return {upload.id: self.progress(upload) for upload in uploads if upload.state != "closed"}

    def close(self, upload: Upload, at: datetime, receipt: str) -> Upload:
        closed = replace(upload, state="closed", closed_at=at, receipt=receipt)
        self.save(closed)
        self.no_longer_open(closed)
        return closed

    def no_longer_open(self, upload: Upload) -> None:
        """Take a closed upload off the list of open ones."""
        self.table.delete(keys.open_uploads(upload.kind), upload.id)

    def open_ids(self, kind: str) -> list[str]:
        """Return the ids of the uploads of a kind that are not closed yet."""
        return [record.sk for record in self.table.query(keys.open_uploads(kind))]

    def open_count(self, kind: str) -> int:
        """Return how many uploads of a kind are not closed yet."""
        return len(self.table.query(keys.open_uploads(kind)))

    def all(self, at: datetime, months: int = 240) -> Iterator[Upload]:
        """Yield the uploads of the last ``months`` months, newest month first: for audits."""
        month = at.replace(day=1)
        for _ in range(months):
            for record in self.table.query(f"UPLOADS#{month:%Y-%m}"):
                found = self.get(record.body["upload"])
                if found is not None:
                    yield found
            month = _month_before(month)

    def recent(self, at: datetime, limit: int = MAX_RECENT) -> list[Upload]:
        """Return the uploads of this month and the one before, newest first, at most ``limit``."""
        first = at.replace(day=1)
        months = [first, _month_before(first)]
        ids = [
            record.body["upload"] for month in months for record in reversed(self.table.query(f"UPLOADS#{month:%Y-%m}"))
        ]
        found = [self.get(one) for one in ids[:limit]]
        return [one for one in found if one is not None]


def _month_before(first: datetime) -> datetime:
    return first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)


# --- facts about the stack as a whole, in the same table
class StackStore:
    """A few facts that hold for the whole stack."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, name: str) -> dict[str, str]:
        record = self.table.get(keys.STACK, name)
        return record.body if record else {}

    def all(self, prefix: str) -> dict[str, dict[str, str]]:
        """Return the facts whose names begin so, by name."""
        return {record.sk: record.body for record in self.table.query(keys.STACK, prefix)}

    def put(self, name: str, body: dict[str, str]) -> None:
        self.table.put(Record(keys.STACK, name, body, kind="stack"))

    def add_task(self, task: str, kind: str, about: str, at: datetime) -> None:
        """Note something that a person has to look at and that belongs to no account."""
        body = {"kind": kind, "about": about, "opened": at.isoformat()}
        self.table.put(Record(keys.STACK_TASKS, task, body, kind="task"))

    def tasks(self) -> dict[str, dict[str, str]]:
        """Return the open tasks that belong to no account, by their id."""
        return {record.sk: record.body for record in self.table.query(keys.STACK_TASKS)}

    def close_task(self, task: str) -> None:
        self.table.delete(keys.STACK_TASKS, task)

    def extend_bank_data(self, until: date) -> None:
        """Move the last day covered by closed statements forward, never back."""
        if self.get("bank_data").get("until", "") < until.isoformat():
            self.put("bank_data", {"until": until.isoformat()})
