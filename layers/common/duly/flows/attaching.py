"""What a step sends along with its e-mail: open items, the formal notice as a letter, copies of the invoices.

What is too large for a mail, or is not there, is left out, and the mail does not speak of it: the reminder itself lists
what it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.policy import Policy
from duly.flows.copies import invoice_copies
from duly.flows.edge import Edge
from duly.flows.statements_of_account import open_items_pdf
from duly.mail import mime
from duly.mail.letter import LetterView, render_letter
from duly.mail.notice import NoticeView, language_of
from duly.mail.statement import words_of
from duly.mail.typeset import PdfTooLarge


@dataclass(frozen=True, slots=True)
class Attached:
    """The files of a mail, and the view that speaks of them."""

    view: NoticeView
    files: tuple[mime.Attachment, ...] = ()


def letter_view(account: Account, view: NoticeView, policy: Policy, is_registered: bool = False) -> LetterView:
    """The notice as a letter to the customer's postal address."""
    creditor = policy.creditor
    address = tuple(account.personal.get("address", ()))
    return LetterView(view, address, account.header.country, creditor.country, creditor.language, is_registered)


def attached(edge: Edge, account: Account, claim: ev.NoticeClaimed, policy: Policy, view: NoticeView) -> Attached:
    """Return what the step of a claim attaches, within what one mail may hold."""
    step = policy.step_named(claim.scenario, claim.step)
    wanted = step.attach if step else ()
    found = Attached(view)
    if "statement" in wanted:
        found = _with_statement(edge, account, claim, policy, found)
    if "formal_notice" in wanted:
        found = _with_letter(edge, account, claim, policy, found)
    if "invoices" in wanted:
        items = [account.items[part.item] for part in claim.items]
        copies = invoice_copies(edge, items, _room(found))
        files = tuple(mime.Attachment(copy.name, copy.content_type, copy.data) for copy in copies)
        found = Attached(replace(found.view, invoices_attached=bool(files)), (*found.files, *files))
    return found


def _room(found: Attached) -> int:
    return mime.MAX_ATTACHED_BYTES - sum(len(one.data) for one in found.files)


def _with_statement(edge: Edge, account: Account, claim: ev.NoticeClaimed, policy: Policy, found: Attached) -> Attached:
    """The open items at exactly the claim's version."""
    today = local_date(claim.at, account.header.timezone)
    try:
        data = open_items_pdf(account, policy, today)
    except PdfTooLarge:
        data = b""
    if not data or len(data) > _room(found):
        edge.observer.log("statement_left_out", account=account.id, notice=claim.notice)
        return found
    name = words_of(language_of(account.header.language, policy.creditor.language))["file_name"]
    file = mime.Attachment(f"{name}-{today.isoformat()}.pdf", "application/pdf", data)
    return Attached(replace(found.view, statement_attached=True), (*found.files, file))


def _with_letter(edge: Edge, account: Account, claim: ev.NoticeClaimed, policy: Policy, found: Attached) -> Attached:
    """This notice as a letter: the same words and figures on paper."""
    try:
        data = render_letter(letter_view(account, found.view, policy))
    except PdfTooLarge:
        data = b""
    if not data or len(data) > _room(found):
        edge.observer.log("formal_notice_left_out", account=account.id, notice=claim.notice)
        return found
    file = mime.Attachment(f"notice-{found.view.as_of.isoformat()}.pdf", "application/pdf", data)
    return Attached(replace(found.view, letter_attached=True), (*found.files, file))
