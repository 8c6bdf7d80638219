"""Large CSV files: cut into chunks, read in parallel, dealt out by customer, registered message by message.

1. *Plan* (`take_large`): the file is streamed once to find where it can be cut and what its encoding is.
2. *Chunks* (`take_chunk`): each is read and checked; its good rows are put down by bucket (a hash of the buyer), its
   rejects beside the receipt. When all chunks have voted on the forms of dates and amounts and the guess from the
   file's head was wrong, all are read again under the right forms.
3. *Buckets* (`take_bucket`): a message takes the rows of one bucket from all chunks, in the order of the file, and
   registers them account by account. Messages of one bucket follow each other, each sent by the one before.
4. The last message's end closes the upload.

Each step can be ended anywhere and done again: what was written is written again alike, what was registered is
recognised by upload and line, and each end looks whether it was the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from duly.flows.edge import Edge
from duly.flows.intake import Large, parts_of, plan, rejected_file
from duly.flows.outcomes import close, count_rows, make_receipt, rejected, summed, write_rejects
from duly.flows.profiles import profile_for
from duly.flows.registering import take_part
from duly.formats.chunked import Chunk, ChunkResult, Cutter, Layout, cells_of, forms_data, layout_of, read_chunk
from duly.formats.decoding import detect_encoding
from duly.formats.problems import FileProblem
from duly.formats.profile import Profile
from duly.formats.records import FileResult
from duly.formats.styles import Forms, Votes
from duly.store.queues import CUSTOMER, Message
from duly.store.uploads import ChunkOutcome, MessageOutcome, RowOutcome, Upload

FIRST_READING = 1
SECOND_READING = 2

MOST_PARTS = 100_000  # of accounts in one message: more than it has rows

Remaining = Callable[[], float]  # seconds until the time-out
Segment = tuple[int, int, int]  # chunk, first byte, bytes


# --- 1. the plan
def take_large(edge: Edge, upload: Upload, found: Large, now: datetime) -> Upload:
    """Plan the chunks of a large file and send them. Doing it again sends those that have no outcome."""
    if upload.state == "received":
        try:
            chunks, body = _cut(edge, upload, found)
        except FileProblem as problem:
            return plan(edge, upload, rejected_file(upload.kind, "csv", problem.as_reject()), (), (), now)
        edge.objects.put(_plan_key(upload.id), body, "application/json")
        upload = edge.uploads.advance(replace(upload, state="reading", format="csv", chunks=chunks))
        edge.observer.log("upload_cut", upload=upload.id, chunks=chunks)
    if upload.state == "reading":
        _send_chunks(edge, upload, FIRST_READING, None, now)
    elif upload.state == "planned":
        _send_buckets(edge, upload, now)
    return upload


def _cut(edge: Edge, upload: Upload, found: Large) -> tuple[int, bytes]:
    """Return the number of chunks, and the plan: layout, places of the chunks, number of buckets."""
    profile = profile_for(edge, upload.key)
    head = found.head[: found.head.rfind(b"\n") + 1]
    guess = _layout(upload, head, profile.encoding or detect_encoding(head), profile)
    cutter = Cutter(guess.separator, guess.width, edge.scale.chunk_bytes, edge.scale.row_bytes, profile.encoding)
    for start in range(0, found.size, edge.scale.chunk_bytes):
        stop = min(start + edge.scale.chunk_bytes, found.size)
        cutter.feed(_range(edge, upload.key, found.version, start, stop))
    cutter.finish()
    encoding = cutter.encoding.result()
    layout = guess if encoding == guess.encoding else _layout(upload, head, encoding, profile)
    plan = {
        "layout": layout.to_data(),
        "chunks": [[one.start, one.stop, one.line] for one in cutter.chunks],
        "buckets": _bucket_count(edge, upload.kind, found.size * head.count(b"\n") // len(head)),
    }
    return len(cutter.chunks), json.dumps(plan).encode()


def _layout(upload: Upload, head: bytes, encoding: str, profile: Profile) -> Layout:
    return layout_of(head, upload.key, upload.kind, encoding, profile)


def _bucket_count(edge: Edge, kind: str, rows: int) -> int:
    """A power of two, so that a bucket has about as many rows as a message should."""
    wanted = edge.scale.customers_per_message if kind == "customers" else edge.scale.invoices_per_message
    count = 1
    while count * wanted < rows and count < edge.scale.most_buckets:
        count *= 2
    return count


def _send_chunks(edge: Edge, upload: Upload, reading: int, forms: Forms | None, now: datetime) -> None:
    """Send a message for each chunk that has no outcome in this reading."""
    done = {one.number for one in edge.uploads.chunks(upload.id, reading)}
    body = {"type": "chunk", "upload": upload.id, "reading": reading, "time": now.isoformat()}
    if forms is not None:
        body |= {"forms": forms_data(forms)}
    edge.queues.send_all(
        CUSTOMER,
        (
            Message({**body, "number": number}, f"{upload.id}-c{number}", f"{upload.id}-c{number}-{reading}")
            for number in range(upload.chunks)
            if number not in done
        ),
    )


# --- 2. the chunks
def take_chunk(edge: Edge, body: Mapping[str, Any], now: datetime) -> None:
    """Read one chunk, put its rows down by bucket, and go on with the upload if it was the last."""
    upload = _known(edge, str(body["upload"]))
    number, reading = int(body["number"]), int(body["reading"])
    if upload.state == "planned":
        _send_buckets(edge, upload, now)
    if upload.state != "reading":
        return
    plan = _read_plan(edge, upload)
    layout = Layout.of_data(plan["layout"])
    forms = Forms(**body["forms"]) if "forms" in body else layout.forms
    if not edge.uploads.has_chunk(upload.id, reading, number):
        chunk = Chunk(*plan["chunks"][number])
        data = _range(edge, upload.key, upload.version, chunk.start, chunk.stop)
        result = read_chunk(layout, forms, data, chunk, plan["buckets"])
        del data
        _put_down(edge, upload, (reading, number), result)
    _after_chunk(edge, upload, layout, reading, forms, now)


def _put_down(edge: Edge, upload: Upload, place: tuple[int, int], result: ChunkResult) -> None:
    """Write what a chunk gave: its rows in segments, where each bucket's segments are, its rejects, its outcome."""
    reading, number = place
    segments: dict[int, list[tuple[int, int, int]]] = {}
    pieces: list[bytes] = []
    position = 0
    size = edge.scale.segment_rows
    for bucket, rows in sorted(result.by_bucket().items()):
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            pieces.append(json.dumps(some, ensure_ascii=False, separators=(",", ":")).encode())
            segments.setdefault(bucket, []).append((position, len(pieces[-1]), len(some)))
            position += len(pieces[-1])
    edge.objects.put(_rows_key(upload.id, reading, number), b"".join(pieces), "application/json")
    edge.objects.put(_index_key(upload.id, reading, number), json.dumps(segments).encode(), "application/json")
    write_rejects(edge, upload, result.rejects, _rejects_name(number), also_none=reading > FIRST_READING)
    rejects = summed(rejected(one) for one in result.rejects)
    votes = json.dumps(result.votes.to_data())
    outcome = ChunkOutcome(number, result.rows_in, result.amounts_in, rejects, result.flags, votes)
    edge.uploads.record_chunk(upload.id, reading, outcome)
    edge.observer.metric("RowsRead", result.rows_in)


