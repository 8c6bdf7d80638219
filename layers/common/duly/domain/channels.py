"""The channels of a step, by what they are: a message that goes out, a document that is written, a person's task."""

from __future__ import annotations

EMAIL, SMS, LETTER, REGISTERED_LETTER, CALL, HAND_OVER = (
    "email",
    "sms",
    "letter",
    "registered_letter",
    "call",
    "hand_over",
)
CHANNEL_ORDER = (EMAIL, SMS, LETTER, REGISTERED_LETTER, CALL, HAND_OVER)
LETTERS = frozenset({LETTER, REGISTERED_LETTER})
ELECTRONIC = frozenset({EMAIL, SMS})  # sent at once, so the debtor's contact window counts
NOTICES = ELECTRONIC | LETTERS  # what the customer gets to read: it takes the day's contact and counts as a notice
WRITTEN = LETTERS | {HAND_OVER}  # a document in the bucket; whether it was written can be looked up at any time
TASK_KINDS = {LETTER: "post_letter", REGISTERED_LETTER: "post_letter", HAND_OVER: "hand_over", CALL: "call"}
