"""The notice that the letter tests look at, and the command that writes its picture.

python -m tests.letter_sample        # docs/pictures/letter.png
"""

from __future__ import annotations

from pathlib import Path

from duly.mail.letter import LetterView, render_pictures
from duly.mail.notice import Kind, NoticeView
from tests.mail_views import golden_view

STREET, TOWN = "Gärtnerweg 12", "20099 Hamburg"


def letter(language: str = "de", kind: Kind = "formal_notice", notice: NoticeView | None = None) -> LetterView:
    """The golden mail of a language and kind (or another notice) as a letter."""
    return LetterView(notice or golden_view(language, kind), (STREET, TOWN), "DE", "DE", "de")


def main() -> None:
    """Write the first page of the letter as the documentation shows it."""
    picture = Path(__file__).parent.parent / "docs" / "pictures" / "letter.png"
    picture.write_bytes(render_pictures(letter("en"), dots_per_inch=96)[0])


if __name__ == "__main__":
    main()
