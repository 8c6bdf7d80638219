"""A bank transaction: where its money goes, as a fold over its events. It decides first, accounts follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.identity import FINAL, NOT_COUNTED, PROVISIONAL
from duly.domain.match_model import Adjustment, Placement, Share

PERSON = "person"  # why money is where it is, when a person said so
WAITING = ("proposed", "suspense")


class TransactionError(Exception):
    """An event that does not fit the transaction's state: a bug of the caller, never bad input."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """The state of one bank transaction. ``tokens`` are (normalised reference, start, end) found in its text.

    ``state``: received (not looked at), routed (belongs to the accounts of ``shares``), proposed (a person confirms one
    of ``placements``), suspense, ignored (not a receipt). ``applied`` are the shares that the accounts' journals hold
    now; they follow ``shares``. ``refused`` are placements that a person said no to, ``released`` accounts whose chase
    does not wait for this money any more because a person said so. ``learned`` is the customer to whom the payer leads
    because of this payment.
    """

    key: str = ""
    amount_minor: int = 0
    currency: str = ""
    booked: date | None = None
    value_date: date | None = None
    at: datetime | None = None
    upload: str = ""
    line: int = 0
    personal: str = ""
    personal_hash: str = ""
    tokens: tuple[tuple[str, int, int], ...] = ()
    reversal: bool = False
    state: str = "received"
    reason: str = ""
    reasons: tuple[str, ...] = ()
    confidence_permille: int = 0
    by: str = ""
    settle: tuple[Adjustment, ...] = ()
    settled: tuple[Adjustment, ...] = ()  # what the accounts have let go of, which follows ``settle``
    teaches: bool = False
    learned: str = ""
    placements: tuple[Placement, ...] = ()
    refused: tuple[Placement, ...] = ()
    released: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    applied: tuple[Share, ...] = ()
    candidates: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    takes_back: str = ""  # of a reversal: the payment that came back with it, once that is known
    standing: str = FINAL  # what it is worth among the bank's entries (domain.identity); only a final one is booked
    group: str = ""
    bank: str = ""
    is_listed: bool = True  # its upload's receipt counts its row as applied
    confirmed_upload: str = ""  # the final statement that confirmed an announced one
    confirmed_line: int = 0

    @property
    def is_settled(self) -> bool:
        """True when the accounts agree with the decision: applied where routed, nowhere when parked or ignored."""
        return self.state != "received" and not self.to_withdraw and not self.to_apply and self.settled == self.settle

    @property
    def is_waiting(self) -> bool:
        """Nobody knows for certain where the money belongs: the chase of the candidates waits with it."""
        return self.state in WAITING

    @property
    def is_given_up(self) -> bool:
        """A person said of announced money that it is nobody's: no statement ever had it."""
        return self.standing == PROVISIONAL and bool(self.released) and not self.candidates

    @property
    def to_withdraw(self) -> tuple[Share, ...]:
        """Shares that have to leave their accounts: the decision gives those none, or another amount."""
        wanted = {share.account: _money(share) for share in self.shares}
        return tuple(share for share in self.applied if wanted.get(share.account) != _money(share))

    @property
    def to_apply(self) -> tuple[Share, ...]:
        """Shares that their accounts do not hold as they are decided."""
        return tuple(share for share in self.shares if share not in self.applied)


def _money(share: Share) -> tuple[int, Mapping[str, int]]:
    return share.amount_minor, share.caps


def joined(shares: Iterable[Share]) -> tuple[Share, ...]:
    """Return the shares with one for each account: those of accounts that were merged into one are put together.

    An item that one of them caps and another names without a cap has none."""
    found: dict[str, Share] = {}
    for share in shares:
        other = found.get(share.account)
        found[share.account] = share if other is None else _together(other, share)
    return tuple(found.values())


def _together(one: Share, other: Share) -> Share:
    names = tuple(dict.fromkeys([*one.names, *other.names]))
    uncapped = {key for share in (one, other) for key in share.names if key not in share.caps}
    keys = [key for key in (*one.caps, *other.caps) if key not in uncapped]
    caps = {key: one.caps.get(key, 0) + other.caps.get(key, 0) for key in keys}
    return Share(one.account, names, one.amount_minor + other.amount_minor, caps, one.in_order or other.in_order)


