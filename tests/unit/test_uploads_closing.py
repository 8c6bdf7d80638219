"""Closing an upload of many messages: only when all have an outcome, and without reading all outcomes each time."""

from __future__ import annotations

from datetime import UTC, datetime

from duly.store.memory import MemoryTable
from duly.store.uploads import MessageOutcome, Upload, UploadStore

MESSAGES = 300
UPLOAD = Upload("u", "customers/a.csv", "1", "customers", datetime(2026, 3, 2, tzinfo=UTC), messages=MESSAGES)


def test_whatever_message_comes_last_finds_that_the_upload_may_be_complete() -> None:
    for last in (0, 1, MESSAGES // 3, MESSAGES // 2, MESSAGES - 2, MESSAGES - 1):
        store = UploadStore(MemoryTable())
        for number in (*(one for one in range(MESSAGES) if one != last), last):
            store.record(UPLOAD.id, MessageOutcome(number, ()))
        assert store.may_be_complete(UPLOAD)


def test_outcomes_are_not_all_read_while_messages_in_order_are_worked_on() -> None:
    store = UploadStore(MemoryTable())
    for number in range(MESSAGES - 1):
        store.record(UPLOAD.id, MessageOutcome(number, ()))
        assert not store.may_be_complete(UPLOAD)
