"""Pictures of the demonstration's quarter, played on the memory twin, and the command that makes them (Chromium must be
installed). It takes about two minutes.

python -m tests.demo_pictures        # docs/pictures/chase.png, docs/pictures/policies.svg
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from cli.demo_chase import DOCUMENTS, chase_body, gather_chase
from cli.demo_pages import write_chase_page
from cli.simulation.comparison import compare
from cli.simulation.comparison_plot import comparison_svg
from cli.simulation.history_ledger import read_folder
from cli.simulation.scenario_file import read_policy_file
from duly.flows import audit
from duly.flows.twin import TwinStack
from local.business import Business, make_business
from local.debtors import Debtors
from local.pictures import take
from local.play import play
from local.twin_world import TwinWorld

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
POLICIES = ROOT / "policies" / "default.toml", ROOT / "policies" / "demo.toml"
SHOWN = date(2026, 3, 10), date(2026, 3, 15)
"""The days of the chase that the picture shows: the whole quarter would be too tall."""
FILES = "customers/", "invoices/", "statements/"


def played(business: Business) -> TwinStack:
    """The stack after the demonstration's quarter."""
    stack = TwinStack()
    play(TwinWorld(stack), business, Debtors(business), policy=POLICIES[1].read_bytes())
    return stack


def take_chase(stack: TwinStack, business: Business, folder: Path, picture: Path) -> None:
    """The page *Chase*, with the days of SHOWN alone."""
    story = gather_chase(stack.edge, audit.account_ids(stack.edge), stack.objects.keys(DOCUMENTS))
    story.lines = [line for line in story.lines if SHOWN[0] <= line.day <= SHOWN[1]]
    write_chase_page(folder, chase_body(story, business))
    take(folder / "chase.html", picture, width=900)


def ledger_of(stack: TwinStack, folder: Path) -> None:
    """Write the files that the business uploaded, as `duly simulate --ledger` reads them."""
    for prefix in FILES:
        for key in stack.objects.keys(prefix):
            found = stack.objects.get(key)
            assert found is not None
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(found.data)


def main() -> None:
    """Make the pictures anew."""
    business = make_business()
    stack = played(business)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        take_chase(stack, business, folder, PICTURES / "chase.png")
        ledger_of(stack, folder / "ledger")
        one, other = (read_policy_file(path) for path in POLICIES)
        found = compare(read_folder(folder / "ledger"), (one, other))
    (PICTURES / "policies.svg").write_text(comparison_svg(found), "utf-8")


if __name__ == "__main__":
    main()
