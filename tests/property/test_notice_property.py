"""Whatever is told, the mail says exactly that: read back from its bytes, it equals the view (invariant 11)."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from duly.domain.charges import ChargeLine
from duly.mail.local_forms import amount, day, grouped, one_line, read_amount, read_day
from duly.mail.mime import build
from duly.mail.notice import LANGUAGES, CreditorView, NoticeItem, NoticeView, kind_of
from duly.mail.render import labels_of, render
from duly.mail.verify import ItemFacts, MailFacts, facts_of, tables_of

ITEM_FIELDS = [field.name for field in fields(ItemFacts) if field.name not in ("number", "charge_lines")]
CURRENCIES = ["EUR", "GBP", "USD", "JPY", "KWD", "CHF"]
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
AMOUNTS = st.integers(0, 10**17)
TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        "{{7*7}}",
        "<b>x</b>",
        "a\r\nBcc: x@y.example",
        "x\n  Total to pay:      EUR 0.01",
        "\u202eabc",
        "Kunde:  x",
        "  Due: 1",
        "-- ",
    ]
)
NUMBERS = TEXTS.filter(one_line)


@st.composite
def charge_lines(draw: st.DrawFn, fee: int, interest: int) -> tuple[ChargeLine, ...]:
    """Lines that add up to the fee and interest, or none."""
    if not fee + interest or draw(st.booleans()):
        return ()
    lines = [ChargeLine(draw(st.sampled_from(["fee", "indemnity", "fine"])), fee)] if fee else []
    left = interest
    for _ in range(draw(st.integers(0, 3))):
        part, first = draw(st.integers(0, max(left, 0))), draw(DAYS)
        percent = Decimal(draw(st.integers(0, 10**6))) / 10**4
        a_day = draw(st.integers(0, 10**6))
        lines.append(ChargeLine("interest", part, first, draw(DAYS), 31, percent, draw(AMOUNTS), 365, a_day))
        left -= part
    if left:
        lines.append(ChargeLine("earlier", left))
    if draw(st.booleans()):
        lines += [ChargeLine("earlier", 10), ChargeLine("settled", -10)]
    return tuple(lines)


@st.composite
def items(draw: st.DrawFn, as_of: date) -> NoticeItem:
    due = draw(DAYS)
    balance = draw(AMOUNTS)
    instalments = draw(st.integers(1, 12))
    fee, interest = draw(AMOUNTS | st.just(0)), draw(AMOUNTS | st.just(0))
    return NoticeItem(
        number=draw(NUMBERS),
        instalment=draw(st.integers(1, instalments)),
        issued=draw(DAYS),
        due=due,
        days_overdue=(as_of - due).days,
        level=draw(st.integers(0, 4)),
        step=draw(TEXTS),
        original_minor=draw(st.just(balance) | AMOUNTS),
        balance_minor=balance,
        fee_minor=fee,
        interest_minor=interest,
        charge_lines=draw(charge_lines(fee, interest)),
        instalments=instalments,
        returned=draw(st.sampled_from(["", "", "direct_debit", "card"])),
        replaces=draw(st.just("") | TEXTS),
    )


@st.composite
def views(draw: st.DrawFn) -> NoticeView:
    as_of = draw(DAYS)
    listed = draw(
        st.lists(items(as_of), min_size=1, max_size=5).filter(lambda some: sum(i.owed_minor for i in some) > 0)
    )
    gross = sum(item.owed_minor for item in listed)
    credits = draw(st.integers(0, gross - 1) | st.just(0))
    level = max(item.level for item in listed)
    creditor = CreditorView(
        name=draw(TEXTS.filter(one_line)),
        address=tuple(draw(st.lists(TEXTS, max_size=3))),
        email="ar@muster.example",
        iban=draw(st.sampled_from(["DE02120300000000202051", "GB33 BUKB 2020 1555 5555 55", ""])),
        bic=draw(st.sampled_from(["BYLADEM1001", ""])),
        legal_name_line=draw(TEXTS),
        phone=draw(st.sampled_from(["+49 40 123456", ""])),
        contact_name=draw(TEXTS),
    )
    return NoticeView(
        language=draw(st.sampled_from(LANGUAGES)),
        currency=draw(st.sampled_from(CURRENCIES)),
        level=level,
        step=draw(TEXTS),
        kind=kind_of(level, max(item.days_overdue for item in listed)),
        creditor=creditor,
        customer_id=draw(st.from_regex(r"[A-Z0-9-]{1,12}", fullmatch=True)),
        customer_name=draw(TEXTS),
        contact_name=draw(TEXTS),
        items=tuple(listed),
        credits_minor=credits,
        total_minor=gross - credits,
        as_of=as_of,
        payment_reference=draw(NUMBERS),
        respond_address="reply+token@in.muster.example",
        pay_by=draw(st.none() | DAYS),
        last_notice=draw(st.none() | DAYS),
    )


def mail(view: NoticeView) -> bytes:
    return build(
        render(view),
        sender_name=view.creditor.name,
        sender_address=view.creditor.email,
        to=["ap@fog.example"],
        reply_to=view.respond_address,
        date=datetime(2026, 3, 7, 9, tzinfo=UTC),
        attempt="a1",
    )


def in_order(view: NoticeView) -> list[NoticeItem]:
    """The items as a notice lists them: what is overdue comes first."""
    return sorted(view.items, key=lambda item: item.days_overdue <= 0)


def assert_text_is(facts: MailFacts, view: NoticeView) -> None:
    assert facts.language == view.language
    assert facts.currency == view.currency
    assert facts.total_minor == view.total_minor
    assert facts.credits_minor == view.credits_minor
    assert facts.as_of == view.as_of
    assert facts.pay_by == view.pay_by
    assert facts.customer_id == view.customer_id
    assert facts.customer_name == (one_line(view.customer_name) or view.customer_id)
    assert facts.account_holder == one_line(view.creditor.name)
    assert facts.iban == view.creditor.iban.replace(" ", "")
    assert facts.payment_reference == one_line(view.payment_reference)
    assert len(facts.items) == len(view.items)
    assert facts.due_now_minor == view.asked_minor
    for said, meant in zip(facts.items, in_order(view), strict=True):
        assert said.number == one_line(meant.number)
        for name in ITEM_FIELDS:
            assert getattr(said, name) == getattr(meant, name), name
        for line, told in zip(meant.charge_lines, said.charge_lines, strict=True):
            assert (told.kind, told.amount_minor) == (line.kind, line.amount_minor)
            figures = ("first", "last", "days", "year_days", "percent", "principal_minor")
            assert [getattr(told, name) for name in figures] == [getattr(line, name) for name in figures]


def expected_amounts(view: NoticeView) -> list[tuple[int, str]]:
    """The last line of each right-hand cell of the HTML's table, from top to bottom."""
    amounts = []
    for item in in_order(view):
        amounts.append(item.balance_minor if item.original_minor == item.balance_minor else item.original_minor)
        amounts += [charge for charge in (item.fee_minor, item.interest_minor) if charge]
    amounts += [-view.credits_minor] if view.credits_minor else []
    amounts.append(view.total_minor)
    amounts += [view.asked_minor] if view.asked_minor != view.total_minor else []
    return [(minor, view.currency) for minor in amounts]


