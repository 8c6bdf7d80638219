"""Delivery reports (bounces): RFC 3464 and the forms that mail systems made up before or instead of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["failed", "delayed", "delivered", "complaint"]


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of one recipient. `status` is an enhanced code of RFC 3463 ("5.1.1") or empty; `permanent` says
    that the address will never work, as opposed to this message having been refused; `reason` is a short code."""

    recipient: str
    action: Action
    status: str
    permanent: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report about a mail of ours. `form` names how it was recognised: "dsn", "feedback" or "text"."""

    form: str
    recipients: tuple[RecipientReport, ...] = ()

    @property
    def permanent(self) -> bool:
        """Whether any recipient's address is dead."""
        return any(recipient.permanent for recipient in self.recipients)

    @property
    def failed(self) -> bool:
        """Whether the mail did not and will not reach somebody."""
        return any(recipient.action == "failed" for recipient in self.recipients)

    @property
    def complaint(self) -> bool:
        """Whether somebody marked the mail as spam (RFC 5965)."""
        return any(recipient.action == "complaint" for recipient in self.recipients)
