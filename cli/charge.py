"""`duly charge`: what late payment of one debt costs on a day, by law or contract, with the calculation."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.screen import Json, err, fail, out, print_json

if TYPE_CHECKING:
    from duly.domain.charges import Reckoning, Rules
    from duly.domain.policy_model import Policy

MAX_PAYMENTS = 300


def charge(
    principal: Annotated[str, typer.Option(help="The debt, such as 10000.00.")],
    currency: Annotated[str, typer.Option(help="Its currency, such as GBP.")],
    due: Annotated[str, typer.Option(help="Its due date, such as 2026-02-03; interest begins the day after.")],
    as_of: Annotated[str, typer.Option(help="The last day with interest.")],
    regime: Annotated[
        str, typer.Option(help="EU, DE, AT, FR, BE, IE, UK, BR, NL, ES, IT, none, or the policy's.")
    ] = "",
    kind: Annotated[str, typer.Option(help="business, consumer or public.")] = "",
    payment: Annotated[list[str] | None, typer.Option(help="DATE=AMOUNT, so often as money came.")] = None,
    rate: Annotated[str, typer.Option(help="Per cent a year, taken as given instead of the regime's.")] = "",
    rounding: Annotated[str, typer.Option(help="total (once, at the end) or daily.")] = "",
    policy: Annotated[
        Path | None, typer.Option(help="A credit policy: its [charges], with rates and tables of its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Reckon late interest, recovery indemnity and fine of one debt. Nothing here is legal advice.

    Exit 1 when it cannot be reckoned, such as for a day whose rate nobody has published: nothing is guessed.
    """
    from duly.domain.charges import RateUnknown, reckon
    from duly.domain.money import MoneyError, parse_minor

    rules = _rules(_policy(policy), regime, kind, rate, rounding)
    try:
        principal_minor = parse_minor(principal, currency)
    except MoneyError as error:
        option = "--principal" if error.code.startswith("amount") else "--currency"
        raise fail(f"{option}: {error.reason}", 1) from None
    paid = [_payment(text, currency) for text in payment or ()]
    _check_amounts(principal_minor, [minor for _, minor in paid], currency)
    days = _day("--due", due), _day("--as-of", as_of)
    try:
        found = reckon(rules, principal_minor, currency, *days, paid)
    except RateUnknown as error:
        raise fail(f"--regime {rules.regime}: {error}; a policy may state it (--policy)", 1) from None
    except OverflowError:
        raise fail("--due and --as-of: expected days before 9999-12-31", 1) from None
    _warn_of_gaps(found, rules, currency)
    if found.rows and not rules.is_bounded:
        _warn_of_bounds(rules, principal_minor, currency, days[0], paid)
    if as_json:
        print_json(data_of(found, currency))
    else:
        print_reckoning(found, rules, currency)


