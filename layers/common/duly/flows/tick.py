"""The hourly tick: which accounts are due, and for each what its scenario asks now, gates first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.channels import ELECTRONIC
from duly.domain.dunning import decide_chase
from duly.domain.gates import StackFacts, Surroundings, stack_gates
from duly.domain.policy import Policy
from duly.domain.scoring import rescore
from duly.domain.upkeep import today_of, upkeep
from duly.flows.carrying import carry_out, pay_charges, settle_documents
from duly.flows.cash import clear_untrue_marks, settle_transaction
from duly.flows.continuity import open_gaps
from duly.flows.edge import Edge
from duly.flows.notices import COMMIT_SECONDS, Claimed, RemainingSeconds, sending_paused
from duly.flows.waking import money_not_placed
from duly.mail.sending import LONGEST_SEND_SECONDS
from duly.store import keys
from duly.store.queues import ACCOUNT, INBOUND, INBOUND_DLQ, RISK_UPLOAD, STATEMENT_UPLOAD, Message
from duly.store.tables import Conflict, Record
from duly.store.uploads import upload_id

MAX_DUE_PER_SHARD = 2_000  # accounts of one shard in one tick; the rest is due again in the next
MAX_LISTED = 5_000  # object versions looked at by one sweep of one prefix
LOST_AFTER = timedelta(minutes=15)
LOST_WITHIN = timedelta(days=3)
NOT_UPLOADS = frozenset({"inbound/AMAZON_SES_SETUP_NOTIFICATION"})  # written by SES when the receipt rule is made
TICK_LIFE = timedelta(hours=1)
ATTEMPTS = 20
ROUNDS = 100  # notices and proposals of one account in one tick; the next tick goes on
ROUND_SECONDS = LONGEST_SEND_SECONDS + 2 * COMMIT_SECONDS  # kept in hand for one more round


def tick(edge: Edge, now: datetime, wall_now: datetime) -> int:
    """Send every account whose moment has come to the account queue; return how many. ``wall_now`` is compared with
    the bucket's own times. While a gate of the stack is closed, only accounts with upkeep are sent."""
    edge.observer.metric("TicksStarted", 1)
    edge.observer.metric("StatementGaps", open_gaps(edge))
    sweep_uploads(edge, wall_now)
    policy = edge.policy()
    closed = [gate for gate in stack_gates(stack_facts(edge, policy, now), policy) if gate != "sending_paused"]
    for gate in closed:
        edge.observer.metric("GateClosed", 1, gate=gate)
        edge.observer.log("stack_gate_closed", gate=gate)
    due: list[str] = []
    for shard in keys.shards():
        found = edge.table.agenda(shard, keys.agenda_until(now), MAX_DUE_PER_SHARD)
        if len(found) == MAX_DUE_PER_SHARD:
            edge.observer.metric("AgendaCut", 1)
        due += [keys.account_id(pk) for pk, place in found if not closed or keys.upkeep_is_due(place, now)]
    edge.queues.send_all(ACCOUNT, (_look_at(account, now, chase=not closed) for account in due))
    edge.observer.metric("AccountsDue", len(due))
    return len(due)


def _look_at(account: str, now: datetime, *, chase: bool) -> Message:
    body = {"type": "account", "account": account, "time": now.isoformat(), "chase": chase}
    return Message(body, account, f"tick|{now.isoformat()}|{account}")


def sweep_uploads(edge: Edge, wall_now: datetime) -> int:
    """Find uploads whose event was lost and send it again; return how many."""
    found = 0
    for prefix, queue in (
        ("customers/", RISK_UPLOAD),
        ("invoices/", RISK_UPLOAD),
        ("policy/", RISK_UPLOAD),
        ("statements/", STATEMENT_UPLOAD),
        ("inbound/", INBOUND),
    ):
        for listed in edge.objects.versions(prefix, MAX_LISTED):
            age = wall_now - listed.modified
            if not LOST_AFTER < age < LOST_WITHIN or listed.key in NOT_UPLOADS:
                continue
            if edge.uploads.get(upload_id(listed.key, "" if queue == INBOUND else listed.version)) is not None:
                continue
            body = {"type": "lost_object", "key": listed.key, "version": listed.version}
            edge.queues.send(queue, Message(body))
            edge.observer.metric("UploadsFoundLost", 1)
            found += 1
    return found


def stack_facts(edge: Edge, policy: Policy, now: datetime) -> StackFacts:
    """Read what the stack gates look at."""
    until = edge.stack.get("bank_data").get("until")
    return StackFacts(
        now=now,
        creditor_holidays=edge.holidays_around(policy.creditor.country, now),
        bank_data_until=datetime.fromisoformat(until).date() if until else None,
        open_statements=edge.uploads.open_count("statement") + edge.queues.waiting(STATEMENT_UPLOAD),
        inbound_waiting=edge.queues.waiting(INBOUND) + edge.queues.waiting(INBOUND_DLQ),
        sending_paused=sending_paused(edge, now),
        policy_missing=not edge.has_policy(),
    )


def work_account(
    edge: Edge, account_id: str, ticked_at: datetime, now: datetime, chase: bool, remaining: RemainingSeconds
) -> None:
    """Do for one account what the time asks: upkeep, then the chase until nothing more is due, then the agenda.

    A message older than its hour only does the upkeep; the next tick catches up. So it does with what the time left in
    this invocation, or ``ROUNDS``, does not allow.
    """
    if not chase:
        edge.forget_policy()  # the message may come from a new policy
    policy = edge.policy()
    may_chase = chase and now - ticked_at < TICK_LIFE
    for _ in range(ROUNDS):
        if not _work_once(edge, account_id, policy, now, may_chase, remaining) or remaining() < ROUND_SECONDS:
            return
    edge.observer.metric("AgendaCut", 1)
    edge.observer.log("rounds_cut", account=account_id)


