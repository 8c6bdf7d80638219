"""Writes the state table of the sending protocol, from the model's own rules, into its page.

python -m tests.model.table
"""

from __future__ import annotations

from pathlib import Path

from tests.model import channels, protocol
from tests.model.protocol import Rule

PAGE = Path(__file__).parents[2] / "docs" / "sending-protocol.md"
TABLES = {"rules": protocol.RULES, "rules of channels": channels.RULES}


def marks(name: str) -> tuple[str, str]:
    """What a table of the page stands between."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def table(rules: list[Rule]) -> str:
    """The rules of a model as a table."""
    rows = ["| move | of | when | then |", "|---|---|---|---|"]
    for one in rules:
        name = f"{one.name} (fault)" if one.is_fault else one.name
        rows.append(f"| {name} | {one.who} | {one.when} | {one.then} |")
    return "\n".join(rows)


def between_marks(text: str, name: str) -> str:
    """What the page has between the marks of a table."""
    begin, end = marks(name)
    return text[text.index(begin) + len(begin) : text.index(end)].strip()


def main() -> None:
    text = PAGE.read_text("utf-8")
    for name, rules in TABLES.items():
        begin, end = marks(name)
        text = f"{text[: text.index(begin)]}{begin}\n{table(rules)}\n{text[text.index(end) :]}"
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