def _after_chunk(edge: Edge, upload: Upload, layout: Layout, reading: int, forms: Forms, now: datetime) -> None:
    """Go on when all chunks were read: read again under other forms, or deal the rows out."""
    outcomes = edge.uploads.chunks(upload.id, reading)
    if len(outcomes) < upload.chunks:
        return
    votes = Votes()
    for one in outcomes:
        votes.update(Votes.of_data(json.loads(one.votes)))
    settled = layout.settle(votes)
    if settled != forms:
        if reading == SECOND_READING:
            raise ValueError("two readings of one file tell different forms")
        edge.observer.log("upload_read_again", upload=upload.id)
        _send_chunks(edge, upload, SECOND_READING, settled, now)
        return
    buckets, messages = _deal(edge, upload, reading, settled)
    edge.objects.put(_buckets_key(upload.id), buckets, "application/json")
    flags: dict[str, int] = {}
    for one in outcomes:
        for flag, rows in one.flags.items():
            flags[flag] = flags.get(flag, 0) + rows
    planned = replace(
        upload,
        state="planned",
        messages=messages,
        rows_in=sum(one.rows_in for one in outcomes),
        amounts_in=_added(one.amounts_in for one in outcomes),
        rejected_rows=sum(row.count for one in outcomes for row in one.rejects),
        rejected_amounts=_added({row.currency: row.amount_minor} for one in outcomes for row in one.rejects),
        reasons=_added({row.code: row.count} for one in outcomes for row in one.rejects),
        notes=(*layout.rows(settled).notes, *(f"{flag}: {rows} rows" for flag, rows in sorted(flags.items()))),
    )
    is_new = edge.uploads.advance(planned)
    if planned.rejected_rows:
        edge.observer.metric("RowsRejected", planned.rejected_rows)
    _send_buckets(edge, is_new, now)


