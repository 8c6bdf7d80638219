"""A notice as a letter: what goes to the post, along with a mail, and into a hand-over.

Its words are those of the mail (opening, ask, closing, labels) and of the statement (page numbers); one file per
language holds the few that only a letter says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from duly.mail.local_forms import one_line
from duly.mail.notice import NoticeView, language_of
from duly.mail.postal import recipient_lines
from duly.mail.render import code_of, environment, labels_of, values_of, words_of_kind
from duly.mail.statement import words_of
from duly.mail.typeset import Values, pdf, pictures

#: The code's side with its quiet zone. A Swiss code is 46 mm without (Swiss implementation guidelines QR-bill).
SIDES_MM: Final = {"epc": 32, "swiss": 53}


@dataclass(frozen=True, slots=True)
class LetterView:
    """A notice with where it is posted. Countries are ISO 3166 codes; ``creditor_language`` is what the post of the
    creditor's country reads."""

    notice: NoticeView
    address: tuple[str, ...]
    country: str
    creditor_country: str
    creditor_language: str
    is_registered: bool = False


def render_letter(view: LetterView) -> bytes:
    """The letter as PDF/UA (A4, tagged), the same bytes for the same view. Raises PdfTooLarge and NoticeError."""
    return pdf("notice", letter_values(view), view.notice.as_of)


def render_pictures(view: LetterView, dots_per_inch: int = 144) -> list[bytes]:
    """The pages of the PDF as PNG, for documentation."""
    return pictures("notice", letter_values(view), view.notice.as_of, dots_per_inch)


def letter_values(view: LetterView) -> Values:
    """Everything that the layout may name, as clean text in the language's forms."""
    notice = view.notice
    language = language_of(notice.language)
    values: Values = dict(values_of(notice, language))
    said = words_of_kind(notice, values)
    common = _words(f"{language}/common.j2", values)
    only_here = _words(f"{language}/letter.j2", values)
    labels, sheet = labels_of(language), words_of(language)
    remark = _words(f"{language_of(view.creditor_language)}/letter.j2", values).registered if view.is_registered else ""
    return {
        **values,
        "items": [_item(item, common, labels) for item in values["items"]],
        "title": one_line(str(said.subject)),
        "running": values["as_of"],
        "remark": one_line(str(remark)),
        "recipient": recipient_lines(
            values["customer_name"], notice.contact_name, view.address, view.country, view.creditor_country
        ),
        "facts": _facts(values, labels, sheet),
        "footer": _footer(values["creditor"]),
        "words": {
            **labels,
            "page": sheet["page"],
            "page_of": sheet["page_of"],
            **{name: one_line(str(getattr(common, name))) for name in _COMMON},
            **{name: one_line(str(getattr(said, name))) for name in ("opening", "ask", "closing")},
            **{name: one_line(str(getattr(only_here, name))) for name in ("answer", "charges_title", "unsigned")},
            "questions": [one_line(help_["question"]) for help_ in common.helps],
        },
        **_code(notice),
        "fee_name": labels["costs" if labels["costs"] in {item["fee_name"] for item in values["items"]} else "fee"],
        "has_fee": any(item["fee"] for item in values["items"]),
        "has_interest": any(item["interest"] for item in values["items"]),
    }


def _code(notice: NoticeView) -> Values:
    """The picture of the payment code as bytes, and its side in millimetres; no bytes when there is none."""
    code = code_of(notice)
    if code is None:
        return {"code": [], "code_side": 0}
    from duly.mail.code_picture import png_of

    return {"code": list(png_of(code)), "code_side": SIDES_MM[code.standard]}


_COMMON = ("greeting", "title_pay", "title_help", "can_wait", "regards", "scan", "scan_alt")


def _words(name: str, values: Values) -> Any:
    return environment().get_template(name).make_module(values)


def _item(item: Values, common: Any, labels: dict[str, str]) -> Values:
    """An item with its instalment, age and remark in words."""
    instalment = ""
    if item["instalment"]:
        of = f" {labels['instalment_of']} {item['instalments']}" if item["instalments"] else ""
        instalment = f"{labels['instalment']} {item['instalment']}{of}"
    remark = one_line(str(common.remark(item)))
    return {
        **item,
        "age": one_line(str(common.age(item))),
        "remarks": ", ".join(text for text in (instalment, remark) if text),
    }


def _facts(values: Values, labels: dict[str, str], sheet: dict[str, str]) -> list[tuple[str, str]]:
    creditor = values["creditor"]
    found = (
        (sheet["date"], values["as_of"]),
        (labels["customer_id"], values["customer_id"]),
        (sheet["contact"], creditor["contact_name"]),
        (labels["phone"], creditor["phone"]),
        (labels["email"], creditor["email"]),
    )
    return [(name, value) for name, value in found if value]


def _footer(creditor: Values) -> list[str]:
    return [part for part in (creditor["legal_name_line"], creditor["email"], creditor["phone"]) if part]
