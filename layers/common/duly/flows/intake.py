"""Uploads of customers, invoices and policies: a file becomes parts, one message each, and every row an outcome."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from duly.domain import codec
from duly.flows.buyers import foreign_seller, resolve
from duly.flows.edge import Edge
from duly.flows.outcomes import close_if_complete, receipt_folder, write_rejects
from duly.flows.policies import take_policy
from duly.flows.profiles import profile_for
from duly.formats.read import HEAD_BYTES, is_plain_csv, read_file
from duly.formats.records import CustomerRow, FileResult, InvoiceRow, Reject, file_result
from duly.store import objects
from duly.store.queues import CUSTOMER, Message
from duly.store.uploads import Upload, upload_id

MAX_CONTACTS = 50  # rows of one customer, which make one record: an item holds 400 KB, a transaction 100 items
ROWS_PER_MESSAGE = 100  # rows of one customer in one message: a few seconds of work, far below a time-out
KIND_OF_PREFIX = {"customers": "customers", "invoices": "invoices", "statements": "statement", "policy": "policy"}

Part = tuple[str, list[Any]]  # account, rows


def register_upload(
    edge: Edge, key: str, version: str, now: datetime
) -> tuple[Upload, objects.Object | None, datetime]:
    """Note the upload's arrival and return it with its object and the present moment (on the local stack the one that
    the object's metadata states); an object that is gone or too large ends here with a receipt that says so."""
    upload, found, now = register_table(edge, key, version, now, objects.MAX_OBJECT_BYTES)
    return upload, found if isinstance(found, objects.Object) else None, now


def register_table(
    edge: Edge, key: str, version: str, now: datetime, whole_bytes: int
) -> tuple[Upload, objects.Object | Large | None, datetime]:
    """Do as `register_upload`; an object of more than ``whole_bytes`` that can be read in chunks is not read."""
    reason: tuple[str, str] | None = None
    kind = KIND_OF_PREFIX.get(key.partition("/")[0], "unknown")
    found = _object(edge, key, version, kind, whole_bytes)
    if found is None:
        reason = ("object_gone", "the object was deleted before it could be read")
    elif isinstance(found, objects.Stored):
        most = edge.scale.largest_bytes if whole_bytes < objects.MAX_OBJECT_BYTES else objects.MAX_OBJECT_BYTES
        reason = ("file_too_large", f"expected at most {most} bytes")
    version = version or (found.version if found else "")
    now = edge.moment(found.metadata.get("duly-time"), now) if found else now
    upload = edge.uploads.register(Upload(upload_id(key, version), key, version, kind, _arrival(edge, found, now)))
    if reason and upload.state == "received":
        plan(edge, upload, _refused(kind, *reason), [], [], now)
    return upload, None if isinstance(found, objects.Stored) else found, now


@dataclass(frozen=True, slots=True)
class Large:
    """An object that is read in chunks: its size in bytes, metadata and start."""

    version: str
    size: int
    metadata: dict[str, str]
    head: bytes
    modified: datetime | None = None


def _arrival(edge: Edge, found: objects.Object | objects.Stored | Large | None, now: datetime) -> datetime:
    """Return when the object was put (S3 says so to the second): events of two files may come in another order, and
    which file is the later one must not depend on that. On the local stack, whose time is simulated, it is now."""
    if edge.is_local or found is None or found.modified is None:
        return now
    return min(found.modified.astimezone(UTC), now)


def _object(
    edge: Edge, key: str, version: str, kind: str, whole_bytes: int
) -> objects.Object | objects.Stored | Large | None:
    """Return the object, or only its start when it is read in chunks, or neither when it is too large."""
    try:
        return edge.objects.get(key, version, whole_bytes)
    except objects.TooLarge as large:
        stored = large.stored
    if whole_bytes < objects.MAX_OBJECT_BYTES:
        head = edge.objects.get_range(key, stored.version, 0, HEAD_BYTES)
        if head is None:
            return None
        if is_plain_csv(key, head, kind):
            is_taken = stored.size <= edge.scale.largest_bytes
            return Large(stored.version, stored.size, stored.metadata, head, stored.modified) if is_taken else stored
        if stored.size <= objects.MAX_OBJECT_BYTES:
            return edge.objects.get(key, stored.version)
    return stored


def _refused(kind: str, code: str, reason: str) -> FileResult:
    return rejected_file(kind, "unknown", Reject(0, "file", code, reason))


def rejected_file(kind: str, format: str, reject: Reject) -> FileResult:
    """Return what is known of a file that is refused as a whole."""
    return file_result(kind, format, (), (reject,))  # type: ignore[arg-type]


def take_upload(edge: Edge, key: str, version: str, now: datetime) -> Upload:
    """Take in one object version of customers, invoices or a policy. Doing it again changes nothing."""
    is_table = key.startswith(("customers/", "invoices/"))
    whole_bytes = min(edge.scale.whole_bytes if is_table else objects.MAX_OBJECT_BYTES, objects.MAX_OBJECT_BYTES)
    upload, found, now = register_table(edge, key, version, now, whole_bytes)
    if found is None or upload.state == "closed":
        return upload
    if isinstance(found, Large):
        from duly.flows import large  # reading in chunks needs what small uploads never do

        return large.take_large(edge, upload, found, now)
    if upload.kind == "policy":
        return take_policy(edge, upload, found.data, now)
    if upload.state == "received":
        edge.forget_policy()  # what a plan rejects stays rejected, so it is made under the policy in force now
        result = read_file(key, found.data, profile=profile_for(edge, key))
        parts, rejects = parts_of(edge, result)
        upload = plan(edge, upload, result, parts, rejects, now)
    send_parts(edge, upload, CUSTOMER, now)
    return upload


