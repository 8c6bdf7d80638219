"""Delivery reports (bounces): RFC 3464 and the forms that mail systems made up before or instead of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from duly.formats.mail_parts import Part, addresses_in, decoded_header, header_block
from duly.formats.mail_text import html_to_text

Action = Literal["failed", "delayed", "delivered", "complaint"]

MAX_RECIPIENTS = 200
MAX_REPORT_CHARACTERS = 100_000
MAX_DIAGNOSTIC_CHARACTERS = 2_000
MAX_CONTEXT_LINES = 12


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What became of one recipient. `status` is an enhanced code of RFC 3463 ("5.1.1") or empty; `permanent` says
    that the address will never work, as opposed to this message having been refused; `reason` is a short code."""

    recipient: str
    action: Action
    status: str
    permanent: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report about a mail of ours. `form` names how it was recognised: "dsn", "feedback" or "text"."""

    form: str
    recipients: tuple[RecipientReport, ...] = ()

    @property
    def permanent(self) -> bool:
        """Whether any recipient's address is dead."""
        return any(recipient.permanent for recipient in self.recipients)

    @property
    def failed(self) -> bool:
        """Whether the mail did not and will not reach somebody."""
        return any(recipient.action == "failed" for recipient in self.recipients)

    @property
    def complaint(self) -> bool:
        """Whether somebody marked the mail as spam (RFC 5965)."""
        return any(recipient.action == "complaint" for recipient in self.recipients)


