"""A mapping profile as a file of its own: which files it is for, by its place, and what is wrong with it."""

from __future__ import annotations

from typing import Final

from duly.formats import bank_csv, customers_csv, invoices_csv
from duly.formats.profile import KnownColumns, check_profile
from duly.formats.records import FileResult, file_result

#: Where profiles are uploaded; what follows is the folder that a profile is for, and `.toml`.
PROFILES: Final = "policy/profiles/"
COLUMNS: Final[KnownColumns] = {
    "customers": customers_csv.COLUMNS.known,
    "invoices": invoices_csv.COLUMNS.known,
    "statement": bank_csv.COLUMNS.known,
}
_KINDS: Final = {"customers": "customers", "invoices": "invoices", "statements": "statement"}
_KEYS: Final = (b"kind", b"encoding", b"separator", b"dates", b"decimal", b"[columns]", b"[constants]", b"[types]")


def folder_of(key: str) -> str:
    """The folder that the profile of this key is for: policy/profiles/invoices/a.toml -> invoices/a; "" if none."""
    folder = key.removeprefix(PROFILES).removesuffix(".toml")
    return folder if key == f"{PROFILES}{folder}.toml" and folder.partition("/")[0] in _KINDS else ""


def kind_of(folder: str) -> str:
    """The kind of the files in a folder."""
    return _KINDS.get(folder.partition("/")[0], "")


def looks_like_profile(head: bytes) -> bool:
    """Whether the first key of a TOML file is one of a profile."""
    lines = (line.strip() for line in head.splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first.startswith(_KEYS) and not first.startswith(b"[[")


def read_profile_file(data: bytes, kind: str = "") -> FileResult:
    """What is wrong with a profile, by line and key; no rejects when it can be used."""
    _, problems = check_profile(data, kind, COLUMNS)
    return file_result("policy", "toml", (), problems, ("mapping profile",))
