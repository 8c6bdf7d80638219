"""One claimed notice: drawn from the account at its claim, sent once as an e-mail, and its outcome committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.channels import HAND_OVER, TASK_KINDS, WRITTEN
from duly.domain.charges import ChargeLine, charge_lines, owed_with
from duly.domain.check_digits import reference_is_valid
from duly.domain.entities import Notice
from duly.domain.policy import Policy
from duly.domain.upkeep import record_steps, today_of
from duly.flows.attaching import Attached, attached
from duly.flows.edge import Edge
from duly.flows.own_templates import in_own_words, words_used
from duly.mail import mime
from duly.mail.notice import CreditorView, NoticeError, NoticeItem, NoticeView, kind_of, language_of
from duly.mail.payment_codes import remittance_text
from duly.mail.render import Rendered, check, render
from duly.mail.sending import LONGEST_SEND_SECONDS, Accepted, Doubtful, Outcome, Refused
from duly.mail.token import make_token, reply_address

SEND_WITHIN_SECONDS = 5  # between claim and send; later, a payment or dispute may have come in
COMMIT_SECONDS = 5  # kept in hand for committing the outcome
MAIN_RELEASED = "main_released"  # of a companion: the step is claimed again, and the companion with it
MAX_RELEASES = 3  # certain refusals of one intent before a person has to look
BACKOFF = timedelta(hours=1)
PAY_WITHIN_DAYS = 7
DOUBTFUL_IN_A_ROW = 3
STOPPED_FOR = timedelta(hours=1)

RemainingSeconds = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim that this process committed and nobody else may act on."""

    account: Account
    event: ev.NoticeClaimed
    at_monotonic: float


def view_of(account: Account, claim: ev.NoticeClaimed, policy: Policy, respond_address: str) -> NoticeView:
    """Return what the notice says: the figures of the account at the claim."""
    today = local_date(claim.at, account.header.timezone)
    items = tuple(_item(account, part, policy, today) for part in claim.items)
    creditor = policy.creditor
    previous = [step.on for part in claim.items for step in account.items[part.item].steps]
    days_overdue = max(item.days_overdue for item in items)
    contacts = {contact["id"]: contact for contact in account.personal.get("contacts", [])}
    reference = _reference(account, claim)
    customer = account.header.customer or account.id
    step = policy.step_named(claim.scenario, claim.step)
    asked = [item for item in items if item.days_overdue > 0] or items
    return NoticeView(
        language=language_of(account.header.language, creditor.language),
        currency=claim.currency,
        level=claim.level,
        step=claim.step,
        kind=kind_of(claim.level, days_overdue),
        creditor=_creditor(policy),
        customer_id=customer,
        customer_name=account.personal.get("name", "") or account.header.customer,
        contact_name=contacts.get(claim.contacts[0], {}).get("name", "") if claim.contacts else "",
        items=items,
        credits_minor=claim.credits_minor,
        total_minor=sum(item.owed_minor for item in items) - claim.credits_minor,
        as_of=today,
        payment_reference=reference or remittance_text(list(dict.fromkeys(item.number for item in asked)), customer),
        reference=reference,
        respond_address=respond_address,
        pay_by=None if days_overdue <= 0 else today + timedelta(days=PAY_WITHIN_DAYS),
        last_notice=max(previous, default=None),
        template=step.template if step else "",
    )


def _creditor(policy: Policy) -> CreditorView:
    told = policy.creditor
    return CreditorView(
        name=told.name,
        address=told.address,
        email=told.email,
        iban=told.iban,
        bic=told.bic,
        legal_name_line=told.legal_name_line,
        phone=told.phone,
        contact_name=told.contact_name,
        country=told.country,
        payment_link=told.payment_link,
    )


def _reference(account: Account, claim: ev.NoticeClaimed) -> str:
    """The creditor reference of the only item, when its check digits are right: a payment can name one alone."""
    if len(claim.items) != 1:
        return ""
    reference = account.items[claim.items[0].item].reference
    return reference if reference and reference_is_valid(reference) else ""


