"""What a person says on the telephone about open invoices, in the creditor's language.

It is made when it is looked at, from the account of that moment: figures are never stale, and no name or number is
kept with the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from duly.mail.local_forms import amount, day, one_line, plural
from duly.mail.notice import language_of
from duly.mail.render import environment

MAX_NAMED = 5  # invoice numbers that are said aloud; with more the number of them is said


@dataclass(frozen=True, slots=True)
class Due:
    """An open invoice, as it is spoken of. ``owed_minor`` is all that is open of it, charges included."""

    title: str
    due: date
    owed_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class CallView:
    """Who calls whom about what. ``numbers`` are telephone numbers with the role of their contact."""

    language: str
    creditor: str
    customer: str
    items: tuple[Due, ...]
    numbers: tuple[tuple[str, str], ...] = ()
    last_notice: date | None = None


def render_script(view: CallView) -> str:
    """The script as plain text, a paragraph each line."""
    language = language_of(view.language)
    values = {"creditor": one_line(view.creditor), "customer": one_line(view.customer), **_spoken(view, language)}
    module = environment().get_template(f"{language}/call.j2").make_module(values)
    words = {name: one_line(str(text)) for name, text in vars(module).items() if not name.startswith("_")}
    numbers = ", ".join(f"{number} ({role})" for number, role in view.numbers) or words["unknown"]
    lines = [f"{words['numbers']}: {numbers}"]
    if not view.items:
        return "\n".join([*lines, words["nothing"]])
    lines += [
        f"{words['open_now']}: {one_line(one.title)}, {day(one.due, language)}, "
        f"{amount(one.owed_minor, one.currency, language)}"
        for one in view.items
    ]
    if view.last_notice:
        lines.append(f"{words['last_notice']}: {day(view.last_notice, language)}")
    return "\n".join([*lines, "", *(words[name] for name in ("ask_for", "opening", "question", "closing"))])


def _spoken(view: CallView, language: str) -> dict[str, str]:
    if not view.items:
        return {"invoices": "", "total": "", "first_due": ""}
    titles = list(dict.fromkeys(one_line(item.title) for item in view.items))
    told = {"invoice_count": len(titles), "invoice_plural": plural(len(titles), language)}
    nobody = {"creditor": {"name": "", "email": ""}, **dict.fromkeys(("total", "invoices", "due", "reference"), "")}
    words = environment().get_template(f"{language}/sms.j2").make_module({**nobody, **told})  # for its invoices alone
    one, many = one_line(str(words.invoice)), one_line(str(words.invoices_word))  # type: ignore[attr-defined]
    named = titles if len(titles) <= MAX_NAMED else []
    invoices = f"{one} {titles[0]}" if len(titles) == 1 else f"{many} {', '.join(named)}" if named else ""
    return {
        "invoices": invoices or f"{len(titles)} {many}",
        "total": ", ".join(_totals(view.items, language)),
        "first_due": day(min(item.due for item in view.items), language),
    }


def _totals(items: Sequence[Due], language: str) -> list[str]:
    currencies = sorted({item.currency for item in items})
    sums = {code: sum(item.owed_minor for item in items if item.currency == code) for code in currencies}
    return [amount(minor, code, language) for code, minor in sums.items()]
