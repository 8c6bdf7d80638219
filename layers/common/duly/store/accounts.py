"""Load and commit accounts: one Query reads an account, one transaction changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments
from duly.domain.cash_rules import CashRules
from duly.domain.contesting import is_disputed
from duly.domain.entities import KINDS, Header, concerns, is_exchange, links
from duly.store import journal, keys, lookups
from duly.store.tables import Conflict, Record, Table

MAX_CHANGES = 90  # items written in one transaction; DynamoDB allows 100
MAX_READS = 5  # half reads before the account is rebuilt from its journal
MAX_EXTRA = 4_000  # items beside the live ones that one decision may read: 40 calls; a notice alone may name 400

Also = Iterable[tuple[str, str]]
Agenda = Callable[[Account], Moments]
Alarm = Callable[[str, str], None]


class TooMuch(Exception):
    """One event alone changes more than a transaction holds, or a decision asks for too many closed items."""


def _no_alarm(code: str, account: str) -> None:
    del code, account


class AccountStore:
    """Accounts in a table. ``alarm(code, account id)`` is called when an account had to be rebuilt; ``rules`` tells the
    rules about money that loaded accounts are worked out under."""

    def __init__(self, table: Table, alarm: Alarm = _no_alarm, rules: Callable[[], CashRules] = CashRules) -> None:
        self.table = table
        self.alarm = alarm
        self.rules = rules

    def _empty(self, account_id: str) -> Account:
        account = Account(account_id)
        account.rules_of = self.rules
        return account

    # --- reading
    def load(self, account_id: str, also: Also = (), linked: bool = False) -> Account:
        """Return the account with all that is live and, of the closed, what ``also`` names as (kind, key).

        ``linked`` adds the closed cash that pays or names the named items and the closed items which that cash pays or
        names, and so on: what a new payment for them may move. So it does with money that names nothing, what that
        pays, and what else pays the same or open items. An account nobody wrote has version 0.
        """
        wanted = list(also)
        for _ in range(MAX_READS):
            account = self._read_live(account_id)
            if account is not None and self._add(account, [*wanted, *_pending(account)], linked):
                return account
        self.alarm("account_rebuilt", account_id)
        return self._repair(account_id)

    def _repair(self, account_id: str) -> Account:
        """Rebuild the account and write it anew. A commit that came in between may have been overwritten: again."""
        for _ in range(MAX_READS):
            account = self.rebuild(account_id)
            self._rewrite(account)
            if self.table.get(keys.account(account_id), keys.journal(account.version + 1)) is None:
                return account
        raise Conflict

    def _read_live(self, account_id: str) -> Account | None:
        """Return the account, or None when the Query saw half of a transaction."""
        records = self.table.query(keys.account(account_id), keys.LIVE)
        account = self._empty(account_id)
        if not records:
            return account
        if records[0].sk != keys.HEADER:
            return None
        _take_header(account, records[0])
        total = 0
        for record in records[1:]:
            _take(account, record)
            total += keys.weight(record.sk, record.version)
        return account if total % keys.DIGEST_MODULUS == account.digest else None

    def _add(self, account: Account, wanted: Sequence[tuple[str, str]], linked: bool) -> bool:
        """Add closed entities; False when one of them is newer than the account (it changed in between)."""
        level = list(dict.fromkeys(wanted))
        seen: set[tuple[str, str]] = set(level)
        reads = 0
        while level:
            found = self._read(account, level)
            if found is None:
                return False
            reads += found
            if reads > MAX_EXTRA:
                raise TooMuch(f"more than {MAX_EXTRA} items beside the live ones for one decision")
            level = [one for one in _linked_to(account, level) if one not in seen] if linked else []
            seen.update(level)
        is_unnamed = account.header.unnamed or any(cash.is_unnamed for cash in account.cash.values())
        if not linked or not (is_unnamed or any(kind == "cash" for kind, _ in wanted)):
            return True
        return self._add_unnamed(account, reads)

    def _add_unnamed(self, account: Account, reads: int) -> bool:
        """Add what money that names nothing (or may be made to) pays and may pay: the money itself, its items, and all
        that pays those or open items. What that other money pays besides is not concerned: unnamed money comes after
        it."""
        for wanted in (_unnamed, _paid_by_unnamed, _paying_as_well):
            found = self._read(account, wanted(account))
            if found is None:
                return False
            reads += found
            if reads > MAX_EXTRA:
                raise TooMuch(f"more than {MAX_EXTRA} items beside the live ones for money that names nothing")
        return True

    def _read(self, account: Account, named: Iterable[tuple[str, str]]) -> int | None:
        """Read closed entities that are not loaded yet and return how many were asked for; None when one of them is
        newer than the account."""
        missing = [(kind, key) for kind, key in named if key not in account.entities[kind]]
        if not missing or len(missing) > MAX_EXTRA:
            return len(missing)
        sks = [keys.entity(kind, key, live=False) for kind, key in missing]
        for record in self.table.get_many(keys.account(account.id), sks).values():
            if record.version > account.version:
                return None
            _take(account, record)
        return len(missing)

    def now_at(self, account_id: str) -> str:
        """Return the account's id, or that of the account which it was merged into."""
        record = self.table.get(keys.account(account_id), keys.HEADER)
        into = record.body["header"].get("merged_into") if record else None
        return str(into) if into else account_id

    def closed(self, account_id: str, kind: str, limit: int) -> list[Any]:
        """Return closed entities of one kind, at most ``limit``. Only for decisions that no version of the account can
        answer."""
        found = self.table.query(keys.account(account_id), keys.entity(kind, "", live=False), limit)
        return [codec.decode(KINDS[kind], record.body) for record in found]

    def history(self, account_id: str) -> list[journal.Entry]:
        """Return the whole journal of the account, its chain checked (BrokenChain otherwise)."""
        return journal.read(self.table, keys.account(account_id))

    def rebuild(self, account_id: str) -> Account:
        """Return the account as its journal alone says, with every entity, open and closed."""
        return self.replayed(account_id, self.history(account_id))

    def replayed(self, account_id: str, entries: Iterable[journal.Entry]) -> Account:
        """Return the account as these entries of its journal say, with every entity, open and closed."""
        account = self._empty(account_id)
        for entry in entries:
            for event in entry.events:
                account.apply(event)
                _write_versions(account, entry.version)
            account.version, account.last_hash = entry.version, entry.hash
            account.header = replace(account.header, due_at=entry.moments.due_at, upkeep_at=entry.moments.upkeep_at)
        if account.header.personal:
            account.personal = self.personal_item(account_id, account.header.personal)
        return account

    def personal_item(self, account_id: str, personal: str) -> dict[str, Any]:
        """Return a personal item, also an earlier one or one that a repair set aside; {} when it was erased."""
        places = [keys.personal(personal, live) for live in (True, False)]
        found = self.table.get_many(keys.account(account_id), places)
        return next((found[sk].body for sk in places if sk in found), {})

    def _rewrite(self, account: Account) -> None:
        """Write every projection of a rebuilt account again. The journal is not touched."""
        pk = keys.account(account.id)
        if not account.exists:
            return
        wanted = {record.sk: record for record in projections(account)}
        for record in self.table.query(pk, keys.LIVE) + self.table.query(pk, keys.CLOSED):
            letter, _, key = record.sk[len(keys.LIVE) :].partition("#")
            if record.sk in wanted or (letter not in keys.KINDS and not record.sk.startswith(keys.LIVE)):
                continue  # an earlier personal item is nothing that the journal could give back
            if letter not in keys.KINDS:
                self.table.put(replace(record, sk=keys.personal(key, live=False)))
            self.table.delete(pk, record.sk)
        for record in wanted.values():
            self.table.put(record)

    # --- writing
    def commit(
        self,
        account: Account,
        events: Sequence[ev.Event],
        at: datetime,
        agenda: Agenda,
        personal: dict[str, dict[str, Any]] | None = None,
        extra_lookups: Sequence[lookups.Lookup] = (),
    ) -> Account:
        """Append the events and return the account after them.

        More than one transaction's worth is written in parts, each a valid history by itself. ``personal`` holds new
        personal items by id. Raises Conflict when another writer was first: reload and decide again.
        """
        working = account.copy()
        rest = list(events)
        pending_lookups = list(extra_lookups)
        while rest:
            working, rest = self._commit_part(working, rest, at, agenda, personal or {}, pending_lookups)
            pending_lookups = []
        return working

    def _commit_part(
        self,
        account: Account,
        events: list[ev.Event],
        at: datetime,
        agenda: Agenda,
        personal: dict[str, dict[str, Any]],
        extra: list[lookups.Lookup],
    ) -> tuple[Account, list[ev.Event]]:
        after = account.copy()
        plan = _Plan(account, personal)
        plan.change_lookups(_records_of(extra), set())
        taken = 0
        for event in events:
            gone = {lookup.key for lookup in lookups.no_longer(after, event)}
            after.apply(event)
            made = _records_of(lookups.of_account_event(account.id, event, _personal_of(event, personal)))
            size = plan.size(after) + len(made.keys() - plan.lookups.keys()) + len(gone - plan.gone)
            if size > MAX_CHANGES:
                if not taken:
                    raise TooMuch(f"{type(event).__name__} changes {size} items")
                after = account.after(events[:taken])  # as it was before this event, which opens the next part
                break
            plan.change_lookups(made, gone)
            taken += 1
        self._append(plan, account, after, events[:taken], at, agenda)
        return after, events[taken:]

    def _append(
        self,
        plan: _Plan,
        before: Account,
        after: Account,
        events: Sequence[ev.Event],
        at: datetime,
        agenda: Agenda,
    ) -> None:
        moments = agenda(after)
        entry = journal.make(before.version + 1, events, at, before.last_hash, moments)
        after.version, after.last_hash = entry.version, entry.hash
        after.header = replace(after.header, due_at=moments.due_at, upkeep_at=moments.upkeep_at)
        put, delete = plan.records(after)
        journal.append(self.table, keys.account(after.id), entry, put, delete)
        after.touched = set()


