"""A file read in chunks gives what it gives read whole, wherever it is cut: records, rejects, lines, money, notes."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from duly.formats.chunked import ChunkResult, Cutter, Layout, cells_of, forms_data, layout_of, read_chunk
from duly.formats.decoding import detect_encoding
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.read import read_file
from duly.formats.records import FileResult
from duly.formats.styles import Forms, Votes

BUCKETS = 4
MAX_LINE_BYTES = 1 << 20


@dataclass
class Whole:
    """What all chunks gave together."""

    records: list[object]
    rejects: list[object]
    rows_in: int
    amounts_in: dict[str, int]
    notes: tuple[str, ...]
    flags: dict[str, int]
    chunks: int


def read_in_chunks(
    name: str, data: bytes, kind: str, chunk_bytes: int, profile: Profile = NO_PROFILE
) -> Whole | FileProblem:
    """Read as the functions read a large file: cut, vote, settle, read again where the guess was wrong."""
    try:
        first = layout_of(data, name, kind, detect_encoding(data), profile)
        cutter = Cutter(first.separator, first.width, chunk_bytes, MAX_LINE_BYTES)
        for start in range(0, len(data), 97):
            cutter.feed(data[start : start + 97])
        cutter.finish()
        layout = Layout.of_data(layout_of(data, name, kind, cutter.encoding.result(), profile).to_data())
    except FileProblem as problem:
        return problem
    forms = layout.forms
    results = all_chunks(layout, forms, data, cutter)
    votes = Votes()
    for result in results:
        votes.update(Votes.of_data(result.votes.to_data()))
    settled = layout.settle(votes)
    if settled != forms:
        results = all_chunks(layout, settled, data, cutter)
    rows = sorted(row for result in results for found in result.by_bucket().values() for row in found)
    read = layout.read(
        [(line, cells_of(text, layout.separator), "") for line, text in rows], Forms(**forms_data(settled))
    )
    assert read.rejects == ()
    for result in results:
        buckets = [[line for line, _ in found] for found in result.by_bucket().values()]
        assert all(lines == sorted(lines) for lines in buckets)
    return Whole(
        list(read.records),
        [reject for result in results for reject in result.rejects],
        sum(result.rows_in for result in results),
        summed(result.amounts_in for result in results),
        layout.rows(settled).notes,
        summed(result.flags for result in results),
        len(results),
    )


def all_chunks(layout: Layout, forms: Forms, data: bytes, cutter: Cutter) -> list[ChunkResult]:
    assert [chunk.start for chunk in cutter.chunks[1:]] == [chunk.stop for chunk in cutter.chunks[:-1]]
    return [read_chunk(layout, forms, data[chunk.start : chunk.stop], chunk, BUCKETS) for chunk in cutter.chunks]


def summed(parts: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:  # type: ignore[attr-defined]
        for key, value in part.items():
            found[key] = found.get(key, 0) + value
    return found


def flags_of(whole: FileResult) -> dict[str, int]:
    return summed([{note: 1} for row in whole.invoices for note in row.notes])


def check_same(name: str, data: bytes, chunk_bytes: int, profile: Profile = NO_PROFILE) -> Whole | None:
    kind = name.partition("/")[0]
    whole = read_file(name, data, profile=profile)
    found = read_in_chunks(name, data, kind, chunk_bytes, profile)
    if isinstance(found, FileProblem):
        assert whole.rejects == (found.as_reject(),)
        return None
    assert found.records == list(whole.records)
    assert found.rejects == list(whole.rejects)
    assert found.rows_in == whole.rows_in
    assert {key: value for key, value in found.amounts_in.items() if value} == {
        key: value for key, value in whole.amounts_in.items() if value
    }
    assert found.notes == whole.notes
    assert found.flags == flags_of(whole)
    return found


HEADER = "number,customer,issued,due,amount,currency,type,terms,order,reference,name,vat_id,email,country"
CELLS = {
    "number": [
        "R1",
        "R2",
        "CN 7",
        " R4 ",
        "",
        "  ",
        "R\u00e9",
        "R\u200b5",
        "x" * 101,
        '"Q,1"',
        '"two\nlines"',
        'in"side',
    ],
    "customer": ["C1", "C2", "C3", "", " C4", "K\u00f6ln", "y" * 120],
    "issued": ["2026-01-20", "20.01.2026", "01/02/2026", "13/02/2026", "2026-02-30", "", "gestern", "2026-01-21 "],
    "due": ["2026-02-19", "", "19.02.2026", "02/13/2026", "2026-2-1"],
    "amount": ["100.00", "-5.50", "1234.5", "1,234.56", '"1,234.56"', "1.234,56", '"12,50"', "7", "", "abc", "0.001"],
    "currency": ["EUR", "USD", "JPY", "EURO", "", " EUR"],
    "type": ["invoice", "credit_note", "Gutschrift", "", "strange", "380"],
    "terms": ["", "30 days net", '"Zahlbar innerhalb 30 Tagen, 2% Skonto 10 Tage"', "z" * 1500, '"a\nb"', '"open'],
    "order": ["", "4500012345", "\u0661"],
    "reference": ["", "RF18539007547034", "RF19539007547034", "210000000003139471430009017", "-RF1", "hello"],
    "name": ["", "M\u00fcller GmbH", "n" * 90, '"Smith, Sons"', "\x01"],
    "vat_id": ["", "DE136695976", "DE100000001"],
    "email": ["", "a@b.example", "no mail"],
    "country": ["", "DE", "XX", "de"],
}
PLAIN_ROW = ["R1", "C1", "2026-01-20", "2026-02-19", "100.00", "EUR", "invoice", "", "", "", "", "", "", ""]


@st.composite
def rows(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from(["", ",", ",,,,,,,,,,,,,", " ", '"', '"a', 'b"', "a,b", "x" * 300, '"",""', "\r"]))
    cells = list(PLAIN_ROW)
    for _ in range(draw(st.integers(0, 3))):
        place, name = draw(st.sampled_from(list(enumerate(CELLS))))
        cells[place] = draw(st.sampled_from(CELLS[name]))
    return ",".join(cells)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    body = draw(st.lists(rows(), max_size=40))
    stretch = draw(st.sampled_from([1, 1, 1, 8]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    head = draw(st.sampled_from([HEADER, HEADER, f"Export of today\n\n{HEADER}", f"sep=,\n{HEADER}"]))
    text = "\n".join([head, *(body * stretch)]).replace("\n", end) + draw(st.sampled_from(["", end]))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "cp1252"])), "replace")


PLAIN = ",".join(PLAIN_ROW)
CUSTOMER_ROWS = ["C1,A,a@b.example,DE", "C2,B,,", ",x,,", 'C3,"A\nB",,', 'C4,",,', "C5,A", "", "C1,A,x,XX"]
SETTINGS = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(files(), st.integers(60, 3_000))
@example("\n".join([HEADER, *[PLAIN] * 300]).encode(), 200)
@example("\n".join([HEADER, *[PLAIN] * 80, PLAIN + '"', *[PLAIN] * 80, '"' + PLAIN, *[PLAIN] * 200]).encode(), 300)
@example("\n".join([HEADER, *[PLAIN.replace("invoice,", 'invoice,"a\nb"')] * 200]).encode(), 500)
def test_an_invoice_file_in_chunks_is_the_file(data: bytes, chunk_bytes: int) -> None:
    check_same("invoices/file.csv", data, chunk_bytes)


@SETTINGS
@given(
    st.lists(
        st.sampled_from(["C1,A,a@b.example,DE", "C2,B,,", ",x,,", 'C3,"A\nB",,', 'C4,",,', "C5,A", "", "C1,A,x,XX"])
    ),
    st.integers(1, 6),
    st.integers(40, 900),
)
def test_a_customer_file_in_chunks_is_the_file(body: list[str], times: int, chunk_bytes: int) -> None:
    check_same("customers/file.csv", "\n".join(["id,name,email,country", *body * times]).encode(), chunk_bytes)


@SETTINGS
@given(files(), st.sampled_from(["EUR", "JPY", "EURO", ""]), st.sampled_from(["invoice", "credit_note", "x", ""]))
def test_a_profile_with_values_for_all_rows_counts_in_chunks_too(data: bytes, currency: str, kind: str) -> None:
    constants = {"currency": currency, "type": kind, "terms": "14 days net"}
    profile = Profile(name="of the test", constants=constants, columns={"order": "reference"}, dates="day first")
    check_same("invoices/file.csv", data, 900, profile)


def lines_of(count: int, row: str = PLAIN) -> str:
    return "\n".join([HEADER, *(row.replace("R1", f"R{number}") for number in range(count))])


def test_a_plain_file_is_cut_where_it_should_be() -> None:
    found = check_same("invoices/file.csv", lines_of(2_000).encode(), 20_000)
    assert found is not None and found.chunks == 5 and len(found.records) == 2_000


def test_a_file_with_quotation_marks_in_every_row_is_cut() -> None:
    row = PLAIN.replace("C1,", '"C1",').replace("invoice,", 'invoice,"one, ""two""\nthree",')[:-1]
    found = check_same("invoices/file.csv", lines_of(2_000, row).encode(), 20_000)
    assert found is not None and found.chunks > 5 and len(found.records) == 2_000


def test_dates_that_only_the_last_rows_explain() -> None:
    row = PLAIN.replace("2026-02-19", "")
    data = lines_of(500, row.replace("2026-01-20", "01/02/2026")) + "\n" + row.replace("2026-01-20", "13/02/2026")
    found = check_same("invoices/file.csv", data.encode(), 5_000)
    assert found is not None and "dates as day/month/year" in found.notes
    assert len(found.records) == 501


def test_a_byte_of_another_code_page_in_the_last_chunk() -> None:
    data = lines_of(500).encode() + b"\n" + PLAIN.replace("C1", "M\u00fc").encode("cp1252")
    found = check_same("invoices/file.csv", data, 5_000)
    assert found is not None and "encoding windows-1252" in found.notes
    assert check_same("invoices/file.csv", data + "\n\u00e9".encode(), 5_000) is None
    assert check_same("invoices/file.csv", data + b"\n\x00", 5_000) is None
