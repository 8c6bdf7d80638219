"""The address at which a notice can be paid online, from the pattern in the policy."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from duly.domain.money import format_minor


def link_of(pattern: str, reference: str, amount_minor: int, currency: str) -> str:
    """The address with its placeholders filled in: ``{amount}`` as 1190.00, ``{reference}`` escaped for an address."""
    amount = format_minor(amount_minor, currency)
    return pattern.replace("{amount}", quote(amount, safe="")).replace("{reference}", quote(reference, safe=""))


def host_of(link: str) -> str:
    """The host of an address, which the reader is shown before following it."""
    return urlsplit(link).hostname or ""
