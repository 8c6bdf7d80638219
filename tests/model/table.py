"""Writes the state table of the sending protocol, from the model's own rules, into its page.

python -m tests.model.table
"""

from __future__ import annotations

from pathlib import Path

from tests.model.protocol import RULES

PAGE = Path(__file__).parents[2] / "docs" / "sending-protocol.md"
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"


def table() -> str:
    """The rules of the model as a table."""
    rows = ["| move | of | when | then |", "|---|---|---|---|"]
    for one in RULES:
        name = f"{one.name} (fault)" if one.is_fault else one.name
        rows.append(f"| {name} | {one.who} | {one.when} | {one.then} |")
    return "\n".join(rows)


def between_marks(text: str) -> str:
    """What the page has between its marks."""
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def main() -> None:
    text = PAGE.read_text("utf-8")
    PAGE.write_text(f"{text[: text.index(BEGIN)]}{BEGIN}\n{table()}\n{text[text.index(END) :]}", "utf-8")


if __name__ == "__main__":
    main()
