"""What a debtor's reply means: dispute, promise, paid, question and so on, by rules that can be read and tested.

Pure functions of a text, the language it seems to be in, and the day it was received. Nothing is decided here: the
account decides what an intent may change, and everything that is not plainly understood asks for a human.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, cast

from duly.domain import reply_words as words
from duly.domain.phrases import (
    AmountMention,
    DateMention,
    find_amounts,
    find_dates,
    parse_amount_phrase,
    parse_date_phrase,
)

__all__ = [
    "Classification",
    "Intent",
    "IntentKind",
    "Kind",
    "Reason",
    "classify",
    "find_invoices",
    "parse_amount_phrase",
    "parse_date_phrase",
]

Kind = Literal["reply", "auto_reply", "bounce", "other"]
IntentKind = Literal[
    "dispute",
    "promise",
    "vague_promise",
    "paid",
    "question",
    "thanks",
    "invoice_copy",
    "wrong_contact",
    "refusal",
    "unsubscribe",
    "plan_request",
    "hardship",
    "in_approval",
]
Reason = Literal[
    "",
    "quantity",
    "price",
    "quality",
    "not_received_goods",
    "invoice_not_received",
    "duplicate",
    "already_credited",
    "not_ours",
    "other",
]

MAX_TEXT_CHARACTERS = 20_000
MAX_SENTENCES = 300
MAX_SENTENCE_CHARACTERS = 600
MAX_KNOWN_INVOICES = 5_000
MAX_INTENTS = 30
MIN_CONFIDENCE_PERMILLE = 700
MAX_THANKS_WORDS = 30

# What only a person can answer or act upon.
HUMAN_KINDS = frozenset(
    {"question", "vague_promise", "invoice_copy", "wrong_contact", "refusal", "unsubscribe", "plan_request", "hardship"}
)
_CERTAINTY = {
    "promise": 900,
    "paid": 880,
    "dispute": 900,
    "thanks": 900,
    "invoice_copy": 850,
    "question": 800,
    "wrong_contact": 850,
    "refusal": 800,
    "unsubscribe": 850,
    "plan_request": 800,
    "hardship": 850,
    "vague_promise": 750,
    "in_approval": 850,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that a reply says. `on` is the day promised or paid (a promise always has one, and never one that is
    past); `amount_minor` is in the currency's minor units; `invoices` are known numbers that the sentence, or else
    the text before it, names, and empty when none is named; `start` and `end` bound the evidence in the text;
    `parts` is the number of instalments that a plan request proposes, 0 when it names none."""

    kind: IntentKind
    reason: Reason = ""
    on: date | None = None
    amount_minor: int | None = None
    currency: str | None = None
    invoices: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Classification:
    """Exactly one kind with any number of intents. `confidence_permille` runs from 0 to 1000."""

    kind: Kind
    intents: tuple[Intent, ...] = ()
    invoices: tuple[str, ...] = ()
    confidence_permille: int = 0
    needs_human: bool = True

    def has(self, kind: IntentKind) -> bool:
        """Whether any intent is of this kind."""
        return any(intent.kind == kind for intent in self.intents)

    def first(self, kind: IntentKind) -> Intent | None:
        """The first intent of this kind in the order of the text."""
        return next((intent for intent in self.intents if intent.kind == kind), None)


@dataclass(slots=True)
class _Sentence:
    """A sentence or clause: its place in the text, its plain form for matching, and what was found in it."""

    start: int
    end: int
    plain: str
    invoices: tuple[str, ...] = ()
    mentions_rest: bool = False
    amounts: tuple[AmountMention, ...] = ()
    future: tuple[DateMention, ...] = ()
    past: tuple[DateMention, ...] = ()
    asks: bool = False
    intents: list[Intent] = field(default_factory=list)
    doubt: int = 0


