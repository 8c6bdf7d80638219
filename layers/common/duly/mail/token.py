"""The reply token: which notice a reply answers, in the local part of the address it is sent to.

`reply+TOKEN@inbound.domain`, where TOKEN is lower-case base32 (no padding) of

    key id, 1 byte | intent id, 16 bytes | HMAC-SHA256 over "reply-v1" | key id | stack | intent id, first 16 bytes

33 bytes make 53 characters, so the local part has 59 octets (the limit of RFC 5321 section 4.5.3.1.1 is 64). A mail
system may change the case of a local part, hence base32 and comparison without case. The token says which
conversation a mail belongs to, never who wrote it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

INTENT_ID_BYTES = 16
TAG_BYTES = 16
TOKEN_BYTES = 1 + INTENT_ID_BYTES + TAG_BYTES
TOKEN_CHARACTERS = 53
REPLY_PREFIX = "reply+"
MAX_LOCAL_PART_OCTETS = 64
MAX_ADDRESS_OCTETS = 320
MIN_SECRET_CHARACTERS = 16
MAX_KEYS = 16
MAX_ADDRESSES = 1_000
PURPOSE = b"reply-v1"
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")


class KeyRingError(ValueError):
    """The secret with the token keys cannot be used. The text is a code, never a part of the secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The live token keys. New tokens are signed with `current`; any key of the ring verifies, so that a mail
    sent before a rotation still finds its way home."""

    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Reads `{"current": "1", "keys": {"1": "secret"}}` or the flat form `{"current": "1", "1": "secret"}`,
        which is what Secrets Manager's GenerateSecretString makes. A key's id is a whole number from 0 to 255.

        Raises KeyRingError with the code not_json, not_an_object, no_current, bad_key_id, bad_secret,
        too_many_keys or current_missing.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise KeyRingError("not_json") from None
        if not isinstance(document, dict):
            raise KeyRingError("not_an_object")
        if "current" not in document:
            raise KeyRingError("no_current")
        nested = document.get("keys")
        pairs = nested if isinstance(nested, dict) else {name: document[name] for name in document if name != "current"}
        if len(pairs) > MAX_KEYS:
            raise KeyRingError("too_many_keys")
        keys = {_key_id(name): _secret(value) for name, value in pairs.items()}
        current = _key_id(document["current"])
        if current not in keys:
            raise KeyRingError("current_missing")
        return cls(current, keys)


def _key_id(value: object) -> int:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255):
        raise KeyRingError("bad_key_id")
    return int(text)


def _secret(value: object) -> bytes:
    if not isinstance(value, str) or len(value) < MIN_SECRET_CHARACTERS:
        raise KeyRingError("bad_secret")
    return value.encode("utf-8", "surrogatepass")


def _tag(secret: bytes, key_id: int, stack: str, intent_id: bytes) -> bytes:
    # The key id and the intent id have fixed lengths, so the stack name between them cannot be moved.
    message = b"|".join((PURPOSE, bytes([key_id]), stack.encode("utf-8", "surrogatepass"), intent_id))
    return hmac.new(secret, message, hashlib.sha256).digest()[:TAG_BYTES]


def make_token(ring: KeyRing, stack: str, intent_id: bytes) -> str:
    """The token for one notice of one stack. `intent_id` is the 16 bytes that name the notice's intent."""
    if len(intent_id) != INTENT_ID_BYTES:
        raise ValueError("intent_id_length")
    tag = _tag(ring.keys[ring.current], ring.current, stack, intent_id)
    return _encode(bytes([ring.current]) + intent_id + tag)


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def reply_address(token: str, inbound_domain: str) -> str:
    """The address that replies to a notice go to."""
    return f"{REPLY_PREFIX}{token}@{inbound_domain}"


def token_of(address_or_token: str) -> str | None:
    """The lower-case token inside `reply+TOKEN@domain`, `reply+TOKEN` or `TOKEN`; None when the shape is another.
    Shape only: nothing is verified."""
    if len(address_or_token) > MAX_ADDRESS_OCTETS or not address_or_token.isascii():
        return None
    local = address_or_token.strip().strip("<>").partition("@")[0].strip().strip('"').lower()
    token = local.removeprefix(REPLY_PREFIX)
    if len(token) != TOKEN_CHARACTERS or not _ALPHABET.issuperset(token):
        return None
    return token


def find_token(addresses: Iterable[str]) -> str | None:
    """The first address's token that has the right shape and stands behind `reply+`. Not yet verified."""
    for count, address in enumerate(addresses):
        if count >= MAX_ADDRESSES:
            break
        if REPLY_PREFIX in address[:MAX_ADDRESS_OCTETS].lower():
            token = token_of(address)
            if token is not None:
                return token
    return None


def verify(ring: KeyRing, stack: str, address_or_token: str) -> bytes | None:
    """The 16-byte intent id that a genuine token of this stack carries, else None. Takes a token or an address,
    in any case. Compares in constant time; every key of the ring counts."""
    token = token_of(address_or_token)
    if token is None:
        return None
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    # 53 characters hold one bit more than 33 bytes: only the spelling that we would write ourselves counts.
    if len(raw) != TOKEN_BYTES or _encode(raw) != token:
        return None
    key_id, intent_id, tag = raw[0], raw[1 : 1 + INTENT_ID_BYTES], raw[1 + INTENT_ID_BYTES :]
    secret = ring.keys.get(key_id)
    known = secret is not None
    expected = _tag(secret if secret is not None else bytes(32), key_id, stack, intent_id)
    return intent_id if hmac.compare_digest(expected, tag) and known else None