# Reasons, the telling ones first. Only those of PERMANENT_REASONS mean that the address itself is dead.
PERMANENT_REASONS = frozenset({"user_unknown", "host_unknown", "moved", "accepts_no_mail"})
_REASONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        (
            "mailbox_full",
            r"mailbox (?:is |has been |size )?(?:full|exceed|over)|(?:over|exceed(?:s|ed|ing)?"
            r"|beyond)[\w' ]{0,40}(?:quota|storage)"
            r"|(?:quota|storage)[\w ]{0,30}(?:exceed|full|over)|(?:user|inbox|disk|box"
            r"|account) (?:is )?(?:full|over ?quota)"
            r"|not enough (?:storage|disk) space|storage (?:limit|quota)|insufficient (?:system )?storage"
            r"|quota violation"
            r"|too many messages in (?:the )?(?:mail)?box|mailfolder is full|postfach (?:ist )?voll|over the maximum",
        ),
        (
            "policy",
            r"\bspf\b|\bdmarc\b|\bdkim\b|unauthenticated|authentication (?:checks? )?(?:failed|required)"
            r"|auth ?required|not authenticated",
        ),
        (
            "spam",
            r"\bspam\b|\bube\b|junk mail|content rejected|blacklist|block(?:ed)? (?:list|using|by)|dnsbl"
            r"|\brbl\b|spamhaus|reputation"
            r"|banned|blocked|listed (?:in|at|on)|poor reputation|virus|malware|unsolicited",
        ),
        (
            "sender_refused",
            r"sender (?:address )?(?:is )?(?:rejected|refused|denied|verify)|domain of sender"
            r"|invalid (?:ip|domain name)|reverse dns"
            r"|\bptr\b|\brdns\b|ip name lookup|unverifyable sending|my name was rejected"
            r"|mail from .{0,80}rejected|sending domain"
            r"|relay(?:ing)? (?:access )?(?:denied|not allowed|prohibited)|no relaying"
            r"|not allowed to send|cannot relay|access denied"
            r"|client host rejected|helo|smtp server of your isp|not permitted to (?:post|send)"
            r"|isn't a (?:valid )?member",
        ),
        (
            "after_data",
            r"in reply to (?:end of )?data|after (?:the )?end of data|after data command|message filtered",
        ),
        (
            "message_refused",
            r"message (?:is )?too (?:big|large)|(?:message|size) (?:size )?(?:exceeds|limit)"
            r"|recipsizelimit|line limit|media error"
            r"|8-bit data in|header error|not rfc 5322|multiple .{0,40}(?:addresses|subject|headers)"
            r"|max(?:imum)? message size"
            r"|policy (?:reasons|violation)|security reasons|\bnot accepted for|attachment.{0,40}(?:not"
            r"|block)|content (?:is )?not",
        ),
        (
            "expired",
            r"message expired|delivery time expired|time ?out|timed out|in the queue too long"
            r"|could not be delivered (?:for|within)|retry time"
            r"|delivery expired|too long in queue|retry timeout|gave up|giving up after"
            r"|has not been (?:collected|delivered) (?:after|within)"
            r"|not delivered for|unable to deliver in \d|still trying|will (?:continue to )?(?:be )?retr"
            r"|delivery .{0,20}delayed"
            r"|could not be delivered yet|queue lifetime|connection (?:refused|expired|reset)|unable to contact",
        ),
        (
            "system",
            r"(?:too many|loop|hop count|hops)\b.{0,30}(?:hop|received|loop|exceed|recipients"
            r"|connections)|routing loop|mail loop"
            r"|rate limit|frequency limited|too many|lost connection|try again later|temporar(?:y|ily)"
            r"|service (?:currently )?unavailable"
            r"|deferred|queue file write error|transaction failed|local configuration error"
            r"|loops back to myself|system error"
            r"|not implemented|sequence of commands|syntax error|read error|permission denied|file error",
        ),
        (
            "moved",
            r"no longer (?:at|with|in use|employed|valid|available|works)|has (?:moved|left)|moved to"
            r"|user has moved|not our customer"
            r"|has been changed to|address (?:is )?no longer|recipient has moved|please (?:send"
            r"|update).{0,40}new address",
        ),
        (
            "disabled",
            r"(?:account|mailbox|user|address|email).{0,40}(?:disabled|suspended|discontinued|inactive"
            r"|deactivated|locked|on hold|expired)"
            r"|inactive (?:user|account|mailbox)|temporarily locked",
        ),
        (
            "accepts_no_mail",
            r"does(?:n't| not) accept (?:any )?(?:mail|message)|null mx|accepts? no mail|has no (?:mx"
            r"|mail exchanger|valid mail)|no mx"
            r"|domain .{0,60}not (?:configured to )?accept|host .{0,80}does not (?:accept|receive)"
            r"|does not handle mail",
        ),
        (
            "host_unknown",
            r"(?:host|domain|server)(?: name| or domain name)? (?:is )?(?:not found|unknown|unreachable"
            r"|not reachable)|unknown (?:mail )?(?:host|domain)"
            r"|no such (?:host|domain)|bad destination (?:system|host|mailbox)|invalid (?:domain|host)\b"
            r"|couldn't find any host|unrouteable"
            r"|unrout(?:e)?able (?:mail )?(?:domain|address)"
            r"|all relevant mx records point to non-existent|name server .{0,20}host not found"
            r"|illegal host|cannot find your hostname|domain .{0,80}(?:does not exist|not exist"
            r"|couldn't be found|could not be found)"
            r"|host not found|nxdomain|name service error|unable to look ?up|domain is not reachable|dns query failed",
        ),
        (
            "user_unknown",
            r"(?:user|recipient|mailbox|account|address|alias|userid|username|person|name|member"
            r"|subscriber|employee)(?: or domain)?"
            r"[^.\n]{0,60}?\b(?:unknown|not (?:found|known|exist|recogni[sz]ed|available|listed|valid"
            r"|here)|invalid|does ?n.t exist"
            r"|does not exist|doesn't have|unavailable|couldn't be found|could not be found|not a valid)"
            r"|(?:unknown|no such|invalid|illegal|bad|non-?existent|nonexistent|unrecognized"
            r"|inexistant\w*|undeliverable)[\w' ]{0,30}"
            r"(?:user|recipient|mailbox|account|address|alias|local part|userid|name|person|member|box)\b"
            r"|no (?:mailbox|user|account|valid recipients?|such|one)\b[\w ]{0,30}(?:here|by that name"
            r"|name|called|exist|found|local)?"
            r"|recipnotfound|not (?:listed|found) in (?:the )?(?:domino|directory|public)"
            r"|doesn't have an? .{0,60}account|not in (?:my|our) list"
            r"|does(?:n't| not) have an? .{0,40}account|delivery to .{0,80}failed permanently: no|address rejected"
            r"|that you tried to reach does not exist|empfänger (?:unbekannt|existiert nicht)"
            r"|adresse (?:inconnue|inexistante)"
            r"|destinataire inconnu|usuario desconocido|utente sconosciuto|unbekannter (?:benutzer"
            r"|empfänger)|ist unbekannt"
            r"|this user does|user not|we don't have (?:this|that) user|doesn't like recipient",
        ),
    )
)
# Where the text says nothing: what the code says (RFC 3463).
_STATUS_REASONS = (
    (re.compile(r"[45]\.1\.(?:1|3|10)$"), "user_unknown"),
    (re.compile(r"[45]\.1\.2$"), "host_unknown"),
    (re.compile(r"5\.1\.6$"), "moved"),
    (re.compile(r"[45]\.2\.2$"), "mailbox_full"),
    (re.compile(r"[45]\.2\.1$"), "disabled"),
    (re.compile(r"[45]\.2\.3|[45]\.3\.4|[45]\.6\."), "message_refused"),
    (re.compile(r"5\.4\.4$"), "host_unknown"),
    (re.compile(r"[45]\.4\.7$"), "expired"),
    (re.compile(r"[45]\.7\."), "policy"),
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?<![\d.])([45])([0-5])(\d)(?![\d.])[ \-:,]")