def classify(
    text: str,
    subject: str,
    language: str,
    received: date,
    known_invoices: Sequence[str],
    *,
    machine: Literal["", "auto_reply", "bounce"] = "",
) -> Classification:
    """What the newest part of a reply says.

    `text` is without quoted history and signature (`ParsedMail.text`); `machine` is what the mail's headers already
    prove about its sender; `known_invoices` are the numbers of the account. Without any text the subject is read, as
    some write all they have to say there. Never raises.
    """
    if not text.strip() and not machine and subject.strip():
        return _of_subject(classify(subject, "", language, received, known_invoices))
    text = _without_quoted_lines(text[:MAX_TEXT_CHARACTERS])
    found = find_invoices(text, known_invoices)
    invoices = tuple(dict.fromkeys(number for number, _start, _end in found))
    if machine == "bounce":
        return Classification("bounce", (), invoices, 950, needs_human=False)
    sentences = _sentences(text, found)
    for sentence in sentences:
        _read_facts(sentence, received, language)
    for index, sentence in enumerate(sentences):
        _find_intents(sentence, sentences, index, received)
    intents = _tidied(_with_invoices(sentences, known_invoices, invoices))
    plain = " ".join(sentence.plain for sentence in sentences)
    if machine == "auto_reply" or words.AWAY.search(plain) or (not intents and words.BOUNCE.search(plain)):
        return _machine_kind(machine, plain, intents, invoices)
    if not intents and _only_thanks(sentences, language):
        intents = [Intent("thanks", start=sentences[0].start, end=sentences[-1].end)]
    if not intents:
        return Classification("other", (), invoices, 0, needs_human=True)
    return _judged(intents, sentences, invoices, language, plain)