@given(views())
def test_text_and_html_equal_the_view(view: NoticeView) -> None:
    raw = mail(view)
    assert_text_is(facts_of(raw), view)
    table, pay = tables_of(raw)
    rows = [row for row in table[1:] if len(row) > 1]
    prefix = labels_of(view.language)["original_short"] + " "
    last_lines = [row[-1].split("\n")[-1].removeprefix(prefix) for row in rows]
    assert [read_amount(line, view.language) for line in last_lines] == expected_amounts(view)
    item_rows = [row for row in rows if len(row) == 3]
    assert [row[0].split("\n")[0] for row in item_rows] == [one_line(item.number) for item in in_order(view)]
    assert [row[1].split("\n")[0] for row in item_rows] == [day(item.due, view.language) for item in in_order(view)]
    assert [row[2].split("\n")[0] for row in item_rows] == [
        amount(item.balance_minor, view.currency, view.language) for item in in_order(view)
    ]
    assert pay[0][1] == one_line(view.creditor.name)
    assert [row[1] for row in pay if row[0] == "IBAN"] == ([grouped(view.creditor.iban)] if view.creditor.iban else [])


@given(views())
def test_the_message_is_plain_and_its_headers_are_ours(view: NoticeView) -> None:
    raw = mail(view)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [
        b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"X-Auto-Response-Suppress", b"X-Duly-Attempt",
        b"Content-Language", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert mail(view) == raw


@given(st.integers(-(10**17), 10**17), st.sampled_from(CURRENCIES), st.sampled_from(LANGUAGES))
def test_amounts_are_read_as_they_were_written(minor: int, currency: str, language: str) -> None:
    assert read_amount(amount(minor, currency, language), language) == (minor, currency)


@given(DAYS, st.sampled_from(LANGUAGES))
def test_days_are_read_as_they_were_written(value: date, language: str) -> None:
    assert read_day(day(value, language), language) == value


@given(st.text())
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    clean = one_line(text)
    assert one_line(clean) == clean
    assert len(clean.splitlines()) <= 1
    assert clean == clean.strip()


@given(st.integers(-5, 9), st.integers(-400, 4000))
def test_a_kind_never_lies_about_the_due_date(level: int, days_overdue: int) -> None:
    assert (kind_of(level, days_overdue) == "before_due") == (days_overdue <= 0)
