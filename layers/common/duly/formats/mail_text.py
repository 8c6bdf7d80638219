"""The text of a mail: HTML to text, and the newest part without quoted history, signature and our own notice."""

from __future__ import annotations

import html
import re


def _words(text: str) -> list[str]:
    return text.split()


MAX_TEXT_CHARACTERS = 1_000_000
MAX_LINES = 5_000
MAX_LINE_CHARACTERS = 2_000
MAX_TAG_CHARACTERS = 8_192
MAX_QUOTE_DEPTH = 20
MAX_ATTRIBUTION_LINES = 5
MAX_SIGN_OFF_TAIL_LINES = 14

# HTML ------------------------------------------------------------------------------------------------------------

_DROPPED = frozenset(_words("script style head title noscript template svg math object iframe textarea select"))
_BLOCKS = frozenset(
    _words(
        "p div tr table ul ol li h1 h2 h3 h4 h5 h6 br hr blockquote pre section article header "
        "footer center form dl dt "
        "dd fieldset address tbody thead"
    )
)
_SPACED = frozenset(_words("p h1 h2 h3 h4 h5 h6 blockquote ul ol table pre"))
_QUOTE_MARK = re.compile(
    r"gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|mail-quote|divRplyFwdMsg|OLK_SRC_BODY_SECTION|"
    r"mail_android_quote|protonmail_quote|tutanota_quote|zmail_extra|stopSpelling|origbody|reply-intro",
    re.IGNORECASE,
)
_OUTLOOK_RULE = re.compile(
    r"border(?:-top)?\s*:\s*(?:none\s*;\s*border-top\s*:\s*)?solid\s+#?[0-9a-z]+\s+1", re.IGNORECASE
)
_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,30})")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em)?\s*(?:;|\"|'|$)", re.I)
HTML_QUOTE_LINE = "-----Original Message-----"


class _HtmlText:
    """Collects the visible text of HTML. Looks at every character once; knows nothing of scripts, links, images."""

    def __init__(self, source: str) -> None:
        self.source = source[:MAX_TEXT_CHARACTERS]
        self.out: list[str] = []
        self.quote_depth = 0
        self.preformatted = 0

    def run(self) -> str:
        source, position, length = self.source, 0, len(self.source)
        while position < length:
            opening = source.find("<", position)
            if opening < 0:
                opening = length
            if opening > position:
                self.data(source[position:opening])
            position = self.markup(opening) if opening < length else length
        return "".join(self.out)

    def markup(self, opening: int) -> int:
        source = self.source
        if source.startswith("<!--", opening):
            end = source.find("-->", opening + 4)
            return end + 3 if end >= 0 else len(source)
        end = source.find(">", opening, opening + MAX_TAG_CHARACTERS)
        match = _TAG_NAME.match(source, opening + 1)
        if end < 0 or (match is None and source[opening + 1 : opening + 2] not in ("!", "?", "/")):
            self.data("<")
            return opening + 1
        if match is None:
            return end + 1
        return self.tag(match.group(1).lower(), source[opening : end + 1], end + 1)

    def tag(self, name: str, text: str, after: int) -> int:
        closing = text.startswith("</")
        hidden = not closing and name != "br" and _HIDDEN.search(text) is not None
        if (name in _DROPPED or hidden) and not closing and not text.endswith("/>"):
            return self.after_closing(name, after)
        if not closing and self.starts_quote(name, text):
            self.out.append("\n" + HTML_QUOTE_LINE + "\n")
        if name == "blockquote":
            self.quote_depth += -1 if closing else 1
            self.quote_depth = min(max(self.quote_depth, 0), MAX_QUOTE_DEPTH)
        if name == "pre":
            self.preformatted += -1 if closing else 1
        if name in _BLOCKS:
            self.line_break(blank=name in _SPACED)
        elif name == "td" and closing:
            self.out.append(" ")
        return after

    def starts_quote(self, name: str, text: str) -> bool:
        if name not in ("div", "blockquote", "span", "hr", "section"):
            return False
        return bool(_QUOTE_MARK.search(text) or (name == "div" and _OUTLOOK_RULE.search(text)))

    def after_closing(self, name: str, after: int) -> int:
        match = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.source, after)
        return match.end() if match else after

    def line_break(self, blank: bool) -> None:
        prefix = "> " * self.quote_depth
        self.out.append("\n" + prefix)
        if blank:
            self.out.append("\n" + prefix)

    def data(self, text: str) -> None:
        plain = html.unescape(text).replace("\xa0", " ")
        if self.preformatted > 0:
            self.out.append(plain.replace("\n", "\n" + "> " * self.quote_depth))
        else:
            self.out.append(re.sub(r"[ \t\r\n\f]+", " ", plain))


