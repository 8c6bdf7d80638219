"""The cover sheet of a hand-over: who owes what, on whose figures, and what the file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from duly.mail.letter import LetterView, letter_values
from duly.mail.local_forms import one_line
from duly.mail.notice import language_of
from duly.mail.render import environment
from duly.mail.typeset import Values, pdf, pictures

PARTS = ("ledger", "invoices", "notices", "replies", "charges", "manifest")


@dataclass(frozen=True, slots=True)
class CoverView:
    """What is handed over, as a notice would tell it. ``to`` is agency, lawyer or insurer; ``files`` names the file or
    folder of each of PARTS that the hand-over has."""

    letter: LetterView
    to: str
    vat_id: str
    contacts: tuple[str, ...]
    files: Mapping[str, str]


def render_cover(view: CoverView) -> bytes:
    """The cover sheet as PDF/UA, in the creditor's language. Raises PdfTooLarge and NoticeError."""
    return pdf("handover", cover_values(view), view.letter.notice.as_of)


def render_pictures(view: CoverView, dots_per_inch: int = 144) -> list[bytes]:
    """The pages of the cover sheet as PNG, for documentation."""
    return pictures("handover", cover_values(view), view.letter.notice.as_of, dots_per_inch)


def cover_values(view: CoverView) -> Values:
    """Everything that the layout may name, as clean text in the creditor's language."""
    language = language_of(view.letter.creditor_language)
    notice = replace(view.letter.notice, language=language)
    values = letter_values(replace(view.letter, notice=notice, is_registered=False))
    words = _words(language)
    return {
        **values,
        "title": words.get(view.to, words["other"]),
        "currency": notice.currency,
        "recipient": [],
        "words": {**values["words"], **words},
        "debtor": _debtor(view, values, words),
        "files": [(view.files[part], words[part]) for part in PARTS if part in view.files],
    }


def _debtor(view: CoverView, values: Values, words: Mapping[str, str]) -> list[tuple[str, str]]:
    found: list[tuple[str, Any]] = [
        (words["debtor"], values["customer_name"]),
        (values["words"]["customer_id"], values["customer_id"]),
        (words["address"], ", ".join([*(one_line(line) for line in view.letter.address), view.letter.country])),
        (words["vat_id"], one_line(view.vat_id)),
        (words["contacts"], ", ".join(one_line(contact) for contact in view.contacts)),
    ]
    return [(name, value) for name, value in found if value]


def _words(language: str) -> dict[str, str]:
    module = environment().get_template(f"{language}/handover.j2").module
    return {name: str(text) for name, text in vars(module).items() if not name.startswith("_")}