def _added(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        for name, value in part.items():
            if name:
                sums[name] = sums.get(name, 0) + value
    return sums


# --- 3. the buckets
def _deal(edge: Edge, upload: Upload, reading: int, forms: Forms) -> tuple[bytes, int]:
    """Return the plan of the buckets, a line each, and the number of messages.

    A line holds the bucket, the number of its first message, how its rows were read and, for each of its messages, the
    segments of its rows in the order of the file. The rows of one customer make one record, so a bucket of customers is
    one message.
    """
    segments: dict[int, list[tuple[int, int, int, int]]] = {}
    for number in range(upload.chunks):
        index: dict[str, list[list[int]]] = json.loads(_object(edge, _index_key(upload.id, reading, number)))
        for name, found in index.items():
            mine = segments.setdefault(int(name), [])
            mine += [(number, start, size, rows) for start, size, rows in found]
    lines, messages = list[str](), 0
    most = 0 if upload.kind == "customers" else edge.scale.invoices_per_message
    for bucket, places in sorted(segments.items()):
        parts = list(_parts(places, most))
        line = {"bucket": bucket, "first": messages, "reading": reading, "forms": forms_data(forms), "parts": parts}
        lines.append(json.dumps(line))
        messages += len(parts)
    return "".join(f"{line}\n" for line in lines).encode(), messages


def _parts(places: Sequence[tuple[int, int, int, int]], most: int) -> Iterator[list[Segment]]:
    """Segments in parts of about ``most`` rows; all in one for 0."""
    part: list[Segment] = []
    count = 0
    for chunk, start, size, rows in places:
        if most and part and count + rows > most:
            yield part
            part, count = [], 0
        part.append((chunk, start, size))
        count += rows
    yield part


def _send_buckets(edge: Edge, upload: Upload, now: datetime) -> None:
    """Send the first message of every bucket, or close an upload that has none."""
    if not upload.messages:
        _close(edge, upload, now)
        return
    edge.queues.send_all(CUSTOMER, _first_messages(edge, upload, now))


def _first_messages(edge: Edge, upload: Upload, now: datetime) -> Iterator[Message]:
    position = 0
    for line in _object(edge, _buckets_key(upload.id)).splitlines(keepends=True):
        bucket = json.loads(line)
        yield _bucket_message(
            {
                "type": "bucket",
                "upload": upload.id,
                "number": bucket["first"],
                "bucket": bucket["bucket"],
                "at": [position, position + len(line)],
                "time": now.isoformat(),
            }
        )
        position += len(line)


def _bucket_message(body: dict[str, Any]) -> Message:
    """A message about a bucket; one that is sent again for want of time is another one (``attempt``)."""
    name = f"{body['upload']}-b{body['bucket']}"
    return Message(body, name, f"{name}-{body['number']}-{body.get('attempt', 0)}")


def take_bucket(edge: Edge, body: Mapping[str, Any], now: datetime, remaining: Remaining) -> None:
    """Register the rows of one message of a bucket, send the next one, and close the upload if it was the last."""
    upload = _known(edge, str(body["upload"]))
    if upload.state != "planned":
        return
    number = int(body["number"])
    bucket = json.loads(_range(edge, _buckets_key(upload.id), "", *body["at"]))
    if not edge.uploads.has_grouped(upload.id, number):
        outcomes = _register(edge, upload, bucket, number, now, remaining)
        if outcomes is None:
            again = {**body, "attempt": int(body.get("attempt", 0)) + 1, "time": now.isoformat()}
            edge.queues.send(CUSTOMER, _bucket_message(again))
            return
        refused = [row for row in outcomes if row.result == "rejected"]
        write_rejects(edge, upload, refused, _accounts_rejects_name(number))
        rows = summed(outcomes)
        edge.uploads.record_grouped(upload.id, MessageOutcome(number, rows))
        count_rows(edge, rows)
    if number + 1 < bucket["first"] + len(bucket["parts"]):
        following = {name: value for name, value in body.items() if name != "attempt"}
        edge.queues.send(CUSTOMER, _bucket_message({**following, "number": number + 1, "time": now.isoformat()}))
    if edge.uploads.are_all_grouped(upload, number):
        _close(edge, upload, now)


def _register(
    edge: Edge, upload: Upload, bucket: Mapping[str, Any], number: int, now: datetime, remaining: Remaining
) -> list[RowOutcome] | None:
    """Register the rows of one message; None when the time does not suffice (what is done is recognised again)."""
    if remaining() < edge.scale.leave_seconds:
        return None
    result = _read_rows(edge, upload, bucket, bucket["parts"][number - bucket["first"]])
    parts, rejects = parts_of(edge, result)
    outcomes = [rejected(one) for one in (*result.rejects, *rejects)]
    for place, (account, rows) in enumerate(parts):
        if remaining() < edge.scale.leave_seconds:
            return None
        outcomes += take_part(edge, upload, account, rows, number * MOST_PARTS + place, now)
    return outcomes


def _read_rows(edge: Edge, upload: Upload, bucket: Mapping[str, Any], segments: Sequence[Segment]) -> FileResult:
    """Read the rows of some segments as the reader of the whole file reads them."""
    layout = Layout.of_data(_read_plan(edge, upload)["layout"])
    rows: list[tuple[int, str]] = []
    for chunk, start, size in segments:
        key = _rows_key(upload.id, bucket["reading"], chunk)
        rows += json.loads(_range(edge, key, "", start, start + size))
    found = [(line, cells_of(text, layout.separator), "") for line, text in rows]
    return layout.read(found, Forms(**bucket["forms"]))


# --- 4. the end
def _close(edge: Edge, upload: Upload, now: datetime) -> None:
    """Write the receipt, the sum of all outcomes, with the names of the files of rejects beside it."""
    outcomes = sorted(edge.uploads.outcomes(upload.id), key=lambda one: one.number)
    rows = [row for one in outcomes for row in one.rows]
    reading = FIRST_READING
    if len(edge.uploads.chunks(upload.id, SECOND_READING)) == upload.chunks:
        reading = SECOND_READING
    files = [_rejects_name(one.number) for one in edge.uploads.chunks(upload.id, reading) if one.rejects]
    files += [
        _accounts_rejects_name(one.number) for one in outcomes if any(row.result == "rejected" for row in one.rows)
    ]
    close(edge, upload, make_receipt(upload, rows, now) | {"reject_files": files}, now)


# --- what lies where
def _plan_key(upload: str) -> str:
    return f"parts/{upload}/plan.json"


def _rows_key(upload: str, reading: int, chunk: int) -> str:
    return f"parts/{upload}/rows-{reading}-{chunk:05d}.json"


def _index_key(upload: str, reading: int, chunk: int) -> str:
    return f"parts/{upload}/index-{reading}-{chunk:05d}.json"


def _buckets_key(upload: str) -> str:
    return f"parts/{upload}/buckets.json"


def _rejects_name(chunk: int) -> str:
    return f"rejects-{chunk:05d}.csv"


def _accounts_rejects_name(number: int) -> str:
    return f"rejects-accounts-{number:08d}.csv"


def _known(edge: Edge, upload_id: str) -> Upload:
    upload = edge.uploads.get(upload_id)
    if upload is None:
        raise LookupError("a message names an upload that is not known")
    return upload


def _read_plan(edge: Edge, upload: Upload) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_object(edge, _plan_key(upload.id)))
    return found


def _object(edge: Edge, key: str) -> bytes:
    found = edge.objects.get(key)
    if found is None:
        raise LookupError(f"{key} is gone")
    return found.data


def _range(edge: Edge, key: str, version: str, start: int, stop: int) -> bytes:
    found = edge.objects.get_range(key, version, start, stop)
    if found is None:
        raise LookupError(f"{key} is gone")
    return found
