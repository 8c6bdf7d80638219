"""The pictures of notices in docs/mails.md, and the command that takes them (Chromium must be installed).

python -m tests.mail_pictures        # docs/pictures/mail-*.png
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from duly.mail.notice import Kind
from duly.mail.render import CODE_PICTURE, Rendered, render
from local.pictures import Tab, browser
from tests.mail_views import golden_view

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
TAKEN: dict[str, tuple[str, Kind, int, bool]] = {
    "reminder": ("en", "second_reminder", 640, False),
    "mail-phone": ("fr", "formal_notice", 375, False),
    "mail-phone-dark": ("pl", "formal_notice", 375, True),
}
"""Name of the picture: language, kind, width in CSS pixels, dark display."""


def page_of(rendered: Rendered) -> str:
    """The HTML with its pictures in it, as a mail program shows them."""
    page = rendered.html
    for picture in rendered.pictures:
        data = base64.b64encode(picture.data).decode("ascii")
        page = page.replace(f"cid:{picture.name}", f"data:image/png;base64,{data}")
    assert f"cid:{CODE_PICTURE}" not in page
    return page


def take_all(tab: Tab, folder: Path) -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as temporary:
        page = Path(temporary) / "mail.html"
        for name, (language, kind, width, dark) in TAKEN.items():
            page.write_text(page_of(render(golden_view(language, kind))), encoding="utf-8")
            tab.take(page, folder / f"{name}.png", width=width, dark=dark)


def main() -> None:
    """Take the pictures anew."""
    with browser() as tab:
        take_all(tab, PICTURES)


if __name__ == "__main__":
    main()
