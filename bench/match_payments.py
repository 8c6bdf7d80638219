"""How well and how fast payments are matched, against traffic whose truth is known.

    python -m bench.match_payments [--payments 10000] [--invoices 100000] [--seed 7] [--speed] [--wrong 3] [--page FILE]

Printed are, for each kind of payment, how many were booked and proposed first rightly and wrongly, beside a baseline
that looks only for the exact invoice number with the exact amount. `--speed` adds CPU per payment at 1,000, 10,000,
100,000 and 1,000,000 open invoices, `--wrong` some of what went wrong. `--page` writes the tables between the marks of
that page. Exit code 1 for any wrong booking.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from bench.payments import Traffic, Truth, make_traffic
from duly.domain.ledger_index import LedgerIndex
from duly.domain.match_run import Proposed, Run, run_payments
from duly.domain.matching import MatchingRules

RULES = MatchingRules(tolerance_minor={"EUR": 100}, bank_fee_minor={"EUR": 1_500})
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def index_of(traffic: Traffic) -> LedgerIndex:
    """The ledger of the traffic, ready to answer."""
    index = LedgerIndex()
    for debtor in traffic.debtors:
        index.add(debtor)
    return index


def verdicts(traffic: Traffic, run: Run) -> dict[str, str]:
    """What became of each payment: booked, proposed (rightly), wrong_booking, wrong_proposal, or nothing."""
    found = dict.fromkeys(traffic.truth, "nothing")
    booked: dict[str, dict[str, int]] = defaultdict(dict)
    accounts: dict[str, set[str]] = defaultdict(set)
    for one in run.allocations:
        booked[one.payment][one.item] = one.amount_minor
        accounts[one.payment].add(one.account)
    for payment, account, _, _ in run.unapplied:
        accounts[payment].add(account)
    for payment in accounts:
        truth = traffic.truth[payment]
        is_right = booked[payment] == truth.invoices and accounts[payment] <= truth.accounts
        found[payment] = "booked" if is_right else "wrong_booking"
    for proposal in run.proposals:
        truth = traffic.truth[proposal.payment.key]
        found[proposal.payment.key] = "proposed" if is_first(proposal, truth) else "wrong_proposal"
    return found


def is_first(proposal: Proposed, truth: Truth) -> bool:
    """Whether the first way of a proposal is the right one: the right invoices of the right customers."""
    placement, pairs = proposal.choices[0]
    accounts = {share.account for share in placement.shares}
    return {key for key, _ in pairs} == set(truth.invoices) and accounts <= truth.accounts


def baseline(traffic: Traffic) -> dict[str, str]:
    """Book where a word of the text is exactly an invoice number, and the amount exactly what is open of it."""
    by_number = {item.number: (one.account, item) for one in traffic.debtors for item in one.items}
    found = dict.fromkeys(traffic.truth, "nothing")
    paid = set[str]()
    for payment in traffic.payments:
        for word in re.findall(r"[\w/.-]+", payment.text + " " + payment.structured_reference):
            account, item = by_number.get(word, ("", None))
            if item and item.key not in paid and item.amount_minor == payment.amount_minor:
                truth = traffic.truth[payment.key]
                is_right = truth.invoices == {item.key: item.amount_minor} and account in truth.accounts
                found[payment.key] = "booked" if is_right else "wrong_booking"
                paid.add(item.key)
                break
    return found


def table(traffic: Traffic, found: dict[str, str], base: dict[str, str]) -> list[str]:
    """Lines of a table by kind, and the sums."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    bases: dict[str, Counter[str]] = defaultdict(Counter)
    for key, truth in traffic.truth.items():
        for kind in (truth.kind, "all"):
            counts[kind][found[key]] += 1
            bases[kind][base[key]] += 1
            counts[kind]["placeable"] += truth.can_be_placed
            counts[kind]["found"] += truth.can_be_placed and found[key] in ("booked", "proposed")
    lines = [
        "| kind | payments | booked | proposed first | wrong booking | wrong proposal | nothing "
        "| precision | recall | baseline recall |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in sorted(counts, key=lambda one: (one == "all", one)):
        one, right = counts[kind], counts[kind]["booked"] + counts[kind]["proposed"]
        placed = right + one["wrong_booking"] + one["wrong_proposal"]
        total = sum(bases[kind].values())
        cells = [one[what] for what in ("booked", "proposed", "wrong_booking", "wrong_proposal", "nothing")]
        shares = [_share(right, placed), _share(one["found"], one["placeable"])]
        shares.append(_share(bases[kind]["booked"], one["placeable"]))
        lines.append("| " + " | ".join(str(cell) for cell in (kind, total, *cells, *shares)) + " |")
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def speed(sizes: Iterable[int], payments: int) -> list[str]:
    """CPU per payment by ledger size, and the slope of time against the logarithm of the size."""
    lines = ["| open invoices | CPU per payment |", "|---:|---:|"]
    points = []
    for size in sizes:
        traffic = make_traffic(min(payments, size // 20), size)
        index = index_of(traffic)
        begun = time.process_time()
        run_payments(index, traffic.payments, RULES)
        cost = (time.process_time() - begun) / len(traffic.payments) * 1_000
        points.append((math.log10(size), cost))
        lines.append(f"| {size:,} | {cost:.2f} ms |")
    mean_x, mean_y = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return [*lines, "", f"Slope: {slope:+.2f} ms for each tenfold number of open invoices."]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--wrong", type=int, default=0, help="Show so many payments of each kind that went wrong.")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    traffic = make_traffic(options.payments, options.invoices, options.seed)
    index = index_of(traffic)
    begun = time.process_time()
    run = run_payments(index, traffic.payments, RULES)
    seconds = time.process_time() - begun
    found = verdicts(traffic, run)
    base = baseline(traffic)
    lines = [
        f"{len(traffic.payments):,} payments, {options.invoices:,} open invoices, seed {options.seed}; "
        f"{seconds / len(traffic.payments) * 1_000:.2f} ms CPU per payment.",
        "",
        *table(traffic, found, base),
        "",
        f"Wrong bookings of the baseline: {sum(one == 'wrong_booking' for one in base.values())}.",
    ]
    if options.speed:
        lines += ["", *speed((1_000, 10_000, 100_000, 1_000_000), 2_000)]
    print("\n".join(lines))
    show_wrong(traffic, run, found, options.wrong)
    if options.page:
        page = options.page.read_text("utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        options.page.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", "utf-8")
    return 1 if "wrong_booking" in found.values() else 0


def show_wrong(traffic: Traffic, run: Run, found: dict[str, str], count: int) -> None:
    """Print payments that were not placed rightly though a human could, or booked wrongly."""
    shown: Counter[tuple[str, str]] = Counter()
    proposals = {one.payment.key: one for one in run.proposals}
    for payment in traffic.payments:
        truth, verdict = traffic.truth[payment.key], found[payment.key]
        if verdict in ("booked", "proposed") or (verdict != "wrong_booking" and not truth.can_be_placed):
            continue
        shown[truth.kind, verdict] += 1
        if shown[truth.kind, verdict] > count:
            continue
        print(f"\n{truth.kind} {verdict}: {payment.payer_name!r} {payment.amount_minor} {payment.text!r}")
        print("   ", payment.structured_reference, payment.documents[:3], "right:", truth.invoices)
        print("    of", [(one.names, len(one.items)) for one in traffic.debtors if one.account in truth.accounts])
        for booked in (one for one in run.allocations if one.payment == payment.key):
            print("    booked:", booked)
        for placement, pairs in proposals[payment.key].choices[:2] if payment.key in proposals else ():
            accounts = [share.account for share in placement.shares]
            print("    proposed:", placement.confidence_permille, placement.reasons, pairs, accounts)


if __name__ == "__main__":
    raise SystemExit(main())