def _item(account: Account, part: ev.NoticeItem, policy: Policy, today: date) -> NoticeItem:
    """An item as the notice tells it: what is open of its charges, those that this notice demands included."""
    item = account.items[part.item]
    owed = owed_with(item, part.charges)
    lines = charge_lines(item, part.charges, policy, account.header.kind)
    return NoticeItem(
        number=item.number,
        instalment=item.instalment or 1,
        instalments=item.instalment_count or 1,
        issued=item.issued,
        due=item.due,
        days_overdue=(today - item.due).days,
        level=part.level,
        step=part.step,
        original_minor=item.amount_minor,
        balance_minor=part.balance_minor,
        fee_minor=owed.get("costs", 0),
        interest_minor=owed.get("interest", 0),
        charge_lines=lines if _explains(lines) and any(owed.values()) else (),
        returned=item.means if item.returned else "",
        replaces=item.replaces,
        disputed_minor=item.outstanding_minor - item.chased_minor,
    )


def _explains(lines: tuple[ChargeLine, ...]) -> bool:
    """Whether lines say more than the sums: a single fee needs no calculation."""
    return len(lines) > 1 or any(line.kind != "fee" for line in lines)


def mail_key(account: str, notice: str) -> str:
    """Return where the bytes of a notice are kept."""
    return f"mail/{quote(account, safe='')}/{notice}.eml"


def message_of(edge: Edge, account: Account, claim: ev.NoticeClaimed, policy: Policy) -> tuple[bytes, list[str]]:
    """Return the raw message and its recipients. Raises NoticeError or MailError when it must not be built."""
    token = make_token(edge.key_ring(), edge.stack_name, bytes.fromhex(claim.notice))
    respond = reply_address(token, edge.inbound_domain)
    view = in_own_words(edge, view_of(account, claim, policy, respond))
    along = attached(edge, account, claim, policy, view) if edge.draws else Attached(view)
    emails = {contact["id"]: contact["email"] for contact in account.personal.get("contacts", [])}
    to = [emails[contact] for contact in claim.contacts]
    raw = mime.build(
        render(along.view) if edge.draws else _undrawn(view),
        sender_name=policy.creditor.name,
        sender_address=edge.sender_address,
        to=to,
        reply_to=respond,
        date=claim.at,
        attempt=claim.notice,
        thread=claim.intent[:16],
        headers={"X-Duly-Template": words_used(along.view)},
        attachments=along.files,
    )
    return raw, to


def undrawn_document(view: NoticeView) -> bytes:
    """What stands for a notice's document where nothing is drawn. Raises NoticeError where drawing it would."""
    check(view)
    return b""


def _undrawn(view: NoticeView) -> Rendered:
    check(view)
    return Rendered(view.language, "", "", "")


def document_key(account: str, notice: str, channel: str) -> str:
    """Return where the document of a letter or hand-over lies: its being there says that the claim was carried out."""
    ending = "zip" if channel == HAND_OVER else "pdf"
    return f"documents/notices/{quote(account, safe='')}/{notice}.{ending}"


def too_late(edge: Edge, claimed: Claimed, remaining: RemainingSeconds, seconds: float) -> Refused | None:
    """Return why a claim must not be carried out any more: it is too old, or what is left of the invocation is less
    than carrying it out (at most ``seconds``) and committing its outcome may take."""
    if edge.monotonic() - claimed.at_monotonic > SEND_WITHIN_SECONDS:
        return Refused("claim_too_old")
    if remaining() < seconds + COMMIT_SECONDS:
        return Refused("no_time_left")
    return None


def send_email(edge: Edge, claimed: Claimed, policy: Policy, now: datetime, remaining: RemainingSeconds) -> Outcome:
    """Send the e-mail of a claim once; return what became of it. The claim itself is the only permission."""
    claim = claimed.event
    try:
        raw, to = message_of(edge, claimed.account, claim, policy)
    except (NoticeError, mime.MailError) as error:
        return Refused(error.code, retryable=False)
    edge.objects.put(mail_key(claimed.account.id, claim.notice), raw, "message/rfc822")
    late = too_late(edge, claimed, remaining, LONGEST_SEND_SECONDS)
    if late is not None:
        return late
    return edge.mailer.send(
        raw,
        from_address=edge.sender_address,
        to=to,
        configuration_set=edge.configuration_set,
        tags={"attempt": claim.notice, "stack": edge.stack_name, "level": str(claim.level)},
        now=now,
    )