def _reason_of(diagnostic: str, status: str) -> str:
    text = re.sub(r"<[^<>\s]{0,320}>|\S+@\S+", " ", diagnostic)
    text = re.sub(r"https?://\S+", " ", text)
    for reason, pattern in _REASONS:
        if pattern.search(text):
            return reason
    return next((reason for pattern, reason in _STATUS_REASONS if pattern.match(status)), "")


def _status_in(text: str) -> str:
    match = _STATUS.search(re.sub(r"\[[\d.]+\]", " ", text))
    return f"{match.group(1)}.{match.group(2)}.{match.group(3)}" if match else ""


def _report_on(recipient: str, action: Action, status: str, diagnostic: str) -> RecipientReport:
    diagnostic = diagnostic[:MAX_DIAGNOSTIC_CHARACTERS]
    stated = _status_in(diagnostic)
    # "5.0.0" says only that it failed; the remote server's own code says more.
    status = (
        stated if stated and (not status or status.endswith((".0.0", ".7.0")) or stated[0] != status[0]) else status
    )
    reason = _reason_of(diagnostic, status)
    smtp = _SMTP_CODE.search(diagnostic + " ")
    temporary = action == "delayed" or (status.startswith("4") and not (smtp and smtp.group(1) == "5"))
    if temporary and reason == "user_unknown" and not status:
        temporary = False
    permanent = action == "failed" and reason in PERMANENT_REASONS and not temporary
    return RecipientReport(recipient, action, status, permanent, reason)


def walk(part: Part) -> Iterator[Part]:
    """The part and all parts below it, but nothing of a message that it carries."""
    stack = [part]
    while stack:
        current = stack.pop()
        yield current
        if not current.content_type.startswith("message/"):
            stack.extend(reversed(current.children))


# RFC 3464 --------------------------------------------------------------------------------------------------------


def _field_groups(text: str) -> list[dict[str, str]]:
    groups: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")[:MAX_REPORT_CHARACTERS].strip("\n")):
        fields: dict[str, str] = {}
        for name, value in header_block(block).headers:
            fields.setdefault(name, value)
        if fields:
            groups.append(fields)
    return groups


def _typed_address(value: str) -> str:
    address = value.partition(";")[2] or value
    found = addresses_in(address)
    return found[0] if found else ""


_ACTIONS: dict[str, Action] = {
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "error": "failed",
    "delayed": "delayed",
    "deferred": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
    "deliverable": "delivered",
}


def _dsn_recipients(status_parts: list[Part], human_text: str) -> list[RecipientReport]:
    reports: list[RecipientReport] = []
    for part in status_parts:
        text = part.text()[0]
        for fields in _field_groups(text):
            report = _dsn_recipient(fields, human_text)
            if report is not None and len(reports) < MAX_RECIPIENTS:
                reports.append(report)
    return reports


def _dsn_recipient(fields: dict[str, str], human_text: str) -> RecipientReport | None:
    named = [fields.get(name, "") for name in ("final-recipient", "x-actual-recipient", "original-recipient")]
    if not any(named) and "action" not in fields:
        return None
    recipient = next((address for address in map(_typed_address, named) if address), "")
    word = re.sub(r"[^a-z].*", "", fields.get("action", "failed").strip().lower())
    status = _status_in(fields.get("status", ""))
    action = _ACTIONS.get(word, "failed")
    diagnostic = decoded_header(fields.get("diagnostic-code", ""))
    # Many systems put what matters into the text alone.
    return _report_on(recipient, action, status, diagnostic or _context_of(recipient, human_text) or human_text)


