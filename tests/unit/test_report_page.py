"""The report page, its widgets, metrics and exports, drawn from accounts that the real store wrote."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from duly.domain.flags import FLAGS
from duly.domain.kpi import BUCKETS
from duly.flows.chase_decisions import ACTIONS
from duly.flows.report import Report, ageing_facts, gather, open_disputes
from duly.flows.report_people import People
from duly.flows.twin import TwinStack
from duly.reports.export import ageing_csv, concentration_csv, kpis_data, report_data
from duly.reports.metrics import metrics_of
from duly.reports.page import _REMEDIES, render_page
from duly.reports.people import CALL_BUTTONS, people_data
from duly.reports.views import VIEWS, UnknownView, describe, render_widget
from duly.reports.words import day, exact, share, short, tenths, whole, words
from duly.store.memory import MemoryTable
from tests.report_sample import AS_OF, NAMES, make_sample

VOID = {"meta", "link", "br", "img", "input", "hr"}
EVIL = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Checks that tags nest, and keeps tags, attributes and the text of each section by its heading."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self.heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "h2":
            self.heading = ""

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack[-1:] == ["h2"]:
            self.heading += data
        elif "style" not in self.stack:
            self.sections[self.heading] = self.sections.get(self.heading, "") + data

    def text(self, heading: str) -> str:
        return " ".join(self.sections[heading].split())


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.stack
    return reader


@cache
def sample() -> Report:
    return make_sample().report()


def test_the_page_shows_the_figures_of_each_currency() -> None:
    page = read(render_page(sample()))
    for kpis in sample().kpis.currencies:
        text = page.text(kpis.currency)
        assert exact(kpis.receivables_minor, kpis.currency) in text
        assert whole(kpis.overdue_minor, kpis.currency) in text
        assert f"best possible {tenths(kpis.best_possible_dso_tenths)}" in text
        for bucket in BUCKETS:
            assert exact(kpis.ageing.minor[bucket], kpis.currency) in text
        assert sum(kpis.ageing.minor.values()) == kpis.receivables_minor > kpis.overdue_minor > 0


def test_the_page_lists_what_waits_for_a_person() -> None:
    page, report = read(render_page(sample())), sample()
    assert all(report.names[line.account] in page.text("Disputes") for line in report.disputes)
    assert all(day(line.promised_for) in page.text("Promises") for line in report.promises)
    assert "4 payments, EUR 4,396.35, GBP 1,284.50" in page.text("Cash in suspense")
    assert "and 1 more" in page.text("Cash in suspense")
    files = page.text("Files to look at")
    assert "2 of the latest 4 files" in files and "RE-26-0412.xml" not in files
    assert "week-14.csv" in files and "amount decimals 1, date format 1" in files
    assert "read a reply" in page.text("Tasks")
    for call in report.kpis.currencies[0].calls:
        assert exact(call.overdue_minor, call.currency) in page.text("Call list")


def test_what_is_proposed_stands_with_its_text_reasons_and_other_places() -> None:
    text = read(render_page(sample())).text("Cash to confirm")
    assert "3 payments, EUR 4,258.80" in text
    assert "1,842.30 EUR 31 Mar 2026Baeckerei SonnenscheinSammelzahlung gemaess Ihrer Aufstellung" in text
    assert "Several sets of invoices have this sum." in text and " orBäckerei Sonnenschein" in text.replace("or ", "or")
    assert "26-0601; 24.50 as cash discount" in text and "94.0 %" in text
    assert "Nordlicht Werkzeugbau GmbH 500.00: 26-0000; Müller Präzisionsteile GmbH 716.00: 26-0802" in text


def test_money_that_a_bank_only_announced_is_no_suspense_and_says_what_to_do() -> None:
    report = sample()
    page = read(render_page(report))
    text = page.text("Announced by the bank")
    assert "2 payments, EUR 1,372.50" in text and "Druckhaus Elbe GmbH" not in page.text("Cash in suspense")
    assert [line.is_unconfirmed for line in report.announced] == [True, False], "what is late comes first"
    assert "…2051: complete beyond this day and without it. Ask the bank" in text
    assert "…2051: the next one confirms it" in text
    assert "account …2051 has none between 7 Mar 2026 and 16 Mar 2026, and its balance differs by EUR 1,412.00" in (
        " ".join(" ".join(page.sections.values()).split())
    )
    widget = render_widget(report, "cash", {}, cash="arn:c")
    buttons = json.loads(re.findall(r'"transaction": "announced-late"[^}]*', unescape(widget))[0].join(("{", "}")))
    assert buttons == {"transaction": "announced-late"}
    assert "announced-soon" not in widget, "nothing is to be decided of it"
    nothing = render_page(gather(MemoryTable(), [], AS_OF))
    assert "Announced by the bank" not in nothing and "statement is missing" not in nothing


def test_what_was_noticed_on_arrival_is_counted_and_says_what_to_do() -> None:
    report, text = sample(), read(render_page(sample())).text("Flagged on arrival")
    assert report.kpis.flagged == {"issued_late": 2, "no_billing_contact": 2, "order_missing": 5, "terms_differ": 1}
    assert sum(len(line.flags) for line in report.flagged) == sum(report.kpis.flagged.values())
    assert [line.due for line in report.flagged] == sorted(line.due for line in report.flagged)
    for line in report.flagged:
        assert report.names[line.account] in text and line.invoice in text
    assert "no order number, which the customer requires5send the order number" in text
    assert "other terms than agreed, order number missing" in text
    assert "Nothing was noticed" in render_widget(gather(MemoryTable(), [], AS_OF), "flagged", {})
    assert set(report.kpis.flagged) <= set(FLAGS) == set(_REMEDIES)
    flagged = {m.dimensions["flag"]: m.value for m in metrics_of(report) if m.name == "InvoicesFlagged"}
    assert flagged == report.kpis.flagged


def test_customers_on_hold_are_marked_in_the_call_list() -> None:
    text = read(render_page(sample())).text("Call list")
    assert text.count("credit hold") == 2 and "C1020 credit hold" in text


def test_levels_are_those_of_the_open_items() -> None:
    report = sample()
    for account, level in report.levels.items():
        assert 1 <= level <= 4, account
    assert set(report.levels.values()) == {1, 2, 3, 4}


def test_the_page_is_one_file_without_script() -> None:
    html = render_page(sample())
    page = read(html)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("src", "href", "srcset", "action") for name in attributes)
    assert "url(" not in html and "@import" not in html and "//" not in html


@pytest.mark.parametrize("name", [EVIL, "{{ 7*7 }}", "Müller & Söhne \u202egnp.exe", "'\"><b>"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    sample = make_sample((name, *NAMES[1:]))
    html = render_page(sample.report())
    page = read(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert " ".join(name.replace("\u202e", " ").split()) in page.text("Call list")
    assert "\u202e" not in html
    widget = render_widget(sample.report(), "overview", {}, "arn:x")
    assert "script" not in {tag for tag, _ in read(widget).tags}


def test_an_empty_business_has_a_page_too() -> None:
    empty = gather(MemoryTable(), [], AS_OF)
    page = read(render_page(empty))
    assert "Nothing is overdue." in page.text("Call list")
    assert "No invoices yet." in page.text("")
    assert {read(render_widget(empty, view, {})) is not None for view in VIEWS} == {True}
    assert metrics_of(empty)


def test_names_that_were_erased_leave_the_number() -> None:
    page = read(render_page(replace(sample(), names={})))
    assert "C1004" in page.text("Call list") and "Vermeer" not in page.text("Call list")


def test_what_was_cut_is_said() -> None:
    assert "Too many to show all of: disputes" in read(render_page(replace(sample(), cut=("disputes",)))).text("")


def test_lists_are_bounded_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from duly.flows import report as gathering

    monkeypatch.setattr(gathering, "MAX_DETAILED", 2)
    monkeypatch.setattr(gathering, "MAX_SUSPENSE", 1)
    monkeypatch.setattr(gathering, "MAX_ACCOUNTS", 20)
    cut = make_sample().report().cut
    assert set(cut) == {"accounts", "disputes", "promises", "tasks", "flagged", "suspense"}


def test_open_disputes_alone_are_those_of_the_report() -> None:
    assert tuple(open_disputes(make_sample().table)) == sample().disputes != ()


def test_widget_buttons_carry_the_decision() -> None:
    html = render_widget(sample(), "disputes", {"theme": "dark"}, "arn:aws:lambda:eu-west-1:1:function:disputes")
    actions = [attributes for tag, attributes in read(html).tags if tag == "cwdb-action"]
    payloads = [json.loads(found) for found in re.findall(r"<cwdb-action[^>]*>(.*?)</cwdb-action>", html)]
    assert len(actions) == len(payloads) == 2 * len(sample().disputes)
    assert {attributes["action"] for attributes in actions} == {"call"}
    assert all(attributes["confirmation"] and attributes["endpoint"] for attributes in actions)
    first = sample().disputes[0]
    assert payloads[0] == {
        "type": "decision",
        "decision": {
            "action": "resolve_dispute",
            "account": first.account,
            "dispute": first.dispute,
            "outcome": "accepted",
            "by": "dashboard",
        },
    }
    assert 'class="duly duly-dark"' in html


def test_a_widget_without_the_function_has_no_buttons() -> None:
    assert "cwdb-action" not in render_widget(sample(), "disputes", {})


def test_every_view_is_drawn_and_described() -> None:
    for view in VIEWS:
        assert "<h2>" in render_widget(sample(), view, {})
        assert f"`{view}`" in describe()
    with pytest.raises(UnknownView):
        render_widget(sample(), "nothing", {})


def test_the_dashboard_draws_metrics_that_are_published() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text()
    drawn = set(re.findall(r'MetricName=\\"(\w+)\\"', template))
    published = {metric.name: set(metric.dimensions) for metric in metrics_of(sample())}
    ours = {
        "OverdueMinor": {"currency", "bucket"},
        "ReceivablesMinor": {"currency"},
        "DsoDays": {"currency"},
        "CollectedMinor": {"currency"},
        "DisputesByReason": {"reason"},
    }
    assert drawn >= set(ours)
    assert {name: published[name] for name in ours} == ours


def test_metrics_name_no_customer() -> None:
    report = sample()
    text = json.dumps([(metric.name, metric.value, dict(metric.dimensions)) for metric in metrics_of(report)])
    assert not any(name in text for name in (*NAMES, "C10"))
    overdue = sum(metric.value for metric in metrics_of(report) if metric.name == "OverdueMinor")
    assert overdue == sum(one.overdue_minor for one in report.kpis.currencies)


def test_a_reason_without_open_disputes_goes_back_to_zero() -> None:
    report = replace(sample(), disputes=())
    values = {m.dimensions["reason"]: m.value for m in metrics_of(report) if m.name == "DisputesByReason"}
    assert values and set(values.values()) == {0}


def test_exports_add_up_and_name_nobody() -> None:
    sample = make_sample()
    report = sample.report()
    data = ageing_csv(ageing_facts(sample.table), AS_OF).decode()
    rows = list(csv.DictReader(io.StringIO(data)))
    for kpis in report.kpis.currencies:
        own = [row for row in rows if row["currency"] == kpis.currency]
        total = sum(int(row["total"].replace(".", "")) for row in own)
        assert total == kpis.receivables_minor
    text = json.dumps(report_data(report), ensure_ascii=False)
    assert not any(name in text or name in data for name in NAMES)
    euros = kpis_data(report.kpis)["currencies"]["EUR"]
    assert sum(int(amount.replace(".", "")) for amount in euros["ageing"].values()) == int(
        euros["receivables"].replace(".", "")
    )


def test_where_the_exposure_lies_adds_up_and_names_the_largest() -> None:
    report, page = sample(), read(render_page(sample()))
    text = page.text("Where the exposure lies")
    for kpis in report.kpis.currencies:
        found = kpis.concentration
        assert found.total_minor == kpis.receivables_minor  # the sample has no orders
        for breakdown in (found.groups, found.countries, found.categories):
            assert sum(part.exposure_minor for part in breakdown.parts) == found.total_minor
    first = report.kpis.currencies[0].concentration.groups.parts[0]
    assert (first.name, first.customers) == ("C1001", 4)
    assert f"{NAMES[0]} C1001, 4 customers" in text and whole(first.exposure_minor, "EUR") in text
    assert "6 other groups" in text and "no country known" in text
    assert "24 customers, 1 of them provisional, 2 on credit hold" in page.text("")
    assert "Where the exposure lies" in render_widget(report, "concentration", {})


def test_concentration_as_a_table_names_customers_by_number_alone() -> None:
    report = sample()
    data = concentration_csv(report.kpis).decode()
    rows = list(csv.DictReader(io.StringIO(data)))
    assert not any(name in data for name in NAMES)
    for kpis in report.kpis.currencies:
        for by in ("group", "country", "category"):
            own = [row for row in rows if (row["currency"], row["by"]) == (kpis.currency, by)]
            assert sum(int(row["exposure"].replace(".", "")) for row in own) == kpis.receivables_minor
            assert own == sorted(own, key=lambda row: -int(row["exposure"].replace(".", "")))
    held = [row for row in rows if row["by"] == "category" and row["customers_on_hold"] != "0"]
    assert [(row["name"], row["customers_on_hold"]) for row in held] == [("C", "2")]
    figures = {(m.name, m.dimensions.get("currency")): m.value for m in metrics_of(report)}
    assert figures["CustomersOnHold", None] == 2
    assert figures["LargestGroupPercent", "EUR"] == 20


def test_export_defuses_formulas() -> None:
    sample = make_sample()
    facts = [
        replace(one, header=replace(one.header, customer="=1+1")) for one in ageing_facts(sample.table) if one.account
    ]
    rows = list(csv.reader(io.StringIO(ageing_csv(facts[:1], AS_OF).decode())))
    assert rows[1][1] == "'=1+1"


def test_amounts_in_words() -> None:
    assert [exact(-109_050, "EUR"), exact(5, "JPY"), exact(1_234_567, "KWD")] == ["-1,090.50", "5", "1,234.567"]
    assert [whole(109_050, "EUR"), whole(-49, "EUR"), whole(-50, "EUR"), whole(7, "JPY")] == ["1,091", "0", "-1", "7"]
    assert [short(minor * 100, "EUR") for minor in (0, 850, 12_000, 1_500_000, 250_000_000)] == [
        "0",
        "850",
        "12k",
        "1.5M",
        "250M",
    ]
    assert [share(1, 3), share(0, 0), tenths(-5), tenths(None)] == ["33.3 %", "0.0 %", "-0.5", "–"]
    assert [words("not_received_goods"), words("some_new_code")] == ["goods not received", "some new code"]
    assert [day(AS_OF), day(None), day(AS_OF + timedelta(days=30))] == ["6 Apr 2026", "–", "6 May 2026"]


def test_a_file_whose_rows_an_account_refused_is_to_be_looked_at() -> None:
    stack, noon = TwinStack(), datetime(2026, 4, 6, 12, tzinfo=UTC)
    rows = b"id,name,credit_limit,limit_currency\nC-1,Nebel,5,EUR\nC-1,Nebel,6,EUR\nC-2,Dunst,7,EUR\n"
    stack.upload("customers/limits.csv", rows, noon)
    stack.upload("customers/fine.csv", b"id,name\nC-3,Reif\n", noon)
    stack.work()
    stack.upload("customers/again.csv", b"id,name\nC-3,Reif\n", noon + timedelta(hours=1))
    stack.work()
    report = gather(stack.edge.table, stack.edge.uploads.recent(noon), AS_OF)
    files = read(render_page(report)).text("Files to look at")
    assert "1 of the latest 3 files" in files and "limits.csv" in files
    assert "limits differ 2" in files
    told = {one["rejected_rows"] for one in report_data(report)["uploads"]}
    assert told == {0, 2}


# --- what waits for persons about the chase
PEOPLE = ("Notices to approve", "Calls to make", "Payment plans", "In approval at the customer", "Handed over")


def test_the_page_lists_what_persons_have_to_decide_about_the_chase() -> None:
    page, people = read(render_page(sample())), sample().people
    lists = (people.approvals, people.calls, people.plans, people.at_customer, people.handovers)
    for heading, lines in zip(PEOPLE, lists, strict=True):
        assert lines, heading
        for line in lines:
            assert sample().names[line.account] in page.text(heading)
    approval = people.approvals[0]
    assert exact(approval.total_minor, approval.currency) in page.text("Notices to approve")
    assert day(approval.until) in page.text("Notices to approve")
    assert "goods receipt" in page.text("In approval at the customer")
    assert "attempt 2" in page.text("Calls to make")
    (plan,) = people.plans
    assert (plan.paid, plan.instalments) == (0, 2)
    assert f"{exact(plan.next_minor, plan.currency)} by {day(plan.next_due)}" in page.text("Payment plans")


def test_buttons_of_the_chase_send_decisions_that_name_what_they_are_about() -> None:
    arn = "arn:aws:lambda:eu-central-1:1:function:disputes"
    html = render_widget(sample(), "overview", {}, arn)
    sent = [json.loads(text) for text in re.findall(r"<cwdb-action[^>]*>(.*?)</cwdb-action>", html, re.DOTALL)]
    by_action: dict[str, list[dict[str, str]]] = {}
    for event in sent:
        by_action.setdefault(event["decision"]["action"], []).append(event["decision"])
    assert (
        {one["approval"] for one in by_action["approve"]} == {one["approval"] for one in by_action["discard"]} == {"a1"}
    )
    assert {one["code"] for one in by_action["call_result"]} == {code for code, _, _ in CALL_BUTTONS}
    assert {one["outcome"] for one in by_action["handover_outcome"]} == {"collected", "returned", "uncollectable"}
    assert [one["hold"] for one in by_action["release"]] == ["h1"]
    assert all(one["by"] == "dashboard" for decisions in by_action.values() for one in decisions)
    assert set(by_action) <= {*ACTIONS, "resolve_dispute"}


def test_views_of_the_chase_say_when_nothing_waits() -> None:
    empty = replace(sample(), people=People())
    assert "No notice waits for approval." in render_widget(empty, "approvals", {})
    assert "No call to make." in render_widget(empty, "to_call", {})
    assert "Notices to approve" not in render_widget(empty, "overview", {})


def test_what_waits_for_persons_is_data_too() -> None:
    found = people_data(sample().people, sample().names)
    assert {name: len(lines) for name, lines in found.items()} == {
        "approvals": 2,
        "calls": 2,
        "plans": 1,
        "handovers": 1,
        "at_customer": 1,
    }
    assert json.loads(json.dumps(found)) == found
    assert all(line["name"] for lines in found.values() for line in lines)


def test_open_approvals_and_calls_are_measured() -> None:
    values = {metric.name: metric.value for metric in metrics_of(sample())}
    assert (values["ApprovalsOpen"], values["CallsToMake"]) == (2, 2)