def html_to_text(source: str) -> str:
    """The visible text of HTML, with `>` before quoted lines. Scripts, styles and hidden elements are dropped;
    nothing is fetched or run."""
    text = _HtmlText(source).run()
    lines = [re.sub(r" {2,}", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# Quoted history --------------------------------------------------------------------------------------------------

# "On ... wrote:" in the languages of Europe and a few more, as mail programs write it.
_WROTE = (
    r"wrote|writes|writed|schrieb|schreef|heeft geschreven|het volgende geschreven|a écrit|écrit|escribió"
    r"|escribio|escribe|"
    r"ha scritto|scrive|escreveu|skrev|skrifaði|kirjoitti|napisał|napisał\(a\)|napisała|napsal|napsal\(a\)|написал|"
    r"написала|пише|пишет|написав|έγραψε|a scris|írta|yazdı|viết|写道|寫道|님이 작성|のメッセージ"
)
_ATTRIBUTION = re.compile(
    rf"(?:^|\s|\d|[>\"'”\])])(?:{_WROTE})(?:\b|(?<=\))"
    rf"|(?<=[道]))[^\n]{{0,160}}?\s*[:：]\s*(?:</?[a-z]+>)?\s*(?:----+|\*)?\s*$",
    re.IGNORECASE,
)
_ATTRIBUTION_TAIL = re.compile(r"(?:wrote|schrieb|écrit|escribió|scritto)\s*-{2,}\s*$", re.IGNORECASE)
_ATTRIBUTION_START = re.compile(
    r"^[\s>*_-]*(?:on|am|le|el|il|op|em|den|dnia|dne|w dniu|pe|в|на|a|vào|tarihinde|em|em|ons|tor|fre|lör|sön|mån|tis|"
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./ -]|\w{2,12}, ?\d|\"|[\w.\s]{1,40}<)",
    re.IGNORECASE,
)
_STRONG_START = re.compile(r"^[\s>*_-]*(?:on|am|le|el|il|op|em|den|dnia|w dniu)\s", re.IGNORECASE)
_HAS_DATE_OR_ADDRESS = re.compile(r"\d{1,2}[.:/ -]|\d{4}|@|<", re.IGNORECASE)
_ISO_GMAIL = re.compile(
    r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d{2}\s+GMT[+-]\d\d:?\d\d\s+\S.{0,120}"
    r"|(?:\s+\d{1,2}:\d{2})?\s+\S.{0,120}?<[^>]{0,120}@[^>]{0,120}>\s*:?\s*)$"
)
_ORIGINAL = re.compile(
    r"^[\s>*_]*-{2,}[ \t]*(?:original message|original mail|originalnachricht|ursprüngliche nachricht"
    r"|ursprungliche nachricht|"
    r"urspr.{1,6}ngliche nachricht|reply message|message d'origine|message original|mensaje original|mensagem original|"
    r"messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|oprindelig meddelelse|opprinnelig melding|"
    r"alkuperäinen viesti|wiadomość oryginalna|původní zpráva|исходное сообщение|"
    r"eredeti üzenet|原始邮件|元のメッセージ|"
    r"forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|"
    r"doorgestuurd bericht|forwarded by|notice|mahnung|zahlungserinnerung)[^\n]{0,80}$",
    re.IGNORECASE,
)
_BEGIN_FORWARD = re.compile(
    r"^[\s>*]*(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)"
    r"|début du message (?:réexpédié|transféré)|"
    r"inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht)\s*:?\s*$",
    re.IGNORECASE,
)
_HEADER_WORD = (
    r"from|sent|to|cc|bcc|subject|date|reply-to|importance|attachments|von|gesendet|an|betreff|datum"
    r"|kopie|cc|wichtigkeit|de|"
    r"envoyé|envoyé le|à|objet|date|répondre à|envoye|para|enviado|enviado el|asunto|fecha|da|inviato|a|oggetto|data|"
    r"risposta|verzonden|aan|onderwerp|van|från|skickat|till|ämne|fra|sendt|til|emne|lähettäjä|lähetetty"
    r"|vastaanottaja|aihe|"
    r"od|do|wysłano|temat|odesláno|komu|předmět|от|кому|тема|дата|отправлено|enviada|"
    r"enviada em|assunto|发件人|发送时间|收件人|主题"
)
_HEADER_LINE = re.compile(rf"^[\s>*_|]*(?:{_HEADER_WORD})[*_]*[ \t]*[:：][*_]*[ \t]*\S?", re.IGNORECASE)
_SUBJECT_LINE = re.compile(
    r"^[\s>*_|]*(?:subject|betreff|objet|asunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|тема"
    r"|assunto|主题)[*_]*[ \t]*[:：]",
    re.IGNORECASE,
)
_ADDRESS_LINE = re.compile(
    r"^[\s>*_|]*(?:from|von|de|da|van|från|fra|lähettäjä|od|от|发件人)[*_]*[ \t]*[:：]", re.IGNORECASE
)
_RULE = re.compile(r"^[\s>]*(?:_{10,}|-{20,}|={20,}|\*{20,})\s*$")
_QUOTED = re.compile(r"^\s{0,3}(?:[A-Z]{1,3})?>")
# "26.06.2014, 14:41, "A" <a@b.example>:" in any language, without a verb.
_BARE_ATTRIBUTION = re.compile(r"^[^\n]{0,60}\d{1,2}[:.]\d{2}[^\n]{0,120}@[^\n]{0,80}[:：]\s*$")
# The line above which our notices ask to reply (mail templates of Duly carry it), in its languages.
_OUR_MARK = re.compile(
    r"(?:^|\s)(?:##-|-{2,}\s*)?\s*(?:please (?:type|write) your reply above this line|reply above this line|"
    r"bitte antworten sie oberhalb dieser zeile|antwort bitte oberhalb dieser zeile|répondre au-dessus de cette ligne|"
    r"responda por encima de esta línea|rispondere sopra questa riga|antwoord boven deze regel)",
    re.IGNORECASE,
)

_SENT_FROM = re.compile(
    r"^[\s<>(*_]*(?:(?:sent|envoyé|enviado|inviato|verstuurd|verzonden|gesendet|skickat|sendt|lähetetty"
    r"|wysłane?|отправлено|get"
    r"|download)\s+(?:from|via|with|by|using|depuis|de mon|à partir|desde|dal|da|vanaf|van|met|von|mit"
    r"|från|fra|z|с|outlook"
    r"|yahoo)\b"
    r"|from my (?:i?phone|ipad|android|mobile|samsung|blackberry)|someone from mobile"
    r"|von (?:meinem|meiner|unterwegs)\b.{0,60}gesendet|diese nachricht wurde von .{0,60}gesendet"
    r"|diese (?:nachricht|e-?mail) .{0,40}(?:iphone|ipad|android|mobil)|(?:this message"
    r"|message) (?:was )?sent (?:from|via)"
    r"|從我的.{0,20}傳送|发自我的|get \[?outlook for|mobil gesendet|enviado desde|inviato da(?:l| )|verzonden met"
    r"|envoyé (?:de|depuis)).{0,160}$",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^\s*(?:--|—|__)\s*$|^-- $|^\s*[-_]{2,3}\s*$")

_SIGN_OFF = re.compile(
    r"^\s*(?:(?:kind|best|warm|warmest|many|with (?:kind|best)|with)?\s*(?:regards|wishes|greetings)"
    r"|(?:yours|sincerely)"
    r"(?:\s+(?:sincerely|faithfully|truly))?|cheers|br|kr|rgds|best|many thanks|thank you|thanks|thx"
    r"|thanks (?:again|in advance)"
    r"|thanks (?:and|&) (?:kind |best )?regards|thank you (?:and|&) (?:kind |best )?regards"
    r"|(?:mit\s+)?(?:freundliche[nm]?|viele[nm]?|beste[nm]?|schöne[nm]?|liebe[nm]?|herzliche[nm]?"
    r"|sonnige[nm]?|kollegiale[nm]?)"
    r"\s+(?:grüße|grüßen|grüsse|grüssen|gruesse|gruessen|gruß|gruss)(?:\s+(?:aus|nach|von)\s+\w+)?|mfg|vg"
    r"|lg|gruß|gruss|grüße|hochachtungsvoll"
    r"|danke(?: und (?:viele |beste |freundliche )?grüße)?|vielen dank(?: und (?:viele |beste |freundliche )?grüße)?"
    r"|(?:bien )?cordialement|bien à vous|salutations|meilleures salutations|sincères salutations|merci"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|un saludo|atentamente|gracias|(?:muchas )gracias"
    r"|(?:cordiali|distinti) saluti|saluti|grazie|cordialmente|(?:met )?(?:vriendelijke"
    r"|hartelijke) groet(?:en)?|mvg|groeten|groet|bedankt"
    r")\s*[,.!;]*\s*$",
    re.IGNORECASE,
)


def _lines(text: str) -> list[str]:
    plain = (
        text[:MAX_TEXT_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").replace("\u200b", "").replace("\ufeff", "")
    )
    return [line[:MAX_LINE_CHARACTERS].rstrip() for line in plain.split("\n")[:MAX_LINES]]


def newest_part(text: str) -> str:
    """The text that this mail's author added: without quoted lines, the history below a reply header or a
    forwarded head, delimited signatures and "sent from my phone" lines. Line breaks and words stay as they are."""
    lines = _lines(text)
    cut = next((index for index in range(len(lines)) if _ends_here(lines, index)), len(lines))
    kept = _without_quotes(lines[:cut])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_without_delimited_signature(kept))).strip("\n").rstrip()


def _ends_here(lines: list[str], index: int) -> bool:
    """Whether everything from this line on is history: a forwarded head, an Outlook header block, our mark."""
    line = lines[index]
    if not line.strip():
        return False
    if _OUR_MARK.search(line) or line.strip() == HTML_QUOTE_LINE:
        return True
    if _ORIGINAL.match(line) or (_BEGIN_FORWARD.match(line) and not _QUOTED.match(line)):
        return True
    if _QUOTED.match(line):
        return False
    if _header_block_at(lines, index):
        return True
    if _RULE.match(line):
        following = next((i for i in range(index + 1, min(index + 5, len(lines))) if lines[i].strip()), None)
        return following is not None and _header_block_at(lines, following)
    length = _attribution_length(lines, index)
    if length == 0:
        return False
    # History without ">" marks runs to the end; with them, text after the quoted lines may be an answer below.
    next_line = next((lines[i] for i in range(index + length, len(lines)) if lines[i].strip()), None)
    return next_line is None or not _QUOTED.match(next_line)


def _header_block_at(lines: list[str], index: int) -> bool:
    if not _HEADER_LINE.match(lines[index]):
        return False
    block = [line for line in lines[index : index + 10] if line.strip()][:7]
    heads = [line for line in block if _HEADER_LINE.match(line)]
    has_subject = any(_SUBJECT_LINE.match(line) for line in heads)
    starts_with_author = _ADDRESS_LINE.match(lines[index]) is not None
    return starts_with_author and (len(heads) >= 3 or (len(heads) >= 2 and has_subject))


def _attribution_length(lines: list[str], index: int) -> int:
    """How many lines an "On ... wrote:" takes that starts here; 0 when none does."""
    first = lines[index].lstrip("> \t") if _QUOTED.match(lines[index]) else lines[index]
    if not first.strip():
        return 0
    if _BARE_ATTRIBUTION.match(first):
        return 1
    window = "".join(lines[index : index + MAX_ATTRIBUTION_LINES])
    if ":" not in window and "：" not in window and "--" not in window:
        return 1 if _ISO_GMAIL.match(first) else 0
    joined = first.strip()
    for count in range(1, MAX_ATTRIBUTION_LINES + 1):
        if len(joined) > 400:
            return 0
        if _is_attribution(joined):
            return 0 if count > 1 and _begins_later(lines, index, count) else count
        if count == 1 and not (_ATTRIBUTION_START.match(first) and _HAS_DATE_OR_ADDRESS.search(_three(lines, index))):
            return 0
        following = lines[index + count] if index + count < len(lines) else ""
        if not following.strip():
            return 0
        joined = f"{joined} {following.strip().lstrip('> ')}"
    return 0


def _begins_later(lines: list[str], index: int, count: int) -> bool:
    """Whether the attribution begins on a later line, so that this one is still the author's: "Am Freitag zahlen
    wir." above "Am 3. März schrieb ..."."""
    if not re.search(r"[.!?]$", lines[index].strip()) and not _STRONG_START.match(lines[index + 1]):
        return False
    return any(_STRONG_START.match(lines[later]) for later in range(index + 1, index + count))


def _three(lines: list[str], index: int) -> str:
    return " ".join(lines[index : index + 3])


def _is_attribution(text: str) -> bool:
    if not _HAS_DATE_OR_ADDRESS.search(text):
        return False
    if _ATTRIBUTION_TAIL.search(text) or _ISO_GMAIL.match(text):
        return True
    return _ATTRIBUTION.search(text) is not None


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(lines):
        length = _attribution_length(lines, index)
        if length:
            index += length
        elif _QUOTED.match(lines[index]):
            index += 1
        else:
            kept.append(lines[index])
            index += 1
    return kept


def _without_delimited_signature(lines: list[str]) -> list[str]:
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    for index in range(first + 1, len(lines)):
        tail = len(lines) - index - 1
        if (tail <= 40 and _DASHES.match(lines[index])) or (tail <= 10 and _RULE.match(lines[index])):
            return lines[:index]
    return [line for line in lines if not _SENT_FROM.match(line)]


def _is_signature(lines: list[str]) -> bool:
    tail = [line for line in lines if line.strip()]
    return len(tail) <= MAX_SIGN_OFF_TAIL_LINES and not any(len(line) > 120 for line in tail[:2])


def without_sign_off(text: str) -> str:
    """The text up to the greeting that closes it ("Kind regards"), when no more than a signature's worth of
    lines follows: a name, a firm or a slogan below says nothing about the invoice."""
    lines = text.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    for index in range(first + 1, len(lines)):
        if _SIGN_OFF.match(lines[index]) and _is_signature(lines[index + 1 : index + 1 + MAX_LINES]):
            return "\n".join(lines[:index]).rstrip()
    return text


# Language --------------------------------------------------------------------------------------------------------

_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        _words(
            "the and you your we have will is this that not for with please invoice paid pay payment "
            "are was were from our "
            "can would been has do of to it in on i'm i hi hello dear thanks thank which but be my by as already"
        )
    ),
    "de": frozenset(
        _words(
            "der die das und ich wir sie ist nicht für mit bitte rechnung haben werden bezahlt zahlung "
            "ihre ihr auf den dem "
            "ein eine wurde noch zu von im wie bereits überwiesen leider unsere habe sind auch es am "
            "guten tag hallo danke "
            "bei zum zur dass schon"
        )
    ),
    "fr": frozenset(
        _words(
            "le la les et vous nous est pas pour avec facture avons votre je une un des du sur bonjour merci "
            "cette ce paiement "
            "payé virement dans qui que notre sera au été sont ne n'avons"
        )
    ),
    "es": frozenset(
        _words(
            "el los las y usted nosotros es no para con factura hemos su una un del sobre hola gracias "
            "esta este pago pagado pagamos podemos fecha de "
            "transferencia en que nuestro será por la se ya buenos días adjunto está muy le favor"
        )
    ),
    "it": frozenset(
        _words(
            "il lo gli e noi è non per con fattura abbiamo vostra una un del sulla buongiorno grazie "
            "questa questo pagamento "
            "pagato bonifico in che nostro sarà la di da le è stato già salve vi cortesemente della"
        )
    ),
    "nl": frozenset(
        _words(
            "de het en wij u is niet voor met factuur hebben uw een van op hallo dank deze dit betaling "
            "betaald in dat onze "
            "wordt zijn aan al er heeft nog graag geen we ik beste worden"
        )
    ),
    "pt": frozenset(
        _words(
            "o os as e um uma do da dos das de nos nas em na ao à não é são foi está esta este isto já nós vossa "
            "seu sua "
            "para com por que se mas fatura faturas pagamento pagámos pagamos paga pago pagar recebemos podemos vamos "
            "até data obrigado obrigada bom dia olá cumprimentos amanhã mercadoria encomenda"
        )
    ),
    "pl": frozenset(
        _words(
            "i w we z ze na do nie jest są to ta ten tę tej że się o od po za dla już jeszcze był była było przez "
            "oraz ale "
            "faktura faktury fakturę faktur zapłaciliśmy zapłacimy zapłacić zapłacona zapłata płatność przelew towar "
            "dzień dobry dziękuję dziękujemy pozdrawiam proszę prosimy państwa możemy termin mamy dniu"
        )
    ),
}
MIN_LANGUAGE_HITS = 2


def guess_language(text: str) -> str:
    """The likeliest of en, de, fr, es, it, nl, pt and pl by its commonest words; empty when too little speaks for "
    "any."""
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text[:20_000].lower())
    scores = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    others = [score for language, score in scores.items() if language != best]
    return best if scores[best] >= MIN_LANGUAGE_HITS and scores[best] > max(others) else ""