def plan(
    edge: Edge,
    upload: Upload,
    result: FileResult,
    parts: Sequence[Part],
    more_rejects: Sequence[Reject],
    now: datetime,
    **facts: Any,
) -> Upload:
    """Write the parts to ``parts/`` and note how many messages the upload has; from then on the plan is fixed."""
    rejects = (*result.rejects, *more_rejects)
    for number, (group, rows) in enumerate(parts):
        body = {"upload": upload.id, "number": number, "group": group, "rows": [codec.encode(row) for row in rows]}
        edge.objects.put(_part_key(upload.id, number), json.dumps(body).encode(), "application/json")
    groups = json.dumps([group for group, _ in parts]).encode()
    edge.objects.put(f"parts/{upload.id}/plan.json", groups, "application/json")
    write_rejects(edge, upload, rejects, "rejects.csv")
    planned = replace(
        upload,
        state="planned",
        format=result.format,
        messages=len(parts),
        rows_in=result.rows_in,
        amounts_in=result.amounts_in,
        rejected_rows=sum(reject.line > 0 for reject in rejects),
        rejected_amounts=amounts_of(rejects),
        reasons=reasons_of(rejects),
        receipt=f"{receipt_folder(upload)}/receipt.json",
        notes=(*result.notes, *_flagged(result)),
        **facts,
    )
    edge.uploads.save(planned)
    if rejects:
        edge.observer.metric("RowsRejected", len(rejects))
    close_if_complete(edge, upload.id, now)
    return planned


def send_parts(edge: Edge, upload: Upload, queue: str, now: datetime) -> None:
    """Send a message for every part that has no outcome yet."""
    found = edge.objects.get(f"parts/{upload.id}/plan.json")
    groups: list[str] = json.loads(found.data) if found else []
    edge.queues.send_all(queue, _part_messages(edge, upload, groups, now))
    close_if_complete(edge, upload.id, now)


def _part_messages(edge: Edge, upload: Upload, groups: Sequence[str], now: datetime) -> Iterator[Message]:
    for number, group in enumerate(groups):
        if not edge.uploads.has_outcome(upload.id, number):
            body = {"type": "rows", "upload": upload.id, "number": number, "account": group, "time": now.isoformat()}
            yield Message(body, group, f"{upload.id}-{number}")


def read_part(edge: Edge, upload: str, number: int) -> dict[str, Any]:
    """Return the rows of one part. Raises LookupError when the object is gone (kept 14 days)."""
    found = edge.objects.get(_part_key(upload, number))
    if found is None:
        raise LookupError(f"part {number} of upload {upload} is gone")
    body: dict[str, Any] = json.loads(found.data)
    return body


def _part_key(upload: str, number: int) -> str:
    return f"parts/{upload}/{number:08d}.json"


def amounts_of(rejects: Iterable[Reject]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for reject in rejects:
        if reject.amount_minor is not None and reject.currency:
            sums[reject.currency] = sums.get(reject.currency, 0) + reject.amount_minor
    return sums


def _flagged(result: FileResult) -> list[str]:
    """How many rows carry each flag: odd values that are no reason to refuse a row."""
    counts: dict[str, int] = {}
    for row in result.invoices:
        for note in row.notes:
            counts[note] = counts.get(note, 0) + 1
    return [f"{code}: {count} rows" for code, count in sorted(counts.items())]


def reasons_of(rejects: Iterable[Reject]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reject in rejects:
        counts[reject.code] = counts.get(reject.code, 0) + 1
    return counts


def parts_of(edge: Edge, result: FileResult) -> tuple[list[Part], list[Reject]]:
    """Group the rows by account, in file order, at most ROWS_PER_MESSAGE each; buyers nobody can name are rejects."""
    groups: dict[str, list[Any]] = {}
    rejects: list[Reject] = []
    for customer in result.customers:
        groups.setdefault(customer.id, []).append(customer)
    for crowded in [account for account, rows in groups.items() if len(rows) > MAX_CONTACTS]:
        reason = f"expected at most {MAX_CONTACTS} rows of one customer, found {len(groups[crowded])}"
        rejects += [Reject(row.line, "id", "too_many_contacts", reason) for row in groups.pop(crowded)]
    policy, has_policy = edge.policy(), edge.has_policy()
    known: dict[Any, Any] = {}
    for row in result.invoices:
        if has_policy and foreign_seller(row, policy):
            reason = "the invoice names another seller than the creditor of the policy"
            rejects.append(Reject(row.line, "seller", "foreign_seller", reason, row.amount_minor, row.currency))
            continue
        found = known.get(row.buyer) or known.setdefault(row.buyer, resolve(edge, row.buyer))
        if not found.account:
            rejects.append(Reject(row.line, found.field, found.code, found.reason, row.amount_minor, row.currency))
            continue
        groups.setdefault(found.account, []).append(row)
    parts: list[Part] = []
    for group, rows in groups.items():
        whole = bool(result.customers)  # all rows of a customer make one record: they stay together
        size = len(rows) if whole else ROWS_PER_MESSAGE
        parts += [(group, rows[start : start + size]) for start in range(0, len(rows), size)]
    return parts, rejects


def rows_of(part: dict[str, Any], kind: str) -> list[Any]:
    """Return the typed rows of a part."""
    shape: type[Any] = CustomerRow if kind == "customers" else InvoiceRow
    return [codec.decode(shape, row) for row in part["rows"]]