def is_same_place(one: Placement, other: Placement) -> bool:
    """Whether two placements put the same money on the same accounts and let go of the same beside it."""
    return (one.shares, one.settle) == (other.shares, other.settle)


def proposal_id(placements: Sequence[Placement]) -> str:
    """Return what names a proposal as a person sees it: it changes when a place comes, goes or moves in the list."""
    places = [codec.encode(replace(one, confidence_permille=0, reasons=())) for one in placements]
    return codec.digest(places)[:12] if places else ""


def held_back(state: Transaction, decided: ev.Event | None) -> ev.Event | None:
    """Return what becomes of money whose standing lets nobody book it, given what would be decided of it otherwise:
    it waits, and the accounts that it would go to are those whose chase waits with it. What another transaction stands
    for is set aside. None: that is how it is already."""
    if state.standing == FINAL or isinstance(decided, ev.TransactionIgnored):
        return decided
    if state.standing in NOT_COUNTED:
        event: ev.Event = ev.TransactionIgnored(state.standing)
    else:
        candidates = state.candidates
        if isinstance(decided, ev.TransactionRouted):
            candidates = tuple(share.account for share in decided.shares)
        elif isinstance(decided, (ev.TransactionProposed, ev.TransactionParked)):
            candidates = decided.candidates
        event = ev.TransactionParked(state.standing, tuple(one for one in candidates if one not in state.released))
    return event if apply(state, event) != state else None


def uncounted(state: Transaction) -> ev.Event | None:
    """Return what becomes of money that a person booked, when the bank's files say since that another transaction
    stands for it, or that it is only announced; None while it counts. A person may book a possible duplicate: that is
    the decision that it is none."""
    if state.standing not in (*NOT_COUNTED, PROVISIONAL):
        return None
    return held_back(state, ev.TransactionRouted(state.shares, PERSON))


# The published table of state changes (invariant 27).
TRANSITIONS: frozenset[tuple[str, str]] = frozenset(
    {
        ("received", "routed"),
        ("received", "suspense"),
        ("received", "proposed"),
        ("received", "ignored"),
        ("suspense", "routed"),
        ("suspense", "proposed"),
        ("suspense", "ignored"),
        ("routed", "ignored"),  # another transaction stands for the same entry of the bank
        ("ignored", "routed"),
        ("ignored", "suspense"),
        ("ignored", "proposed"),
        ("proposed", "routed"),
        ("proposed", "suspense"),
        ("proposed", "ignored"),
        ("routed", "suspense"),
        ("routed", "proposed"),
    }
)


def apply(state: Transaction, event: ev.Event) -> Transaction:
    """Return the transaction after the event. Raises TransactionError when the event does not fit."""
    after = _APPLY[type(event)](state, event)
    if after.state != state.state and (state.state, after.state) not in TRANSITIONS:
        raise TransactionError(f"a transaction cannot go from {state.state} to {after.state}")
    return after


def _received(state: Transaction, event: ev.TransactionReceived) -> Transaction:
    if state.key:
        raise TransactionError("the transaction exists already")
    return Transaction(
        key=event.transaction,
        amount_minor=event.amount_minor,
        currency=event.currency,
        booked=event.booked,
        value_date=event.value_date,
        at=event.at,
        upload=event.upload,
        line=event.line,
        personal=event.personal,
        personal_hash=event.personal_hash,
        tokens=event.tokens,
        reversal=event.reversal,
        standing=event.standing,
        group=event.group,
        bank=event.bank,
        is_listed=event.is_listed,
    )


def _stands(state: Transaction, event: ev.StandingChanged) -> Transaction:
    is_confirmed = event.standing == FINAL and state.standing == PROVISIONAL
    released = () if is_confirmed else state.released  # that was said of an announcement, not of money that is there
    changed = replace(state, standing=event.standing, released=released)
    if event.upload and not state.confirmed_upload:
        return replace(changed, confirmed_upload=event.upload, confirmed_line=event.line)
    return changed