def _context_of(recipient: str, text: str) -> str:
    position = text.lower().find(recipient) if recipient else -1
    return text[position : position + MAX_DIAGNOSTIC_CHARACTERS] if position >= 0 else ""


# RFC 5965 --------------------------------------------------------------------------------------------------------


def _complaint(feedback: Part, original: Part | None) -> DeliveryReport:
    fields = _field_groups(feedback.text()[0])
    merged: dict[str, str] = {}
    for group in reversed(fields):
        merged.update(group)
    recipient = _typed_address(merged.get("original-rcpt-to", "") or merged.get("removal-recipient", ""))
    if not recipient and original is not None:
        recipient = next(iter(addresses_in(original.first("to"))), "")
    # Feedback that authentication failed, or that the mail is no spam, is no complaint about the mail.
    kind = merged.get("feedback-type", "abuse").strip().lower()
    action: Action = "delivered" if kind in ("auth-failure", "not-spam", "dmarc") else "complaint"
    return DeliveryReport("feedback", (RecipientReport(recipient, action, "", False, f"feedback_{_code(kind)}"),))


def _code(text: str) -> str:
    return re.sub(r"[^a-z]+", "_", text)[:30].strip("_")


# Reports in prose ------------------------------------------------------------------------------------------------

_DAEMON = re.compile(
    r"mailer-?daemon|mail[ .-]?(?:delivery|er)|postmaster|postfix|delivery (?:sub)?system|mail system"
    r"|mail administrator"
    r"|system administrator|mail server|double-?bounce|microsoft exchange|mdaemon|autoresponder@"
    r"|bounce[sd]?@|fml-?admin|majordomo",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"mail failed|"
    r"undeliver|returned (?:mail|to sender|message)|delivery (?:status|failure|failed|notification"
    r"|problem|error|has failed|report)"
    r"|failure (?:notice|delivery)|mail (?:delivery|system error|could not be delivered|failure|error"
    r"|not delivered)|non[- ]?delivery"
    r"|nondeliverable|unzustellbar|nicht zugestellt|zustellung|rückläufer|could(?:n't| not) be delivered|not deliver"
    r"|unable to deliver|message delayed|delayed mail|warning: .{0,40}(?:delayed|could not)"
    r"|unknown (?:user|recipient|address)"
    r"|user unknown|échec|non remis|no se (?:ha )?(?:pudo|puede) entregar|mancato recapito|onbestelbaar"
    r"|inlevererbar|error mail"
    r"|message (?:status|could not|not delivered)|delivery to .{0,60} (?:failed|has)|notification d'échec"
    r"|rejected mail|returning message"
    r"|permanent delivery failure|bounced mail|^(?:nd|dsn)\b|mailbox (?:full|unavailable)|transient (?:failure|error)"
    r"|posting error|not a member|delivery incomplete|failed delivery",
    re.IGNORECASE,
)
_BOUNCE_TEXT = re.compile(
    r"error delivering|delivery problems|been postponed|exceeds allowed|no valid recipients|full mailbox"
    r"|mailbox is full|"
    r"(?:could|can|was|were|has|have|did|is|are)(?: ?n[o']t| not|not) (?:be |been "
    r"|able to )?(?:be )?(?:deliver|reach|sent|complet)"
    r"|unable to deliver|undeliver|failed permanently|permanent(?: fatal)? error|delivery (?:to|failed"
    r"|failure|has failed|of this)"
    r"|following (?:address|recipient)s?|returned to (?:you|sender)|(?:user|host|recipient"
    r"|mailbox)[\w ]{0,20}(?:unknown|full|not found)"
    r"|unknown user|no such (?:user|mailbox|account)|smtp error|transcript of session|remote (?:host"
    r"|server) (?:said|returned|respon)"
    r"|mail server .{0,80}(?:said|rejected)|invalid (?:final delivery userid|recipient|address)|quota"
    r"|over quota|wasn't able to"
    r"|(?<!\d)5[0-5]\d[ -](?:5\.\d\.\d|<|\w)|配信|送信できません|エラー"
    r"|nicht zugestellt|konnte nicht|unzustellbar|n'a pas pu être"
    r"|recipients? (?:was|were) not|fehler|does not exist|failure reasons?|account is disabled"
    r"|not accepting|not (?:yet )?been delivered"
    r"|automatically rejected|message was rejected|delayed",
    re.IGNORECASE,
)
# Where the copy of the returned mail begins.
_RETURNED = re.compile(
    r"^[ \t>]*(?:-{2,}|={2,}|\*{2,}|_{2,})?[ \t]*(?:"
    r"below this line is (?:a|the) copy|this is a copy of|here is (?:a|your) copy|a copy of (?:the"
    r"|your) (?:original )?message|copy of (?:the )?message"
    r"|(?:the |unsent |original |returned |undelivered |your )?(?:original |unsent |returned "
    r"|bounced )?(?:message|mail|e-?mail)(?: header)?s?"
    r"(?: text| body| headers?| content)? (?:follows?|is (?:below|following|attached)|below|attached|text)"
    r"|original message|returned message|unsent message|the header of the original"
    r"|message headers?(?: follow)?|received:|return-path: "
    r"|header of the original|text of (?:the )?original message|undelivered message|bounced e-?mail|failed message"
    r"|rejected message|your (?:original )?message (?:follows|reads|begins)|this is the (?:original"
    r"|first)|first \d+ lines|original mail"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_RECIPIENT_LINE = re.compile(
    r"^\s*(?:[-*•>]+\s*)?(?:<|\"|to:?\s+|for\s+|recipient(?: address)?:?\s*|(?:rcpt|mail) to:?\s*<?"
    r"|e-?mail(?: address)?:\s*|user:?\s+"
    r"|\(?(?:to|for) <?|address:\s*|failed (?:recipient|address):?\s*|mailto:|unknown (?:user"
    r"|local-part)[:]?\s*\"?|no such user:?\s*"
    r"|(?:\d{3}[- ])+(?:\d\.\d\.\d )?<?|(?:<<<|>>>)\s.*?<|invalid final delivery userid:\s*"
    r"|delivery to <?|message to <?|final-recipient: ?(?:rfc822;)? ?)?"
    r"\"?<?(?P<address>[^\s<>\"'(),;:\[\]]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{1,250})",
    re.IGNORECASE,
)
_DELAY_TEXT = re.compile(
    r"warning message only|do not need to resend|will (?:continue|keep) (?:to )?(?:be )?(?:retr|try"
    r"|attempt)|has not yet been delivered"
    r"|still trying|not been delivered yet|delivery (?:attempts )?will continue|has been delayed"
    r"|is delayed|temporar(?:y|ily) (?:unable|failure|defer)"
    r"|no action is required on your part|will be retried|could not be delivered for the last",
    re.IGNORECASE,
)


def _daemon_like(root: Part, subject: str) -> bool:
    senders = root.first("from") + " " + root.first("sender")
    return bool(
        _DAEMON.search(senders)
        or root.first("return-path").replace(" ", "") == "<>"
        or "x-failed-recipients" in {name for name, _value in root.headers}
        or _BOUNCE_SUBJECT.search(subject)
    )


def _prose_report(root: Part, text: str, subject: str, ours: frozenset[str]) -> DeliveryReport | None:
    answered = root.first("in-reply-to") and re.match(r"\s*(?:re|aw|antw|sv)\s*:", subject, re.IGNORECASE)
    if not _daemon_like(root, subject) or answered:
        return None
    # Anyone may write as postmaster; that alone, under a subject of no meaning, proves nothing.
    daemon = _DAEMON.search(re.sub(r"postmaster", "", root.first("from"), flags=re.IGNORECASE)) is not None
    telling = _BOUNCE_SUBJECT.search(subject) is not None
    failed = root.all("x-failed-recipients")
    if not failed and (not _BOUNCE_TEXT.search(text[:MAX_REPORT_CHARACTERS]) or not (daemon or telling)):
        return None
    top = _before_copy(text[:MAX_REPORT_CHARACTERS])
    action: Action = (
        "delayed" if _DELAY_TEXT.search(top) and not re.search(r"permanent|gave up|given up", top, re.I) else "failed"
    )
    pieces = _recipients_in(top, failed, ours)
    if not pieces and daemon and telling:
        pieces = _returned_recipients(root, text, ours, top)
    if not pieces:
        return None
    recipients = tuple(_report_on(address, action, "", context) for address, context in pieces.items())
    return DeliveryReport("text", recipients[:MAX_RECIPIENTS])


def _returned_recipients(root: Part, text: str, ours: frozenset[str], context: str) -> dict[str, str]:
    """Whom the returned mail was meant for, when the report itself names nobody."""
    original = returned_message(root, text)
    named = addresses_in(original.first("to")) if original is not None else ()
    return {address: context for address in named if address not in ours}


def _before_copy(text: str) -> str:
    match = _RETURNED.search(text)
    while match is not None and not text[: match.start()].strip():
        match = _RETURNED.search(text, match.end())
    return text[: match.start()] if match else text


def _recipients_in(top: str, failed: list[str], ours: frozenset[str]) -> dict[str, str]:
    """The failed addresses of a report in prose, each with the lines that speak about it."""
    lines = top.split("\n")[:2_000]
    starts: list[tuple[int, str]] = []
    for index, line in enumerate(lines):
        match = _RECIPIENT_LINE.match(line[:1_000])
        found = match.group("address").rstrip(".").lower() if match else ""
        if found and found not in ours and not _DAEMON.match(found):
            starts.append((index, found))
    pieces: dict[str, str] = {address: top for value in failed for address in addresses_in(value)}
    for position, (index, address) in enumerate(starts[:MAX_RECIPIENTS]):
        following = next((other for other, name in starts[position + 1 :] if name != address), len(lines))
        context = "\n".join(lines[index : min(following, index + MAX_CONTEXT_LINES)])
        pieces[address] = (
            context if address not in pieces or pieces[address] == top else f"{pieces[address]}\n{context}"
        )
    if not pieces:
        found = [match.group().lower().lstrip("'") for match in _ADDRESS.finditer(top)]
        pieces = {address: top for address in found if address not in ours and not _DAEMON.match(address)}
    # One recipient alone: the whole report is about it.
    return dict.fromkeys(pieces, top) if len(pieces) == 1 else pieces


# All together ----------------------------------------------------------------------------------------------------


def returned_message(root: Part, text: str) -> Part | None:
    """The headers of the mail that a report returns: as a part, as text/rfc822-headers, or copied into the text."""
    for part in walk(root):
        if part.content_type in ("message/rfc822", "message/global") and part.children:
            return part.children[0]
        if part.content_type in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return header_block(part.text()[0][:MAX_REPORT_CHARACTERS])
    match = _RETURNED.search(text[:MAX_REPORT_CHARACTERS])
    if match is None:
        return None
    start = text.find("\n", match.start()) if ":" not in match.group() else match.start()
    rest = re.sub(
        r"^[ \t>]+(?=[A-Za-z-]+:)", "", text[start : start + MAX_REPORT_CHARACTERS], flags=re.MULTILINE
    ).lstrip()
    return header_block(re.split(r"\n[ \t]*\n", rest)[0]) if start >= 0 else None


def read_report(root: Part, text: str, subject: str) -> DeliveryReport | None:
    """What a delivery or feedback report says; None for any other mail. `text` is the mail's own text."""
    parts = list(walk(root))
    text = text[:MAX_REPORT_CHARACTERS]
    feedback = next((part for part in parts if part.content_type == "message/feedback-report"), None)
    if feedback is not None:
        return _complaint(feedback, returned_message(root, text))
    if any(part.content_type == "message/disposition-notification" for part in parts):
        return None
    status_parts = [
        part for part in parts if part.content_type in ("message/delivery-status", "message/global-delivery-status")
    ]
    ours = frozenset(addresses_in(root.first("to"))) | frozenset(addresses_in(root.first("from")))
    recipients = _dsn_recipients(status_parts, _before_copy(text))
    if recipients and not all(recipient.recipient for recipient in recipients):
        recipients = _with_missing_addresses(recipients, root, text, ours)
    if recipients:
        return DeliveryReport("dsn", tuple(recipients))
    prose = _prose_report(root, text or _html_of(parts), subject, ours)
    return replace(prose, form="dsn") if prose is not None and status_parts else prose


def _html_of(parts: list[Part]) -> str:
    part = next((part for part in parts if part.content_type == "text/html"), None)
    return html_to_text(part.text()[0]) if part is not None else ""


def _with_missing_addresses(
    recipients: list[RecipientReport], root: Part, text: str, ours: frozenset[str]
) -> list[RecipientReport]:
    original = returned_message(root, text)
    named = list(_recipients_in(_before_copy(text), root.all("x-failed-recipients"), ours))
    named += [address for address in addresses_in(original.first("to")) if original] if original is not None else []
    known = [address for address in named if address not in {recipient.recipient for recipient in recipients}]
    return [item if item.recipient or not known else replace(item, recipient=known.pop(0)) for item in recipients]