def _records_of(found: Iterable[lookups.Lookup]) -> dict[tuple[str, str], Record]:
    """Return the records of lookups by key: two invoices of one amount make the same lookup, which is written once."""
    return {lookup.key: lookup.record() for lookup in found}


def _personal_of(event: ev.Event, personal: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return personal.get(event.personal, {}) if isinstance(event, ev.CustomerRegistered) else {}


class _Plan:
    """What one transaction writes beside its journal entry."""

    def __init__(self, before: Account, personal: dict[str, dict[str, Any]]) -> None:
        self.before = before
        self.personal = personal
        self.lookups: dict[tuple[str, str], Record] = {}
        self.gone: set[tuple[str, str]] = set()

    def change_lookups(self, made: dict[tuple[str, str], Record], gone: set[tuple[str, str]]) -> None:
        """Note the lookups that an event makes and ends; the last event on one of them counts."""
        self.lookups = {key: record for key, record in self.lookups.items() if key not in gone} | made
        self.gone = (self.gone | gone) - made.keys()

    def size(self, after: Account) -> int:
        """Return the number of items written: one per entity, two when it moves between live and closed."""
        moves = sum(2 if self._other_key(after, *key) in self.before.stored else 1 for key in after.touched)
        new_personal = 2 if after.header.personal != self.before.header.personal else 0
        return moves + new_personal + len(self.lookups) + len(self.gone) + 2  # journal entry and header

    def _sort_key(self, account: Account, kind: str, key: str) -> str:
        return keys.entity(kind, key, account.entities[kind][key].is_live)

    def _other_key(self, account: Account, kind: str, key: str) -> str:
        return keys.entity(kind, key, not account.entities[kind][key].is_live)

    def records(self, after: Account) -> tuple[list[Record], list[tuple[str, str]]]:
        """Return what to put and what to delete, and bring the account's digest up to date."""
        pk = keys.account(after.id)
        put = list(self.lookups.values())
        delete: list[tuple[str, str]] = sorted(self.gone)
        for kind, key in sorted(after.touched):
            sk = self._sort_key(after, kind, key)
            put.append(Record(pk, sk, codec.encode(after.entities[kind][key]), after.version, kind))
            other = self._other_key(after, kind, key)
            if other in after.stored:
                delete.append((pk, other))
                _forget(after, other)
            _note(after, sk, after.version)
        self._personal_records(pk, after, put, delete)
        put.append(_header_record(after))
        return put, delete

    def _personal_records(self, pk: str, after: Account, put: list[Record], delete: list[tuple[str, str]]) -> None:
        new, old = after.header.personal, self.before.header.personal
        if new == old or new not in self.personal:
            return
        if old:
            earlier = keys.personal(old)
            put.append(Record(pk, keys.personal(old, live=False), self.before.personal, after.version, "personal"))
            delete.append((pk, earlier))
            _forget(after, earlier)
        after.personal = self.personal[new]
        put.append(Record(pk, keys.personal(new), after.personal, after.version, "personal"))
        _note(after, keys.personal(new), after.version)


def projections(account: Account) -> list[Record]:
    """Return the records that a rebuilt account should have in the table, without lookups and earlier personal items.

    The personal item keeps the version at which it became the present one.
    """
    pk = keys.account(account.id)
    found = []
    for kind, entities in account.entities.items():
        for key, entity in entities.items():
            sk = keys.entity(kind, key, entity.is_live)
            found.append(Record(pk, sk, codec.encode(entity), account.stored[sk], kind))
    if account.header.personal:
        sk = keys.personal(account.header.personal)
        found.append(Record(pk, sk, account.personal, account.stored[sk], "personal"))
    found.append(_header_record(account))
    return found


def _write_versions(account: Account, version: int) -> None:
    """Note, for a rebuild, which version last wrote each touched entity, and keep the digest."""
    for kind, key in account.touched:
        live = account.entities[kind][key].is_live
        _forget(account, keys.entity(kind, key, not live))
        _note(account, keys.entity(kind, key, live), version)
    account.touched = set()
    personal = keys.personal(account.header.personal) if account.header.personal else ""
    present = [sk for sk in account.stored if sk.startswith(keys.personal(""))]
    if personal and present != [personal]:
        for sk in present:
            _forget(account, sk)
        _note(account, personal, version)


def _note(account: Account, sk: str, version: int) -> None:
    _forget(account, sk)
    account.stored[sk] = version
    if sk.startswith(keys.LIVE):
        account.digest = (account.digest + keys.weight(sk, version)) % keys.DIGEST_MODULUS


def _forget(account: Account, sk: str) -> None:
    version = account.stored.pop(sk, None)
    if version is not None and sk.startswith(keys.LIVE):
        account.digest = (account.digest - keys.weight(sk, version)) % keys.DIGEST_MODULUS


def _header_record(account: Account) -> Record:
    pk = keys.account(account.id)
    header = account.header
    body = {
        "header": codec.encode(header),
        "digest": str(account.digest),
        "hash": account.last_hash,
        "summary": summary(account),
    }
    shard = keys.shard(pk)
    due_at = keys.agenda(header.due_at, header.upkeep_at) if header.due_at else None
    return Record(
        pk,
        keys.HEADER,
        body,
        account.version,
        "header",
        due_shard=shard if due_at else None,
        due_at=due_at,
        header_shard=shard,
    )


def summary(account: Account) -> dict[str, Any]:
    """Return what lists and metrics need of the live items, so that they read headers alone.

    Amounts in minor units: ``open`` by currency and due day, of which ``collecting``, likewise, is what the creditor is
    to collect, ``disputed`` and ``promised`` (by a promise or a payment plan) by currency; ``unapplied`` cash and
    credits by currency; ``charges``: open costs and interest; ``ordered``: what is left of open orders; ``flagged``:
    open items by what was noticed on their arrival; counts of live entities.
    """
    disputed_keys = {key for dispute in account.live("disputes") for key in dispute.items}
    promised_keys = {key for kind in ("promises", "plans") for word in account.live(kind) for key in word.items}
    open_by_due: dict[str, dict[str, int]] = {}
    disputed: dict[str, int] = {}
    promised: dict[str, int] = {}
    flagged: dict[str, int] = {}
    collecting: dict[str, dict[str, int]] = {}
    for item in account.live("items"):
        if item.state != "open":
            continue
        for flag in item.flags:
            flagged[flag] = flagged.get(flag, 0) + 1
        for sums in (open_by_due, collecting) if item.awaits_collection else (open_by_due,):
            days, day = sums.setdefault(item.currency, {}), item.due.isoformat()
            days[day] = days.get(day, 0) + item.outstanding_minor
        if concerns(disputed_keys, item):
            minor = item.outstanding_minor - (0 if is_disputed(account, item) else item.chased_minor)
            disputed[item.currency] = disputed.get(item.currency, 0) + minor
        if concerns(promised_keys, item):
            promised[item.currency] = promised.get(item.currency, 0) + item.outstanding_minor
    unapplied: dict[str, int] = {}
    for cash in account.live("cash"):
        unapplied[cash.currency] = unapplied.get(cash.currency, 0) + cash.unallocated_minor
    charges: dict[str, int] = {}
    for item in account.live("items"):
        for amount in item.open_charges_minor.values():
            charges[item.currency] = charges.get(item.currency, 0) + amount
    ordered: dict[str, int] = {}
    for order in account.live("orders"):
        ordered[order.currency] = ordered.get(order.currency, 0) + order.remaining_minor
    counts = {kind: len(account.live(kind)) for kind in KINDS}
    return {
        "open": open_by_due,
        "disputed": disputed,
        "promised": promised,
        "unapplied": unapplied,
        "counts": {kind: count for kind, count in counts.items() if count},
        **({"ordered": ordered} if ordered else {}),
        **({"charges": charges} if charges else {}),
        **({"flagged": flagged} if flagged else {}),
        **({"collecting": collecting} if collecting else {}),
    }


def _linked_to(account: Account, named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the cash that pays or names the given items, the items that the given cash pays or names, and what stands
    for an item or is a part of it."""
    found: dict[tuple[str, str], None] = {}
    naming: dict[str, list[str]] = {}
    for cash in account.cash.values():
        for name in cash.names:
            naming.setdefault(name, []).append(cash.key)
    for kind, key in named:
        if kind == "cash" and key in account.cash and account.cash[key].is_unnamed:  # what it pays is read apart
            found |= dict.fromkeys(("cash", one) for one in sorted(filter(is_exchange, account.cash[key].spent)))
            continue
        if kind in ("items", "cash") and key in account.entities[kind]:
            found |= dict.fromkeys(sorted(links(account.entities[kind][key])))
        elif kind == "items":  # it is not there yet, and money may wait for it
            found |= dict.fromkeys(("cash", cash) for cash in sorted(naming.get(key, ())))
    return list(found)


def _unnamed(account: Account) -> list[tuple[str, str]]:
    """Return the money that names nothing and pays something."""
    return [("cash", key) for key in account.header.unnamed]


def _paid_by_unnamed(account: Account) -> list[tuple[str, str]]:
    paid = {item for key in account.header.unnamed if key in account.cash for item in account.cash[key].pays}
    return [("items", key) for key in sorted(paid)]


def _paying_as_well(account: Account) -> list[tuple[str, str]]:
    """Return all that pays or settles an open item, or one that unnamed money pays."""
    around = {key for _, key in _paid_by_unnamed(account)}
    items = [item for item in account.items.values() if item.state == "open" or item.key in around]
    return [("cash", key) for key in sorted({one for item in items for one in (*item.payers, *item.adjustments)})]


def _pending(account: Account) -> list[tuple[str, str]]:
    """Return the items whose step a notice in flight still has to record: settled ones may be closed by now."""
    return [("items", key) for notice in account.live("notices") for key in notice.pending]


def _take_header(account: Account, record: Record) -> None:
    account.version = record.version
    account.last_hash = record.body["hash"]
    account.digest = int(record.body["digest"])
    account.header = codec.decode(Header, record.body["header"])


def _take(account: Account, record: Record) -> None:
    account.stored[record.sk] = record.version
    letter, _, key = record.sk[len(keys.LIVE) :].partition("#")
    if letter == "X":
        account.personal = record.body
        return
    kind = keys.KINDS[letter]
    account.entities[kind][key] = codec.decode(KINDS[kind], record.body)
    account.awaiting = None


def decide_and_commit(
    store: AccountStore,
    account_id: str,
    decide: Callable[[Account], Sequence[ev.Event]],
    at: datetime,
    agenda: Agenda,
    also: Also = (),
    linked: bool = False,
    attempts: int = 20,
    extra_lookups: Sequence[lookups.Lookup] = (),
) -> Account:
    """Load, decide, commit; on a lost race load and decide again, at most ``attempts`` times, then raise Conflict.

    ``decide`` is pure: it may run several times. No events, no commit.
    """
    wanted = list(also)
    for _ in range(attempts):
        account = store.load(account_id, wanted, linked)
        events = decide(account)
        if not events:
            return account
        try:
            return store.commit(account, events, at, agenda, extra_lookups=extra_lookups)
        except Conflict:
            continue
    raise Conflict
