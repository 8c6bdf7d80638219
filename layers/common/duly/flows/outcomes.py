"""Closing an upload: when every message has its outcome, the receipt is their sum and is written to the bucket."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from duly.domain.money import format_minor
from duly.flows.edge import Edge
from duly.formats.export import csv_text
from duly.formats.records import Reject
from duly.store.uploads import MessageOutcome, RowOutcome, Upload

LONGEST_KEY_BYTES = 900  # S3 allows 1,024 for a key; the receipt's own takes folder, version and name besides
RESULTS = ("applied", "duplicate", "rejected")


def receipt_folder(upload: Upload) -> str:
    """Return where the receipt of an object version lies: under ``receipts/``, by its key and version, or by the
    upload's id where the key leaves no room for them."""
    if len(upload.key.encode()) > LONGEST_KEY_BYTES:
        return f"receipts/by-upload/{upload.id}"
    return f"receipts/{upload.key}/{upload.version or 'null'}"


def finish_message(edge: Edge, upload_id: str, number: int, rows: Sequence[RowOutcome], now: datetime) -> None:
    """Record what became of one message's rows, and close the upload when it was the last."""
    edge.uploads.record(upload_id, MessageOutcome(number, tuple(rows)))
    count_rows(edge, rows)
    close_if_complete(edge, upload_id, now)


def count_rows(edge: Edge, rows: Sequence[RowOutcome]) -> None:
    """Count what became of rows in the metrics."""
    for result, metric in (("applied", "RowsApplied"), ("rejected", "RowsRejected")):
        count = sum(row.count for row in rows if row.result == result)
        if count:
            edge.observer.metric(metric, count)


def summed(rows: Iterable[RowOutcome]) -> tuple[RowOutcome, ...]:
    """Return the rows as sums by result, code, currency, sign of the amount and what was noticed."""
    sums: dict[tuple[str, str, str, bool, tuple[str, ...]], tuple[int, int]] = {}
    for row in rows:
        key = (row.result, row.code, row.currency, row.amount_minor < 0, row.flags)
        count, amount = sums.get(key, (0, 0))
        sums[key] = (count + row.count, amount + row.amount_minor)
    return tuple(
        RowOutcome(0, result, amount, currency, code=code, count=count, flags=flags)
        for (result, code, currency, _, flags), (count, amount) in sorted(sums.items())
    )


def rejected(reject: Reject) -> RowOutcome:
    """Return the outcome of a row that was rejected before any account was asked."""
    amount = reject.amount_minor if reject.amount_minor is not None and reject.currency else 0
    currency = (reject.currency or "") if reject.amount_minor is not None else ""
    return RowOutcome(reject.line, "rejected", amount, currency, reject.field, reject.code, reject.reason)


def close_if_complete(edge: Edge, upload_id: str, now: datetime) -> bool:
    """Write the receipt and close the upload if all its messages have outcomes; return whether it is closed."""
    upload = edge.uploads.get(upload_id)
    if upload is None or upload.state == "received":
        return False
    if upload.state == "closed":
        edge.uploads.no_longer_open(upload)  # its writer may have ended just before that
        return True
    if upload.chunks:
        return False  # its messages are many, and counted in groups
    if not edge.uploads.may_be_complete(upload):
        return False
    outcomes = edge.uploads.outcomes(upload_id)
    if len(outcomes) < upload.messages:
        return False
    rows = [row for outcome in outcomes for row in outcome.rows]
    receipt = make_receipt(upload, rows, now)
    write_rejects(edge, upload, (row for row in rows if row.result == "rejected"), "rejects-accounts.csv")
    close(edge, upload, receipt, now)
    return True


def close(edge: Edge, upload: Upload, receipt: dict[str, Any], now: datetime) -> None:
    """Write the receipt and close the upload."""
    folder = receipt_folder(upload)
    edge.objects.put(f"{folder}/receipt.json", _json(receipt), "application/json")
    if upload.covers_until is not None:
        edge.stack.extend_bank_data(upload.covers_until)
    outcome = {result: receipt["rows"][result] for result in RESULTS if receipt["rows"][result]}
    edge.uploads.close(replace(upload, outcome=outcome, codes=receipt["reasons"]), now, f"{folder}/receipt.json")
    edge.observer.log("upload_closed", upload=upload.id, rejected=receipt["rows"]["rejected"])


def make_receipt(upload: Upload, rows: Sequence[RowOutcome], now: datetime) -> dict[str, Any]:
    """Return the receipt: rows and money by outcome, which add up to what came in."""
    counts = {result: sum(row.count for row in rows if row.result == result) for result in RESULTS}
    amounts = {result: _sums(row for row in rows if row.result == result) for result in RESULTS}
    counts["rejected"] += upload.rejected_rows
    for currency, amount in upload.rejected_amounts.items():
        amounts["rejected"][currency] = amounts["rejected"].get(currency, 0) + amount
    reasons = dict(upload.reasons)
    for row in rows:
        if row.code:
            reasons[row.code] = reasons.get(row.code, 0) + row.count
    flags = _flag_counts(rows)
    adds_up = sum(counts.values()) == upload.rows_in and _total(amounts) == _nonzero(upload.amounts_in)
    return {
        "upload": upload.id,
        "key": upload.key,
        "version": upload.version,
        "kind": upload.kind,
        "format": upload.format,
        "notes": list(upload.notes),
        "arrived": upload.at.isoformat(),
        "closed": now.isoformat(),
        "rows": {"in": upload.rows_in, **counts},
        "amounts": {
            "in": _strings(upload.amounts_in),
            **{result: _strings(found) for result, found in amounts.items()},
        },
        "reasons": dict(sorted(reasons.items())),
        "flags": dict(sorted(flags.items())),
        "adds_up": adds_up,
    }


def write_rejects(
    edge: Edge, upload: Upload, rejects: Iterable[RowOutcome | Reject], name: str, also_none: bool = False
) -> None:
    """Write rejected rows as a CSV beside the receipt: line, field, code, reason. Nothing is written for none, unless
    a file of that name may have been written before (``also_none``)."""
    lines = [(str(one.line), one.field, one.code, one.reason) for one in rejects]
    if lines or also_none:
        text = csv_text(("line", "field", "code", "reason"), lines)
        edge.objects.put(f"{receipt_folder(upload)}/{name}", text.encode(), "text/csv; charset=utf-8")


def _flag_counts(rows: Iterable[RowOutcome]) -> Counter[str]:
    """How many applied rows carry each flag."""
    flags: Counter[str] = Counter()
    for row in rows:
        if row.result == "applied":
            flags.update(dict.fromkeys(row.flags, row.count))
    return flags


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=2, ensure_ascii=False).encode()


def _sums(rows: Iterable[RowOutcome]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        if row.currency:
            sums[row.currency] = sums.get(row.currency, 0) + row.amount_minor
    return sums


def _total(amounts: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for found in amounts.values():
        for currency, amount in found.items():
            total[currency] = total.get(currency, 0) + amount
    return _nonzero(total)


def _nonzero(amounts: dict[str, int]) -> dict[str, int]:
    return {currency: amount for currency, amount in amounts.items() if amount}


def _strings(amounts: dict[str, int]) -> dict[str, str]:
    return {currency: format_minor(amount, currency) for currency, amount in sorted(amounts.items())}
