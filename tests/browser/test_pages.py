"""The report and the local page in a real browser: they fit, they are dark where they should be, their forms work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.demo_credit import credit_body
from cli.demo_pages import write_credit_page
from duly.flows.report import gather
from duly.reports.page import render_page
from duly.reports.views import render_widget
from duly.store.memory import MemoryTable
from local.business import make_business
from local.desk import Desk
from local.page import PageServer
from local.pictures import Tab, browser
from tests.credit_sample import ASKED, STORY, read_demo_policy
from tests.page_stack import START, PageStack
from tests.report_sample import AS_OF, NAMES, make_sample

WIDTHS = (320, 480, 820, 1200)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
DARK = "rgb(18, 23, 27)"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("report") / "report.html"
    page.write_text(render_page(make_sample((LONG, *NAMES[1:])).report()), encoding="utf-8")
    return page


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_fits(tab: Tab, report: Path, tmp_path: Path, width: int, dark: bool) -> None:
    picture = tmp_path / "report.png"
    tab.take(report, picture, width=width, dark=dark)
    assert picture.stat().st_size > 50_000
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert (tab.evaluate("getComputedStyle(document.body).backgroundColor") == DARK) is dark


def test_the_report_is_readable_in_both_lights(tab: Tab, report: Path, tmp_path: Path) -> None:
    """WCAG 2, 1.4.3: text of at least 4.5 to 1 on its card."""
    for dark in (False, True):
        tab.take(report, tmp_path / "report.png", width=1200, dark=dark)
        card = luminance(tab, "'.card'", "backgroundColor")
        for text in ("'.figure'", "'.sub'", "'.muted'", "'td.bad'", "'.tag'"):
            light, deep = sorted((luminance(tab, text, "color"), card), reverse=True)
            assert (light + 0.05) / (deep + 0.05) >= 4.5, (text, dark)


def luminance(tab: Tab, selector: str, what: str) -> float:
    found = tab.evaluate(f"getComputedStyle(document.querySelector({selector})).{what}.match(/[0-9]+/g).join(' ')")
    channels = [int(part) / 255 for part in found.split()[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_ageing_bar_has_the_shares_of_the_table(tab: Tab, report: Path, tmp_path: Path) -> None:
    tab.take(report, tmp_path / "report.png", width=1200)
    widths = tab.evaluate("[...document.querySelector('svg.bar').children].map(one => +one.getAttribute('width'))")
    ageing = make_sample().report().kpis.currencies[0].ageing
    shares = [1000 * minor / ageing.total_minor for minor in ageing.minor.values() if minor]
    assert len(widths) == len(shares) and sum(widths) == 1000
    assert all(abs(width - share) <= 1 for width, share in zip(widths, shares, strict=True))


def test_an_empty_report_and_a_widget_fit(tab: Tab, tmp_path: Path) -> None:
    empty, widget = tmp_path / "empty.html", tmp_path / "widget.html"
    empty.write_text(render_page(gather(MemoryTable(), [], AS_OF)), encoding="utf-8")
    html = render_widget(make_sample().report(), "disputes", {}, "arn:aws:lambda:eu-west-1:1:function:disputes")
    widget.write_text(f"<!DOCTYPE html><meta charset=utf-8><body style='margin:0'>{html}", encoding="utf-8")
    for page, width in ((empty, 480), (widget, 900)):
        tab.take(page, tmp_path / "page.png", width=width)
        assert tab.evaluate("document.documentElement.scrollWidth") == width


# --- the demonstration's page on credit
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_on_credit_fits_and_is_readable(tab: Tab, tmp_path: Path, width: int) -> None:
    write_credit_page(tmp_path, credit_body(STORY, ASKED, make_business(), read_demo_policy()))
    tab.take(tmp_path / "credit.html", tmp_path / "credit.png", width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    for chip in ("'.chip.refuse'", "'.chip.up'", "'.chip.person'", "'.chip.refer'"):
        light, deep = luminance(tab, chip, "backgroundColor"), luminance(tab, chip, "color")
        assert (light + 0.05) / (deep + 0.05) >= 4.5, chip


# --- the local page


@pytest.fixture
def stack(tmp_path: Path) -> PageStack:
    stack = PageStack(tmp_path)
    html = "<p id='dear'>Dear customer</p><script>parent.document.title = 'taken'</script>"
    stack.send("office@first.example", "First reminder", "Please pay.", html)
    stack.send("billing@second.example", "Second reminder", "Please pay now.")
    return stack


@pytest.fixture
def server(stack: PageStack) -> Iterator[PageServer]:
    with PageServer(Desk(stack, START)) as server:
        yield server


def go(tab: Tab, url: str, width: int = 1280) -> None:
    tab._size(width, 900, 1)
    tab.call("Page.navigate", url=url)
    tab._wait_for("Page.loadEventFired")


def press(tab: Tab, selector: str) -> None:
    tab.evaluate(f"document.querySelector({selector!r}).click()")
    tab._wait_for("Page.loadEventFired")


@pytest.mark.parametrize("path", ["mailbox", "report", "chase", "files"])
@pytest.mark.parametrize("width", WIDTHS)
def test_each_tab_fits(tab: Tab, server: PageServer, stack: PageStack, path: str, width: int) -> None:
    stack.upload("invoices/a-file-with-a-rather-long-name-2026-04-06.csv", b"x", START)
    go(tab, server.url + path, width)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate("document.querySelector('[aria-current=page]').textContent").lower() == path
    lines = "[...document.querySelectorAll('main button')].map(one => one.getBoundingClientRect().height)"
    assert max(tab.evaluate(lines), default=0) < 60  # no button's name is broken into letters


def test_a_mails_script_does_not_run(tab: Tab, server: PageServer) -> None:
    go(tab, f"{server.url}mailbox?mail=1")
    assert tab.evaluate("document.title") == "Duly, local stack"
    assert tab.evaluate("document.querySelector('iframe').contentDocument") is None


def test_answering_in_the_browser(tab: Tab, server: PageServer, stack: PageStack) -> None:
    go(tab, f"{server.url}mailbox?mail=1")
    tab.evaluate("document.querySelector('textarea').value = 'We dispute this: wrong price.'")
    press(tab, ".read button")
    assert "Your answer has arrived." in tab.evaluate("document.body.textContent")
    assert b"From: office@first.example" in stack.inbound[0][0] and b"wrong price" in stack.inbound[0][0]


def test_letting_a_day_pass_in_the_browser(tab: Tab, server: PageServer, stack: PageStack) -> None:
    go(tab, server.url)
    press(tab, "header button")
    assert "Tue 7 Apr 2026, 10:00" in tab.evaluate("document.querySelector('header').textContent")
    assert [call for call, _ in stack.calls] == ["tick", "wait", "reports", "wait"]


def test_dropping_a_file_in_the_browser(tab: Tab, server: PageServer, stack: PageStack, tmp_path: Path) -> None:
    file = tmp_path / "Wöche 14.csv"
    file.write_bytes(b"number,customer\n")
    go(tab, f"{server.url}files")
    choose(tab, "#files", file)
    press(tab, "#drop button")
    assert stack.files["invoices/Wöche 14.csv"] == b"number,customer\n"
    assert "invoices/Wöche 14.csv" in tab.evaluate("document.body.textContent")


def choose(tab: Tab, selector: str, file: Path) -> None:
    root: dict[str, Any] = tab.call("DOM.getDocument")["root"]
    node = tab.call("DOM.querySelector", nodeId=root["nodeId"], selector=selector)["nodeId"]
    tab.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)
