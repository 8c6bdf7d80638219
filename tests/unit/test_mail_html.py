"""The HTML of notices keeps to what Outlook, Gmail, Apple Mail and screen readers support.

The lists below are the contract: whatever is not in them needs a look at what mail programs do with it first. Support
as collected by caniemail.com; Outlook for Windows up to 2021 lays mail out with Word, which knows tables, widths as
attributes, padding on cells and no `max-width` (hence the conditional table around the card).
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import pytest

from duly.mail.notice import Kind
from duly.mail.render import TEMPLATES, render
from tests.mail_views import CASES, golden_view, item, view

ALLOWED = {
    "html": {"lang", "dir"},
    "head": set(),
    "meta": {"charset", "name", "content"},
    "title": set(),
    "style": set(),
    "body": {"class", "style"},
    "div": {"style"},
    "table": {"role", "class", "width", "cellpadding", "cellspacing", "border", "style"},
    "thead": set(),
    "tbody": set(),
    "tr": {"valign"},
    "td": {"align", "valign", "class", "style", "colspan", "width"},
    "th": {"align", "valign", "class", "style", "colspan", "scope", "width"},
    "h1": {"class", "style"},
    "h2": {"class", "style"},
    "p": {"class", "style"},
    "span": {"class", "style", "dir"},
    "strong": {"dir"},
    "a": {"class", "style", "href"},
    "br": set(),
    "img": {"src", "alt", "width", "height", "style"},
}
ALLOWED_PROPERTIES = {
    "background-color",
    "border-bottom",
    "border-collapse",
    "border-top",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-weight",
    "line-height",
    "margin",
    "max-height",
    "max-width",
    "overflow",
    "padding",
    "text-align",
    "text-decoration",
    "white-space",
    "width",
    "word-break",
}
CONDITIONAL_COMMENTS = {
    '[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]',
    "[if mso]></td></tr></table><![endif]",
}
VOID = {"meta", "br", "img"}
GMAIL_CLIPS_AT_BYTES = 102_000
GMAIL_STYLE_LIMIT_CHARACTERS = 8_192


class Page(HTMLParser):
    """Elements with their attributes and their open ancestors, texts of style elements, and comments."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.comments: list[str] = []
        self.styles = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing or the wrong element"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles += data


def page(language: str, kind: Kind) -> Page:
    return Page(render(golden_view(language, kind)).html)


def declarations(style: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in style.rstrip(";").split(";"))


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_only_supported_elements_attributes_and_styles(language: str, kind: Kind) -> None:
    for tag, attributes, _ in page(language, kind).elements:
        assert tag in ALLOWED, tag
        assert set(attributes) <= ALLOWED[tag], (tag, attributes)
        if "style" in attributes:
            assert set(declarations(attributes["style"])) <= ALLOWED_PROPERTIES, attributes["style"]


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_elements_are_closed_in_order(language: str, kind: Kind) -> None:
    assert page(language, kind).open == []


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_nothing_is_loaded_or_run(language: str, kind: Kind) -> None:
    html = render(golden_view(language, kind)).html
    links = []
    for tag, attributes, _ in Page(html).elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert attributes.get("src", "cid:payment-code") == "cid:payment-code"
        links += [attributes["href"]] if "href" in attributes else []
    paying = [link for link in links if not link.startswith("mailto:")]
    assert [link.split("?")[0] for link in paying] == ["https://pay.muster.example/"]
    assert not re.search(r"https?:|url\(|@import|javascript:|data:", html.replace(escape(paying[0]), ""))


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_comments_are_for_outlook_alone(language: str, kind: Kind) -> None:
    assert set(page(language, kind).comments) == CONDITIONAL_COMMENTS


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_tables_say_what_they_are_to_a_screen_reader(language: str, kind: Kind) -> None:
    elements = page(language, kind).elements
    assert ("html", {"lang": language, "dir": "ltr"}, ()) in elements
    tables = [attributes for tag, attributes, _ in elements if tag == "table"]
    assert [table.get("class") for table in tables if table.get("role") != "presentation"] == ["items", "pay"]
    headings = [attributes.get("scope") for tag, attributes, _ in elements if tag == "th"]
    assert headings.count("col") == 3
    assert set(headings) - {"rowgroup"} == {"col", "row"}
    for tag, attributes, _ in elements:
        if tag == "img":
            assert len(attributes["alt"]) > 30 and attributes["width"] == attributes["height"] == "120"
    assert [tag for tag, _, _ in elements if tag in ("h1", "h2")] == ["h1", "h2", "h2", "h2"]


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_width_and_display_are_declared(language: str, kind: Kind) -> None:
    read = page(language, kind)
    metas = {attributes.get("name"): attributes.get("content") for tag, attributes, _ in read.elements if tag == "meta"}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    widths = [
        declarations(attributes["style"]).get("max-width")
        for _, attributes, _ in read.elements
        if "style" in attributes
    ]
    assert [width for width in widths if width] == ["600px"]
    assert "@media (prefers-color-scheme: dark)" in read.styles
    assert len(read.styles) < GMAIL_STYLE_LIMIT_CHARACTERS


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_the_inbox_preview_comes_first_and_is_hidden(language: str, kind: Kind) -> None:
    html = render(golden_view(language, kind)).html
    first = re.search(r"<body[^>]*>\s*<div style=\"([^\"]*)\">([^<]+)</div>", html)
    assert first
    assert declarations(first[1])["display"] == "none"
    assert 40 <= len(first[2]) <= 140


def test_classes_of_the_dark_display_cover_every_colour() -> None:
    """Whatever has a light colour of its own has a class that replaces it in the dark."""
    replaced = {"color": {"ink", "muted", "link", "on-accent"}, "background-color": {"page", "card", "box", "accent"}}
    for language, kind in CASES:
        for tag, attributes, ancestors in page(language, kind).elements:
            if "body" not in ancestors or tag == "div":
                continue
            for name in set(declarations(attributes.get("style", "x:y"))) & set(replaced):
                assert set(attributes.get("class", "").split()) & replaced[name], (tag, attributes)


def relative_luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


LIGHT = {"grounds": ("#ffffff", "#f3f6f7"), "inks": ("#1d2730", "#5b6570", "#17727a")}
DARK = {"grounds": ("#1e242a", "#28313a"), "inks": ("#edf1f4", "#a9b4be", "#6fc3c9")}


@pytest.mark.parametrize("display", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(display: dict[str, tuple[str, ...]]) -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    layout = (TEMPLATES / "layout.html.j2").read_text(encoding="utf-8")
    for ground in display["grounds"]:
        for ink in display["inks"]:
            assert ground in layout
            assert ink in layout
            lighter, darker = sorted((relative_luminance(ground), relative_luminance(ink)), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ground, ink)


def test_the_button_stands_out_from_its_ground() -> None:
    lighter, darker = relative_luminance("#ffffff"), relative_luminance("#17727a")
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_notice_over_80_items_is_not_clipped() -> None:
    items = tuple(item(f"R-2026-{number:04d}", balance=109_000, fee=500, interest=925) for number in range(60))
    plain = tuple(item(f"R-2026-{number:04d}") for number in range(60, 80))
    html = render(view(*items, *plain, kind="second_reminder", language="de")).html
    assert len(html.encode()) < GMAIL_CLIPS_AT_BYTES
