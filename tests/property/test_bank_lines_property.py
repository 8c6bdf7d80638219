"""MT940 and CODA: made-up statements read back as written; whatever is cut or garbled never raises and adds up."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from duly.formats.read import read_file, to_json
from duly.formats.records import FileResult, Statement
from tests.coda_samples import example, header, movement, new_balance, old_balance, trailer

amounts = st.integers(-(10**9), 10**9)
days = st.dates(date(2000, 1, 10), date(2088, 12, 20))
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEF0123456789 .,()'+", max_size=120)


def written(minor: int) -> str:
    return f"{abs(minor) // 100},{abs(minor) % 100:02}"


def mark(minor: int) -> str:
    return "D" if minor < 0 else "C"


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, list[tuple[int, date, date]]]:
    """MT940 messages, some in pages, and the amount, value and booking day of each entry."""
    lines, told = list[str](), list[tuple[int, date, date]]()
    for number in range(1, draw(st.integers(1, 3)) + 1):
        balance = draw(amounts)
        pages = draw(st.integers(1, 3))
        for page in range(1, pages + 1):
            lines += [":20:X", f":25:DE{number}", f":28C:{number}/{page}"]
            lines.append(f":60{'F' if page == 1 else 'M'}:{mark(balance)}260101EUR{written(balance)}")
            for minor in draw(st.lists(amounts, max_size=3)):
                value = draw(days)
                booked = value + timedelta(days=draw(st.integers(-9, 9)))
                told.append((minor, value, booked))
                balance += minor
                is_reversal = draw(st.booleans())
                sign = ("RC" if minor < 0 else "RD") if is_reversal else mark(minor)
                lines.append(f":61:{value:%y%m%d}{booked:%m%d}{sign}{written(minor)}NTRFNONREF")
                text = draw(words)
                lines += [f":86:{text[:61]}", *([text[61:]] if len(text) > 61 else [])]
            lines.append(f":62{'F' if page == pages else 'M'}:{mark(balance)}260101EUR{written(balance)}")
            lines.append("-")
    return "\n".join(lines), told


def check(result: FileResult) -> None:
    """The counts and sums of a result are those of its records and rejects."""
    to_json(result)
    entries = [entry for record in result.records if isinstance(record, Statement) for entry in record.entries]
    assert result.rows_in == len(entries) + len(result.rejected_rows)
    money = sum(entry.amount_minor for entry in entries if entry.currency == "EUR")
    money += sum(reject.amount_minor or 0 for reject in result.rejects if reject.currency == "EUR")
    assert result.amounts_in.get("EUR", 0) == money
    lines = [entry.line for entry in entries]
    assert len(set(lines)) == len(lines)


@given(messages(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_an_mt940_reads_back_as_written(made: tuple[str, list[tuple[int, date, date]]], end: str) -> None:
    text, told = made
    result = read_file("statements/a", text.replace("\n", end).encode())
    check(result)
    entries = [entry for statement in result.statements for entry in statement.entries]
    assert [(entry.amount_minor, entry.value, entry.booked) for entry in entries] == told
    assert result.rejects == ()
    assert len(result.statements) == len({statement.account for statement in result.statements})


@given(messages(), st.integers(-5, 5).filter(bool))
def test_a_changed_closing_balance_is_noticed(made: tuple[str, list[tuple[int, date, date]]], gap: int) -> None:
    text, _ = made
    before, found, line = text.rpartition(":62F:")
    sign = -1 if line.startswith("D") else 1
    whole, _, cents = line[10:].partition("\n")[0].partition(",")
    minor = sign * int(whole + cents) + gap
    changed = f"{before}{found}{mark(minor)}260101EUR{written(minor)}\n-"
    assert [reject.code for reject in read_file("statements/a", changed.encode()).rejects] == ["balance_mismatch"]


@given(messages(), st.data())
def test_a_cut_or_garbled_mt940_never_raises_and_adds_up(
    made: tuple[str, list[tuple[int, date, date]]], data: st.DataObject
) -> None:
    raw = made[0].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    check(read_file("statements/a", raw[:start] + data.draw(st.binary(max_size=10)) + raw[end:]))
    check(read_file("statements/a", raw[:start]))


@given(st.lists(amounts, max_size=5), amounts)
def test_a_coda_reads_back_as_written(moved: list[int], opening: int) -> None:
    lines = [header(), old_balance(opening)]
    lines += [movement(number, 0, minor) for number, minor in enumerate(moved, start=1)]
    debit, credit = (sum(abs(minor) for minor in moved if minor * sign > 0) for sign in (-1, 1))
    lines += [new_balance(opening + sum(moved)), trailer(len(moved) + 2, debit, credit)]
    result = read_file("statements/a", "\n".join(lines).encode())
    check(result)
    assert [entry.amount_minor for entry in result.statements[0].entries] == moved
    assert result.rejects == ()


@given(st.data())
def test_a_cut_or_garbled_coda_never_raises_and_adds_up(data: st.DataObject) -> None:
    raw = example().encode("latin-1")
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 200)))
    check(read_file("statements/a", raw[:start] + data.draw(st.binary(max_size=10)) + raw[end:]))