def _routed(state: Transaction, event: ev.TransactionRouted) -> Transaction:
    amounts = [share.amount_minor for share in event.shares]
    if sum(amounts) != state.amount_minor or min(amounts, default=0) <= 0:
        raise TransactionError("the shares are not the money that came in")
    if len({share.account for share in event.shares}) != len(event.shares):
        raise TransactionError("an account has one share")
    chosen = event.reason == PERSON and any(one.shares == event.shares for one in state.placements)
    return replace(
        _undecided(state),
        placements=state.placements if chosen else (),  # which of them it was, for whoever asks again
        state="routed",
        shares=event.shares,
        reason=event.reason,
        reasons=event.reasons,
        confidence_permille=event.confidence_permille,
        by=event.by,
        settle=event.settle,
        teaches=event.teaches,
    )


def _undecided(state: Transaction) -> Transaction:
    """The transaction without what was decided of it before."""
    return replace(
        state,
        shares=(),
        reasons=(),
        confidence_permille=0,
        by="",
        settle=(),
        teaches=False,
        placements=(),
        candidates=(),
    )


def _proposed(state: Transaction, event: ev.TransactionProposed) -> Transaction:
    if not event.placements:
        raise TransactionError("nothing is proposed")
    return replace(
        _undecided(state),
        state="proposed",
        placements=event.placements,
        reason="proposed",
        candidates=event.candidates,
    )


def _refused(state: Transaction, event: ev.TransactionRefused) -> Transaction:
    if state.state == "proposed":
        refused = (*state.refused, *state.placements)
        return replace(_undecided(state), state="suspense", reason="refused", refused=refused, by=event.by)
    if state.state != "suspense":
        raise TransactionError("nothing waits")
    released = tuple(sorted({*state.released, *state.candidates}))
    return replace(state, candidates=(), released=released, by=event.by)


def _settled(state: Transaction, event: ev.RestsSettled) -> Transaction:
    return replace(state, settled=event.settle)


def _learned(state: Transaction, event: ev.PayerLearned) -> Transaction:
    return replace(state, learned=event.account)


def _parked(state: Transaction, event: ev.TransactionParked) -> Transaction:
    parked = replace(_undecided(state), state="suspense", reason=event.reason, candidates=event.candidates)
    return replace(parked, takes_back=event.takes_back or state.takes_back)


def _ignored(state: Transaction, event: ev.TransactionIgnored) -> Transaction:
    return replace(_undecided(state), state="ignored", reason=event.reason)


def _applied(state: Transaction, event: ev.TransactionApplied) -> Transaction:
    before = [share for share in state.applied if share.account == event.share.account]
    if before and _money(before[0]) != _money(event.share):
        raise TransactionError("the account holds another share")
    others = [share for share in state.applied if share.account != event.share.account]
    applied = sorted([*others, event.share], key=lambda share: share.account)
    if sum(share.amount_minor for share in applied) > state.amount_minor:
        raise TransactionError("more would be on accounts than came in")
    return replace(state, applied=tuple(applied))


def _withdrawn(state: Transaction, event: ev.TransactionWithdrawn) -> Transaction:
    left = tuple(share for share in state.applied if share.account != event.account)
    if len(left) == len(state.applied):
        raise TransactionError("the money is not on that account")
    return replace(state, applied=left)


def _marked(state: Transaction, event: ev.AccountsMarked) -> Transaction:
    named = set(event.accounts)
    marked = set(state.marked) - named if event.cleared else set(state.marked) | named
    return replace(state, marked=tuple(sorted(marked)))


_APPLY: dict[type[ev.Event], Callable[[Transaction, Any], Transaction]] = {
    ev.TransactionReceived: _received,
    ev.StandingChanged: _stands,
    ev.TransactionRouted: _routed,
    ev.TransactionProposed: _proposed,
    ev.TransactionRefused: _refused,
    ev.PayerLearned: _learned,
    ev.RestsSettled: _settled,
    ev.TransactionParked: _parked,
    ev.TransactionIgnored: _ignored,
    ev.TransactionApplied: _applied,
    ev.TransactionWithdrawn: _withdrawn,
    ev.AccountsMarked: _marked,
}
