"""Bytes of a mail to text, whatever charset they claim."""

from __future__ import annotations

import codecs


def _words(text: str) -> list[str]:
    return text.split()


MAX_CHARSET_NAME_CHARACTERS = 40

# Python's codecs also include compressions and escapes ("zlib", "unicode_escape", "idna"), which a sender must not
# be able to choose.
_ALLOWED = frozenset(
    _words(
        "ascii utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-7 cp1250 cp1251 cp1252 cp1253 cp1254 "
        "cp1255 cp1256 "
        "cp1257 cp1258 cp437 cp850 cp852 cp858 cp866 cp874 cp932 cp949 cp950 koi8-r koi8-u mac-roman "
        "gb2312 gbk gb18030 hz "
        "big5 big5hkscs shift_jis shift_jis_2004 euc_jp euc_kr johab iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_kr "
        "tis-620 ptcp154 "
        "iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 "
        "iso8859-10 iso8859-11 "
        "iso8859-13 iso8859-14 iso8859-15 iso8859-16"
    )
)
# What senders say and browsers read as (WHATWG Encoding Standard, labels of windows-1252 and others).
_MEANT = {"ascii": "utf-8", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}


def _codec(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower()
    if not name or len(name) > MAX_CHARSET_NAME_CHARACTERS or not name.isascii():
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _MEANT.get(found, found) if found in _ALLOWED else None


def decode_bytes(data: bytes, charset: str) -> tuple[str, bool]:
    """The text, and whether the charset was known (or not named) and fitted. Otherwise the bytes are read as UTF-8,
    and failing that as Windows-1252 with replacement characters."""
    codec = _codec(charset)
    if codec is not None:
        try:
            return data.decode(codec), True
        except UnicodeError:
            codec = None
    fits = not charset.strip()
    try:
        return data.decode("utf-8"), fits
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), False