def _policy(path: Path | None) -> Policy:
    from duly.domain.policy import PolicyErrors, default_policy, parse_policy

    if path is None:
        return default_policy()
    try:
        return parse_policy(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise fail(f"{path}: {error.strerror}", 1) from None
    except UnicodeDecodeError:
        raise fail(f"{path}: expected UTF-8", 1) from None
    except PolicyErrors as errors:
        raise fail(str(errors), 1) from None


def _rules(policy: Policy, regime: str, kind: str, rate: str, rounding: str) -> Rules:
    """The rules of a policy with what the options say instead."""
    from dataclasses import replace

    from duly.domain.charges import rules_of
    from duly.domain.legal_model import DEBTOR_KINDS, NO_REGIME
    from duly.domain.money import shortened

    rules = rules_of(policy)
    regimes = (NO_REGIME, *rules.legal.regimes())
    for name, value, known in (
        ("--regime", regime, regimes),
        ("--kind", kind, DEBTOR_KINDS),
        ("--rounding", rounding, ("total", "daily")),
    ):
        if value and value not in known:
            raise fail(f"{name}: expected one of {', '.join(known)}, found {shortened(value)}", 1)
    return replace(
        rules,
        regime=regime or rules.regime,
        kind=kind or rules.kind,
        rate_percent=_rate(rate) if rate else rules.rate_percent,
        is_bounded=not rate,
        rounding=rounding or rules.rounding,
    )


def _rate(text: str) -> Decimal:
    from duly.domain.money import shortened
    from duly.domain.policy_schema import INVALID, Findings, points

    found = points("0", "100")(Findings(), ("rate",), text)
    if found is INVALID:
        wanted = "per cent a year such as 11.75, from 0 to 100, at most six decimals"
        raise fail(f"--rate: expected {wanted}, found {shortened(text)}", 1)
    return Decimal(found)


def _day(option: str, text: str) -> date:
    from duly.domain.money import shortened

    try:
        # the basic form and week dates, which fromisoformat takes too, are more likely a slip
        return date.fromisoformat(text if len(text) == 10 and text[4] == "-" and text[7] == "-" else "")
    except ValueError:
        raise fail(f"{option}: expected a day such as 2026-02-03, found {shortened(text)}", 1) from None


def _payment(text: str, currency: str) -> tuple[date, int]:
    from duly.domain.money import MoneyError, parse_minor

    day, _, amount = text.partition("=")
    try:
        return _day("--payment", day), parse_minor(amount, currency)
    except MoneyError as error:
        raise fail(f"--payment: expected DATE=AMOUNT such as 2026-03-01=250.00; {error.reason}", 1) from None


def _check_amounts(principal_minor: int, paid_minor: list[int], currency: str) -> None:
    from duly.domain.money import format_minor

    if principal_minor < 0:
        raise fail(
            f"--principal: expected an amount that is not negative, found {format_minor(principal_minor, currency)}", 1
        )
    if len(paid_minor) > MAX_PAYMENTS:
        raise fail(f"--payment: expected at most {MAX_PAYMENTS}, found {len(paid_minor)}", 1)
    if min(paid_minor, default=0) < 0:
        raise fail(
            f"--payment: expected an amount that is not negative, found {format_minor(min(paid_minor), currency)}", 1
        )
    if sum(paid_minor) > principal_minor:
        paid, principal = format_minor(sum(paid_minor), currency), format_minor(principal_minor, currency)
        raise fail(f"--payment: expected no more paid than the principal of {principal}, found {paid} in all", 1)


def _warn_of_gaps(found: Reckoning, rules: Rules, currency: str) -> None:
    """Say why a late debt costs less than one may expect."""
    from duly.domain.legal_model import NO_REGIME

    if rules.regime == NO_REGIME and rules.rate_percent is None:
        err.print(Text("--regime none without --rate: no interest and no fixed sum are reckoned"), soft_wrap=True)
    sums = {tier.currency for tier in found.table.indemnity} if found.table else set()
    if sums and currency not in sums:
        named = ", ".join(sorted(sums))
        err.print(
            Text(
                f"--currency {currency}: the fixed sum of {rules.regime} is in {named}; it is not converted, not asked"
            ),
            soft_wrap=True,
        )


def _warn_of_bounds(rules: Rules, principal_minor: int, currency: str, due: date, paid: list[tuple[date, int]]) -> None:
    """Say beside a result with ``--rate`` where the law lets a contract name another one alone: notices keep to it."""
    from dataclasses import replace

    from duly.domain.charges import RateUnknown, plain_percent, reckon

    within, start = replace(rules, is_bounded=True), due + timedelta(days=1)
    try:
        bounded = {row.percent for row in reckon(within, principal_minor, currency, due, start, paid).rows}
    except RateUnknown as error:
        err.print(Text(f"--rate: taken as given; what {rules.regime} allows is not known: {error}"), soft_wrap=True)
        return
    for percent in bounded - {rules.rate_percent}:
        err.print(
            Text(
                f"--rate: taken as given; by a policy with this rate, notices under {rules.regime} would ask for "
                f"{plain_percent(percent)} from {start}, the nearest that the law allows a contract"
            ),
            soft_wrap=True,
        )


# --- what is printed
def data_of(found: Reckoning, currency: str) -> dict[str, Any]:
    """A reckoning as JSON: amounts as texts in the currency's decimals, rates as texts."""
    from duly.domain.charges import plain_percent
    from duly.domain.money import format_minor

    return {
        "interest": format_minor(found.interest_minor, currency),
        "indemnity": format_minor(found.indemnity_minor, currency),
        "fine": format_minor(found.fine_minor, currency),
        "total": format_minor(found.total_minor, currency),
        "trace": [
            {
                "from": row.first.isoformat(),
                "to": row.last.isoformat(),
                "days": row.days,
                "rate": plain_percent(row.percent),
                "principal": format_minor(row.principal_minor, currency),
                "amount": format_minor(amount_minor, currency),
            }
            for row, amount_minor in zip(found.rows, found.amounts_minor, strict=True)
        ],
    }


def print_reckoning(found: Reckoning, rules: Rules, currency: str) -> None:
    """Print the calculation line by line, the sums, and where the law says so."""
    data = data_of(found, currency)
    table = Table(title=f"{rules.regime}, {rules.kind}, amounts in {currency}", title_justify="left")
    for name, side in (("from", "left"), ("to", "left"), ("days", "right"), ("% a year", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    table.add_column("principal", justify="right")
    table.add_column("amount", justify="right")
    for row in data["trace"]:
        table.add_row(*(str(row[name]) for name in ("from", "to", "days", "rate", "principal", "amount")))
    table.add_section()
    sums = [("interest", data["interest"]), ("recovery indemnity", data["indemnity"]), ("fine", data["fine"])]
    for name, amount in sums:
        table.add_row(name, "", "", "", "", amount)
    table.add_row("total with open principal", "", "", "", "", data["total"], style="bold")
    out.print(table)
    for line in _sources(found, rules):
        out.print(Text(line), soft_wrap=True)
    err.print(Text("Nothing here is legal advice."), soft_wrap=True)


def _sources(found: Reckoning, rules: Rules) -> list[str]:
    """The law, the reference rates and what else must be known, with the days on which they were checked."""
    table = found.table
    if table is None:
        return []
    lines = [f"Law: {table.source} (checked {table.checked_on})"]
    if table.note:
        lines.append(f"Note: {table.note}")
    named = {table.series} if rules.rate_percent is None else {table.least_series}
    for series in rules.legal.series:
        if series.name in named:
            lines.append(f"Rate: {series.title}: {series.source} (checked {series.checked_on})")
            lines += [f"Note: {series.note}"] if series.note else []
    return lines