def _of_subject(result: Classification) -> Classification:
    """A subject may be our own, sent back: its intents need a look, and the empty text holds no evidence."""
    intents = tuple(replace(intent, start=0, end=0) for intent in result.intents)
    return replace(result, intents=intents, needs_human=True, confidence_permille=result.confidence_permille // 2)


def _without_quoted_lines(text: str) -> str:
    return re.sub(r"^[ \t]{0,3}>.*$", lambda match: " " * len(match.group()), text, flags=re.MULTILINE)


def _machine_kind(machine: str, plain: str, intents: list[Intent], invoices: tuple[str, ...]) -> Classification:
    """A machine's mail. One that also says something weighty may have a person behind it: that person's answer must
    not be thrown away with the out-of-office part."""
    weighty = tuple(
        intent for intent in intents if intent.kind in ("dispute", "paid", "promise", "refusal", "hardship")
    )
    if weighty and not machine:
        return Classification("reply", tuple(intents), invoices, 500, needs_human=True)
    if machine == "auto_reply" or words.AWAY.search(plain):
        # A ticket system's mail may carry a person's words, or words about disputes in general: a human looks.
        return Classification("other" if weighty else "auto_reply", (), invoices, 900, needs_human=bool(weighty))
    return Classification("bounce", (), invoices, 600, needs_human=True)


# Invoice numbers -------------------------------------------------------------------------------------------------

_NUMBER_KEYWORD = re.compile(
    r"(?:invoices?|inv|bills?|rechnung(?:en|snummer|snr)?|rg|re|beleg|factures?|facturas?|fatture?"
    r"|fattura|facturen|factuur|faturas?|faktur[aęyi]?"
    r"|no|nr|number|nummer|numbers|#|n°|nº|num)[\s.:#°-]{0,4}$",
    re.IGNORECASE,
)
MIN_BARE_DIGITS = 4
MAX_MENTIONS = 500
MIN_TAIL_DIGITS = 3


def find_invoices(text: str, known: Sequence[str]) -> list[tuple[str, int, int]]:
    """The known invoice numbers that a text names, as (number, start, end). Case, spaces and the signs between the
    parts of a number do not count. A number of few digits, or the last digits of a longer one, count only after a
    word such as "invoice" and only when they fit one number."""
    plain = text.casefold() if len(text.casefold()) == len(text) else text.lower()
    found: list[tuple[str, int, int]] = []
    for number in known[:MAX_KNOWN_INVOICES]:
        runs = re.findall(r"[^\W\d_]+|\d+", number.casefold())
        if not runs or runs[-1] not in plain:
            continue
        short = len(runs) == 1 and len(runs[0]) < MIN_BARE_DIGITS
        pattern = (
            r"(?<![^\W_])(?<![\d][.,])" + r"[\s\-‐‑–/._#]{0,3}".join(map(re.escape, runs)) + r"(?![^\W_])(?![.,]\d)"
        )
        for match in re.finditer(pattern, plain):
            if not short or _NUMBER_KEYWORD.search(plain[max(0, match.start() - 20) : match.start()]):
                found.append((number, match.start(), match.end()))
    found = _longest_only(found[:MAX_MENTIONS])
    found += _by_tail(plain, known, found)
    return sorted(found, key=lambda item: item[1])


def _longest_only(found: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    def inside(item: tuple[str, int, int]) -> bool:
        return any(
            other[1] <= item[1] and item[2] <= other[2] and other[2] - other[1] > item[2] - item[1] for other in found
        )

    return [item for item in found if not inside(item)]


def _by_tail(plain: str, known: Sequence[str], found: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    tails: dict[str, set[str]] = {}
    for number in known[:MAX_KNOWN_INVOICES]:
        runs = re.findall(r"\d+", number)
        if runs and runs[-1] != number and len(runs[-1]) >= MIN_TAIL_DIGITS:
            tails.setdefault(runs[-1], set()).add(number)
    more: list[tuple[str, int, int]] = []
    for match in re.finditer(r"(?<![\w.,/-])\d{3,20}(?![\w/-]|[.,]\d)", plain):
        fitting = tails.get(match.group(), set())
        free = all(match.end() <= start or end <= match.start() for _number, start, end in found)
        before = plain[max(0, match.start() - 20) : match.start()]
        if len(fitting) == 1 and free and _NUMBER_KEYWORD.search(before):
            more.append((next(iter(fitting)), match.start(), match.end()))
    return more


# Sentences -------------------------------------------------------------------------------------------------------

_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:nr|no|mr|mrs|ms|dr|ca|bzw|z\.b|d\.h|inkl|exkl|zzgl|abs|st|str|inv|ref|e\.g|i\.e"
    r"|approx|vs|hr|fr|evtl|ggf|usw|u\.a|o\.g"
    r"|vgl|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez|mo|di|mi|do|sa|so|rg|re|bill|pos|art"
    r"|tel|m|mme|sr|sra)\.$",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…]+(?=\s|$)|;|\n[ \t]*\n|\n(?=[ \t]*[-*•–])|\n")
_CONTRAST = re.compile(
    r"\s(?:but|however|whereas|although|except that|aber|jedoch|allerdings|sondern|mais|pero|però|maar|porém|contudo"
    r"|ale|jednak)\s",
    re.IGNORECASE,
)
_JOINT = re.compile(r",\s*(?:and\s+|und\s+)?|\s(?:and|und|et|y|e|en|while|während)\s", re.IGNORECASE)
MIN_FULL_LINE_CHARACTERS = 50
MAX_SPLIT_CHARACTERS = 1_000


def _sentences(text: str, found: list[tuple[str, int, int]]) -> list[_Sentence]:
    sentences: list[_Sentence] = []
    start = 0
    masked = _masked(text, found)
    for match in _END.finditer(masked):
        if _is_end(masked, match, start):
            _add_clauses(sentences, masked, start, match.end(), found)
            start = match.end()
        if len(sentences) >= MAX_SENTENCES:
            return sentences
    _add_clauses(sentences, masked, start, len(masked), found)
    return sentences


def _masked(text: str, found: list[tuple[str, int, int]]) -> str:
    """The text with invoice numbers struck out, so that their digits are no dates, amounts or counts."""
    letters = list(text)
    for _number, start, end in found:
        letters[start:end] = "#" * (end - start)
    return "".join(letters)


def _is_end(text: str, match: re.Match[str], start: int) -> bool:
    sign = match.group()
    if sign == "\n":
        line_start = text.rfind("\n", 0, match.start()) + 1
        return match.start() - line_start < MIN_FULL_LINE_CHARACTERS
    if sign != ".":
        return True
    before = text[max(start, match.start() - 12) : match.end()]
    after = text[match.end() : match.end() + 14].lstrip()
    if re.search(r"\d\.$", before) and (re.match(r"[a-zäöü\d]", after) or _is_month(after)):
        return False
    return _ABBREVIATION.search(before) is None


def _is_month(text: str) -> bool:
    word = re.match(r"[^\W\d_]+", text)
    return word is not None and bool(find_dates(f"1. {word.group()}", date(2024, 1, 1)))


def _cuts_between_invoices(text: str, start: int, end: int, found: list[tuple[str, int, int]]) -> list[int]:
    """Where "R-1 was paid, R-2 will be paid" falls apart: at a joint with an invoice on both sides, when what
    stands before it already says something."""
    places = [place for _number, place, _end in found if start <= place < end]
    cuts: list[int] = []
    for match in _JOINT.finditer(text, start, end):
        since = cuts[-1] if cuts else start
        ahead = text[match.end() : min(end, match.end() + 30)].lower()
        named_before = any(since <= place < match.start() for place in places)
        if named_before and ("#" in ahead or words.REST.search(ahead)) and _says_something(text[since : match.start()]):
            cuts.append(match.start())
    return cuts


def _says_something(text: str) -> bool:
    plain = _plain(text)
    return bool(words.PAID.search(plain) or words.PROMISE.search(plain) or _disputes(plain))


def _add_clauses(
    sentences: list[_Sentence], text: str, start: int, end: int, found: list[tuple[str, int, int]]
) -> None:
    cuts = [start]
    if end - start <= MAX_SPLIT_CHARACTERS:
        cuts += [match.start() for match in _CONTRAST.finditer(text, start, end)]
        cuts += _cuts_between_invoices(text, start, end, found)
    cuts = sorted(set(cuts))
    for left, right in zip(cuts, [*cuts[1:], end], strict=True):
        plain = _plain(text[left:right][:MAX_SENTENCE_CHARACTERS])
        if re.search(r"\w", plain) or "#" in plain:
            named = tuple(dict.fromkeys(number for number, place, _end in found if left <= place < right))
            sentences.append(_Sentence(left, right, plain, named, words.REST.search(plain) is not None))


def _plain(text: str) -> str:
    text = text.replace("’", "'").replace("‘", "'").replace("`", "'").replace("´", "'")
    return re.sub(r"\s+", " ", text).strip(' ,*•–"').lower()


def _read_facts(sentence: _Sentence, received: date, language: str) -> None:
    sentence.asks = sentence.plain.endswith("?") or bool(
        re.match(r"^(?:when|why|warum|wann|wieso|weshalb|pourquoi|wofür) ", sentence.plain)
    )
    sentence.amounts = find_amounts(sentence.plain)
    readable = _without_amounts(sentence.plain, sentence.amounts)
    sentence.future = find_dates(readable, received, language, "future")
    sentence.past = find_dates(readable, received, language, "past")
    # From here on a point inside a date or an amount must not look like the end of a sentence.
    sentence.plain = re.sub(r"(?<=\d)\.(?=\d|\s*[a-zäöü])", "·", sentence.plain)


def _without_amounts(text: str, amounts: tuple[AmountMention, ...]) -> str:
    letters = list(text)
    for mention in amounts:
        letters[mention.start : mention.end] = " " * (mention.end - mention.start)
    return "".join(letters)


# Intents ---------------------------------------------------------------------------------------------------------

_NEGATION = re.compile(
    r"(?:\bnot|n't|\bnever|\bcannot|\bnicht|\bnichts|\bkein\w*|\bpas|\bjamais|\bno|\bnon|\bniet"
    r"|\bgeen|\bnão|\bnunca|\bnie|\bnigdy)\b(?! later| problem| spät| länger als| mehr als| after| doubt| worr)"
)
_WHY = re.compile(
    r"^(?:why|how come|how can you|warum|wieso|weshalb|wie können sie|pourquoi|por qué|¿por qué|perché"
    r"|waarom|porquê|porque é que|dlaczego)\b"
)


def _find_intents(sentence: _Sentence, sentences: list[_Sentence], index: int, received: date) -> None:
    plain = sentence.plain
    if words.UNCERTAIN.search(plain):
        sentence.doubt += 250
    disputes = _disputes(plain)
    copy = _copy_reason(plain)
    if copy is not None:
        _add(sentence, "invoice_copy", copy)
        disputes = [reason for reason in disputes if reason not in ("not_received_goods", "other", "duplicate")]
    if sentence.asks:
        _find_in_question(sentence, disputes)
    else:
        _find_in_statement(sentence, sentences, index, received, disputes)
    if words.WRONG_CONTACT.search(plain):
        _add(sentence, "wrong_contact")
    if words.UNSUBSCRIBE.search(plain):
        _add(sentence, "unsubscribe")
    asks_something = words.QUESTION.search(plain) and not words.COURTESY.search(plain)
    if (sentence.asks or asks_something) and not any(
        intent.kind in ("invoice_copy", "plan_request") for intent in sentence.intents
    ):
        _add(sentence, "question")


def _find_in_question(sentence: _Sentence, disputes: list[Reason]) -> None:
    """A question asserts nothing, but for "why should we pay for ..."."""
    if words.PLAN.search(sentence.plain):
        _add_plan(sentence)
    if disputes and _WHY.search(sentence.plain):
        sentence.doubt += 250
        for reason in disputes:
            _add(sentence, "dispute", reason)


def _find_in_statement(
    sentence: _Sentence, sentences: list[_Sentence], index: int, received: date, disputes: list[Reason]
) -> None:
    plain = sentence.plain
    refusal = words.REFUSAL.search(plain) is not None
    hardship = words.HARDSHIP.search(plain) is not None
    for reason in disputes:
        _add(sentence, "dispute", reason)
    if refusal:
        _add(sentence, "refusal")
    if hardship:
        _add(sentence, "hardship")
    if words.PLAN.search(plain):
        _add_plan(sentence)
    approving = words.IN_APPROVAL.search(plain) is not None
    if approving:
        _add(sentence, "in_approval")
    paid = not approving and words.PAID.search(plain) is not None and words.NOT_PAID.search(plain) is None
    if paid and not _paid_in_future(sentence, received):
        _add_paid(sentence, received)
    elif paid or (not refusal and _promises(plain)):
        _add_promise(sentence, sentences, index, received)


def _add(sentence: _Sentence, kind: IntentKind, reason: Reason = "", on: date | None = None) -> None:
    amount = sentence.amounts[0] if sentence.amounts else None
    if any(intent.kind == kind and intent.reason == reason for intent in sentence.intents):
        return
    sentence.intents.append(
        Intent(
            kind,
            reason,
            on,
            amount.amount_minor if amount else None,
            amount.currency if amount else None,
            sentence.invoices,
            sentence.start,
            sentence.end,
        )
    )


def _add_plan(sentence: _Sentence) -> None:
    """A wish to pay later or in parts, with the number of parts, the amount and the first day that it names."""
    match = words.INSTALMENTS.search(sentence.plain)
    parts = 0 if match is None else words.COUNTS.get(match[1]) or int(match[1])
    first = min((mention.on for mention in sentence.future), default=None)
    _add(sentence, "plan_request", "", first)
    sentence.intents = [
        replace(intent, parts=parts) if intent.kind == "plan_request" else intent for intent in sentence.intents
    ]


def _disputes(plain: str) -> list[Reason]:
    """The reasons for which a sentence disputes; "other" only when no closer one is given."""
    masked = words.NO_DISPUTE.sub(" ~ ", plain)
    reasons = [cast(Reason, reason) for reason, pattern in words.DISPUTES if pattern.search(masked)]
    return [reason for reason in reasons if reason != "other"] or reasons


def _copy_reason(plain: str) -> Reason | None:
    if not words.COPY.search(plain):
        return None
    missing = words.NO_INVOICE.search(words.NO_DISPUTE.sub(" ~ ", plain)) is not None
    if missing and words.GOODS.search(plain):
        return None
    return "invoice_not_received" if missing else ""


def _promises(plain: str) -> bool:
    for match in words.PROMISE.finditer(plain):
        before = re.split(r"[,;:]| and | und ", plain[: match.start()])[-1][-20:]
        if not _NEGATION.search(before + match.group()):
            return True
    return False


def _paid_in_future(sentence: _Sentence, received: date) -> bool:
    """ "The transfer is made for Friday": arranged, with a day still to come."""
    for mention in sentence.future:
        before = sentence.plain[: mention.start]
        if mention.on > received and re.search(
            r"\b(?:für(?: den)?|zum|for|per|scheduled(?: \w+)?|with value|valuta|mit ausführung(?: am)?)\s*$", before
        ):
            return True
        if mention.on > received and any(
            other.on > received and other.start == mention.start for other in sentence.past
        ):
            return True
    return False


def _add_paid(sentence: _Sentence, received: date) -> None:
    day = next((mention for mention in sentence.past if mention.on <= received), None)
    if day is not None and day.ambiguous:
        sentence.doubt += 100
    _add(sentence, "paid", "", day.on if day is not None else None)


def _add_promise(sentence: _Sentence, sentences: list[_Sentence], index: int, received: date) -> None:
    mention = _promised_day(sentence, received)
    if mention is None:
        mention = _day_beside(sentences, index, received)
        sentence.doubt += 100 if mention is not None else 0
    if mention is None or mention.on < received or _depends(sentence):
        _add(sentence, "vague_promise")
        return
    later = {other.on for other in sentence.future if other.on > received}
    sentence.doubt += (0 if mention.exact else 80) + (250 if mention.ambiguous else 0) + (250 if len(later) > 1 else 0)
    _add(sentence, "promise", "", mention.on)


def _promised_day(sentence: _Sentence, received: date) -> DateMention | None:
    coming = [mention for mention in sentence.future if mention.on >= received]
    if not coming:
        return sentence.future[0] if sentence.future else None
    match = words.PROMISE.search(sentence.plain)
    after = [mention for mention in coming if match is None or mention.end > match.start()]
    # The last of several: a promise is not broken before its last day.
    return max(after or coming, key=lambda mention: mention.on)


def _day_beside(sentences: list[_Sentence], index: int, received: date) -> DateMention | None:
    """A day that stands alone in the sentence after or before: "We will pay. Friday at the latest."."""
    for other in (index + 1, index - 1):
        if 0 <= other < len(sentences):
            sentence = sentences[other]
            days = {mention.on for mention in sentence.future if mention.on >= received}
            if (
                len(days) == 1
                and len(sentence.plain) <= 60
                and not sentence.asks
                and not words.PAID.search(sentence.plain)
            ):
                return sentence.future[0]
    return None


def _depends(sentence: _Sentence) -> bool:
    for match in words.CONDITION.finditer(sentence.plain):
        near = any(mention.start - 4 <= match.end() and match.start() <= mention.end for mention in sentence.future)
        if not near:
            return True
    return False


# All together ----------------------------------------------------------------------------------------------------


def _with_invoices(sentences: list[_Sentence], known: Sequence[str], named: tuple[str, ...]) -> list[Intent]:
    """Gives each intent its invoices: those of its sentence, else those named last before it, else those named first
    after it. "The rest" are all known ones that the text does not name."""
    intents: list[Intent] = []
    before: tuple[str, ...] = ()
    for index, sentence in enumerate(sentences):
        invoices = sentence.invoices
        if not invoices and sentence.mentions_rest and named:
            invoices = tuple(number for number in known if number not in named)
        if not invoices:
            after = next((later.invoices for later in sentences[index + 1 :] if later.invoices), ())
            used_after = any(later.intents for later in sentences[index + 1 :] if later.invoices)
            invoices = before or (() if used_after else after)
        before = sentence.invoices or before
        intents.extend(replace(intent, invoices=invoices) for intent in sentence.intents)
    return intents[:MAX_INTENTS]


def _tidied(intents: list[Intent]) -> list[Intent]:
    """Drops repetitions and what a closer intent already says."""
    kept: list[Intent] = []
    specific = {intent.invoices for intent in intents if intent.kind == "dispute" and intent.reason != "other"}
    disputed = any(intent.kind == "dispute" for intent in intents)
    promised = any(intent.kind == "promise" for intent in intents)
    asked = any(intent.kind in ("invoice_copy", "plan_request") for intent in intents)
    approving = any(intent.kind == "in_approval" for intent in intents)
    for intent in intents:
        if intent.kind == "dispute" and intent.reason == "other" and intent.invoices in specific:
            continue
        if intent.kind == "refusal" and disputed:
            continue
        if intent.kind == "vague_promise" and (promised or asked or approving):
            continue
        if intent.kind == "in_approval" and promised:
            continue
        same = [
            other
            for other in kept
            if (other.kind, other.reason, other.invoices, other.on)
            == (intent.kind, intent.reason, intent.invoices, intent.on)
        ]
        undated = [
            other
            for other in kept
            if other.kind == intent.kind == "paid"
            and other.invoices == intent.invoices
            and None in (other.on, intent.on)
        ]
        if same or (undated and intent.on is None):
            continue
        kept = [other for other in kept if other not in undated]
        kept.append(intent)
    return kept


_THINLY_KNOWN = frozenset({"pt", "pl"})
"""Languages of which few words are known: what is not known may say anything, so little is passed over."""
_MORE_THAN_THANKS = re.compile(
    r"\b(?:não|nem|nunca|sem|nada|favor|peço|pedimos|nie|nigdy|bez|brak|proszę|prosimy|\d+)\b"
)
MAX_PLAIN_THANKS_WORDS = 5


def _only_thanks(sentences: list[_Sentence], language: str) -> bool:
    words_in_all = sum(len(sentence.plain.split()) for sentence in sentences)
    if any(
        re.match(
            r"(?:but|however|aber|jedoch|allerdings|mais|pero|ma|maar|mas|porém|contudo|ale|jednak)\b", sentence.plain
        )
        for sentence in sentences
    ):
        return False
    if language in _THINLY_KNOWN and any(_may_say_more(sentence.plain) for sentence in sentences):
        return False
    passed_over = 0 if language in _THINLY_KNOWN else 3
    thankful = any(words.THANKS.search(sentence.plain) for sentence in sentences)
    rest = [
        s
        for s in sentences
        if not words.THANKS.search(s.plain)
        and not words.COURTESY.search(s.plain)
        and len(s.plain.split()) > passed_over
    ]
    return thankful and not rest and words_in_all <= MAX_THANKS_WORDS


def _may_say_more(plain: str) -> bool:
    thanks_at_length = words.THANKS.search(plain) and len(plain.split()) > MAX_PLAIN_THANKS_WORDS
    return bool(thanks_at_length or _MORE_THAN_THANKS.search(plain))


_ASSERTING = frozenset({"dispute", "promise", "paid", "refusal", "vague_promise", "hardship"})


def _conflicts(intents: list[Intent]) -> bool:
    asserted = [intent for intent in intents if intent.kind in _ASSERTING]
    for index, one in enumerate(asserted):
        for other in asserted[index + 1 :]:
            overlap = not one.invoices or not other.invoices or set(one.invoices) & set(other.invoices)
            same = one.kind == other.kind and (one.kind == "dispute" or one.on == other.on)
            if overlap and not same:
                return True
    return False


def _judged(
    intents: list[Intent], sentences: list[_Sentence], invoices: tuple[str, ...], language: str, plain: str
) -> Classification:
    by_place = {sentence.start: sentence for sentence in sentences}
    confidence = min(_CERTAINTY[intent.kind] - by_place[intent.start].doubt for intent in intents)
    confidence -= 80 * any(intent.kind == "dispute" and intent.reason == "other" for intent in intents)
    confidence -= 300 * _conflicts(intents)
    confidence -= 60 * (language not in ("en", "de"))
    unexplained = [
        s for s in sentences if not s.intents and len(s.plain.split()) > 6 and not words.COURTESY.search(s.plain)
    ]
    confidence -= min(150, 40 * len(unexplained))
    confidence -= 150 * (len(plain) > 3_000)
    confidence = max(0, min(1000, confidence))
    needs_human = (
        confidence < MIN_CONFIDENCE_PERMILLE
        or any(intent.kind in HUMAN_KINDS for intent in intents)
        or words.LEGAL.search(plain) is not None
    )
    return Classification("reply", tuple(intents), invoices, confidence, needs_human)