def _work_once(
    edge: Edge, account_id: str, policy: Policy, now: datetime, may_chase: bool, remaining: RemainingSeconds
) -> bool:
    """Do the upkeep and at most one notice or proposal; return whether something may be due still."""
    for _ in range(ATTEMPTS):
        account = edge.accounts.load(account_id)
        if not account.exists:
            return False
        try:
            if settle_documents(edge, account, now):
                continue
            if may_chase and account.header.suspense and clear_untrue_marks(edge, account, now):
                continue
            events = _upkeep(account, policy, now)
            account = _commit(edge, account, events, policy, now)
            account = pay_charges(edge, account, _stepped(events), now)
            done = _chase(edge, account, policy, now) if may_chase else None
            if done is None:
                _commit(edge, account, _agenda_only(edge, account, policy, now), policy, now)
                return False
        except Conflict:
            continue  # a payment, dispute or another run came first: nothing was said, decide again
        after = pay_charges(edge, done.account, _stepped(done.events), now)
        for claim in sorted(done.claims, key=lambda one: bool(one.main)):  # what goes out beside it comes after it
            after = carry_out(edge, Claimed(done.account, claim, done.at_monotonic), policy, now, remaining)
        return after.header.due_at is not None and after.header.due_at <= now
    raise Conflict


def _stepped(events: list[ev.Event]) -> list[str]:
    """The items whose step was recorded."""
    return [key for event in events if isinstance(event, ev.StepsRecorded) for key in event.items]


def _commit(edge: Edge, account: Account, events: list[ev.Event], policy: Policy, now: datetime) -> Account:
    return edge.accounts.commit(account, events, now, edge.agenda(policy, now)) if events else account


def _upkeep(account: Account, policy: Policy, now: datetime) -> list[ev.Event]:
    events = upkeep(account, policy, now)
    after = account.after(events)
    return [*events, *rescore(after, policy, today_of(after, policy, now))]


def _agenda_only(edge: Edge, account: Account, policy: Policy, now: datetime) -> list[ev.Event]:
    """Return an event when the account's place in the agenda is not the one it should have."""
    wanted = edge.agenda(policy, now)(account)
    due_now = wanted.due_at is not None and wanted.due_at <= now
    same = (wanted.due_at, wanted.upkeep_at) == (account.header.due_at, account.header.upkeep_at)
    if same or (due_now and wanted.upkeep_at == account.header.upkeep_at):
        return []  # due and held back by a gate: the next tick looks again
    return [ev.AgendaMoved()]


@dataclass(frozen=True, slots=True)
class _Committed:
    """What one look at an account committed, and the claims that this process has to carry out now."""

    account: Account
    events: list[ev.Event]
    claims: tuple[ev.NoticeClaimed, ...]
    at_monotonic: float


def _chase(edge: Edge, account: Account, policy: Policy, now: datetime) -> _Committed | None:
    """Decide on exactly one version of the account and commit the notice or proposal that is due, if the stack's gates
    are open.

    Raises Conflict when a payment, dispute or another run came first: nothing was said, decide again.
    """
    holidays = edge.holidays_around(account.header.country, now) if account.header.country else None
    found = decide_chase(account, policy, Surroundings(now, holidays))
    for skip in found.skipped:
        _gate_closed(edge, account.id, skip.gate)
    if not found.events:
        return None
    is_sent = any(claim.channel in ELECTRONIC for claim in found.to_carry_out)
    closed = [gate for gate in _closed_now(edge, policy, now, is_sent) if is_sent or gate != "sending_paused"]
    for gate in closed:
        _gate_closed(edge, account.id, gate)
    if closed:
        return None
    if found.claim is not None:
        _place_money(edge, account, found.claim, now)
    started = edge.monotonic()
    after = edge.accounts.commit(account, found.events, now, edge.agenda(policy, now))
    return _Committed(after, list(found.events), found.to_carry_out, started)


def _closed_now(edge: Edge, policy: Policy, now: datetime, is_sent: bool) -> tuple[str, ...]:
    """Return the stack's gates that are closed; while sending is doubtful, a message may pass as the probe."""
    facts = stack_facts(edge, policy, now)
    closed = stack_gates(facts, policy)
    probe = is_sent and facts.sending_paused == "doubtful" and closed == ("sending_paused",)
    return () if probe and _take_probe(edge, now) else closed


def _place_money(edge: Edge, account: Account, claim: ev.NoticeClaimed, now: datetime) -> None:
    """Route money that waits for an item of the claim, whose invoice may have come a moment ago. If that changes the
    account (money on it, or a mark of suspense), the claim's commit is a Conflict and everything is decided anew."""
    for transaction in money_not_placed(edge, [account.items[part.item] for part in claim.items]):
        if transaction not in account.header.suspense:
            settle_transaction(edge, transaction, now)


def _gate_closed(edge: Edge, account_id: str, gate: str) -> None:
    edge.observer.metric("GateClosed", 1, gate=gate)
    edge.observer.log("gate_closed", account=account_id, gate=gate)


def _take_probe(edge: Edge, now: datetime) -> bool:
    """While sending is doubtful, one claim an hour may go out as a probe."""
    return edge.uploads_table.create(Record(keys.STACK, f"probe#{now:%Y-%m-%dT%H}", {}, kind="stack"))