def commit_outcome(edge: Edge, account_id: str, notice_id: str, outcome: Outcome, now: datetime) -> Account:
    """Commit the outcome of one's own claim: possible at any later version of the account. Returns the account."""

    def decide(account: Account) -> list[ev.Event]:
        notice = account.notices[notice_id]
        today = today_of(account, edge.policy(), notice.at)
        return outcome_events(account, notice, outcome, now, today)

    after = edge.change(account_id, decide, now, [("notices", notice_id)])
    metric = {Accepted: "NoticesSent", Refused: "NoticesReleased", Doubtful: "NoticesDoubtful"}[type(outcome)]
    edge.observer.metric(metric, 1)
    if isinstance(outcome, Accepted):
        edge.observer.metric(metric, 1, level=str(after.notices[notice_id].level))
    edge.observer.log(metric, account=account_id, notice=notice_id, reason=getattr(outcome, "code", ""))
    return after


def outcome_events(
    account: Account, notice: Notice, outcome: Outcome, now: datetime, claimed_on: date
) -> list[ev.Event]:
    """Return what an outcome says of a notice that is still claimed (or was found silent meanwhile)."""
    if notice.state not in ("claimed", "doubtful"):
        return []
    match outcome:
        case Accepted():
            return [*_accepted(notice, outcome, now, claimed_on), *record_steps(notice, claimed_on)]
        case Doubtful():
            return [ev.NoticeDoubtful(notice.key, now, outcome.code)] if notice.state == "claimed" else []
        case Refused():
            return _released(account, notice, outcome, now, claimed_on) if notice.state == "claimed" else []


def _accepted(notice: Notice, outcome: Accepted, now: datetime, claimed_on: date) -> list[ev.Event]:
    """Carried out: a message was accepted, or a document was written that a person has to send on."""
    if notice.channel not in WRITTEN:
        return [ev.NoticeSent(notice.key, now, "answer", outcome.ses_message_id)]
    kind = TASK_KINDS[notice.channel]
    task = ev.TaskOpened(f"{kind}-{notice.key}", kind, notice.key, claimed_on, claimed_on)
    return [ev.NoticeSent(notice.key, now, "document"), task]


def _released(account: Account, notice: Notice, outcome: Refused, now: datetime, today: date) -> list[ev.Event]:
    counts = outcome.pressure != "stop"  # a used-up quota or a pause says nothing about this message
    count = account.header.releases.get(notice.intent, 0) + counts
    events: list[ev.Event] = [ev.NoticeReleased(notice.key, outcome.code, now + BACKOFF * max(1, count), counts)]
    if notice.main and outcome.code == MAIN_RELEASED:
        return events
    if notice.main:  # its step went out on the main channel, so nothing claims this one again
        task = f"companion-{notice.key}"
        return [*events, ev.TaskOpened(task, "companion_not_sent", notice.key, today, today, outcome.code)]
    if count >= MAX_RELEASES or not outcome.retryable:
        task = f"released-{notice.key}"
        events.append(ev.IntentRetired(notice.intent))
        events.append(ev.TaskOpened(task, "release_limit", notice.intent, today, today, outcome.code))
    return events


# --- the state of sending as a whole
def note_sending(edge: Edge, outcome: Outcome, now: datetime) -> None:
    """Three doubtful outcomes in a row, or SES saying stop, close the gate ``sending_paused``; a success opens it."""
    state = edge.stack.get("sending")
    if isinstance(outcome, Accepted):
        if state:
            edge.stack.put("sending", {})
    elif isinstance(outcome, Doubtful):
        count = int(state.get("doubtful", "0")) + 1
        edge.stack.put("sending", {**state, "doubtful": str(count)})
    elif outcome.pressure == "stop":
        edge.stack.put("sending", {**state, "stopped_until": (now + STOPPED_FOR).isoformat(), "code": outcome.code})


def sending_paused(edge: Edge, now: datetime) -> str:
    """Return why no claim should be made now: doubtful outcomes, a stop by SES, or an empty string."""
    state = edge.stack.get("sending")
    if state.get("stopped_until", "") > now.isoformat():
        return "stopped"
    return "doubtful" if int(state.get("doubtful", "0")) >= DOUBTFUL_IN_A_ROW else ""
