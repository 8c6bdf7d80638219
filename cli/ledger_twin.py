"""A ledger from a folder of files on a stack in memory: uploaded and worked on as by the functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from duly.domain.policy import Policy, PolicyErrors, default_policy, parse_policy
from duly.flows.edge import Edge
from duly.flows.twin import TwinStack
from duly.formats.profile_toml import looks_like_profile
from duly.formats.read import read_file

MAX_FILES: Final = 5_000
MAX_BYTES: Final = 48 * 1024 * 1024
MAX_NAMED: Final = 5  # files that are named as not used
#: In this order, so that each finds what it speaks of; the folder of the bucket by kind of file.
FOLDERS: Final = {
    "customers": "customers",
    "invoices": "invoices",
    "remittance": "statements",
    "statement": "statements",
}


class LedgerError(Exception):
    """A folder that is no ledger: which file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class LedgerStack:
    """The stack that a ledger was read into, and the rows that could not be used."""

    edge: Edge
    rejects: list[str]


def ledger_stack(folder: Path, policy: Policy, on: date, console: Console) -> LedgerStack:
    """Read customers, invoices and bank files of a folder as of the start of a day, under a policy.

    A policy in the folder is left aside. Raises LedgerError for a folder or file that cannot be used, OSError for one
    that cannot be read. Files know nothing of notices sent so far.
    """
    found, rejects = _files(folder)
    stack = TwinStack()
    stack.edge.use_policy(policy)
    now = datetime.combine(on, time(), tzinfo=UTC)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Reading the ledger", total=len(found))
        for number, (kind, path) in enumerate(found):
            stack.upload(f"{FOLDERS[kind]}/{number:04d}-{path.name}", path.read_bytes(), now)
            stack.work()
            rejects += _rejects(stack, path)
            progress.advance(task)
    return LedgerStack(stack.edge, rejects)


def _files(folder: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """The files of a ledger with what they hold, customers first, and what else lies there."""
    if not folder.is_dir():
        raise LedgerError(f"{folder}: expected a folder of customers, invoices and bank files")
    paths = sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.startswith("."))
    if len(paths) > MAX_FILES:
        raise LedgerError(f"{folder}: expected at most {MAX_FILES} files, found {len(paths)}")
    found: list[tuple[str, Path]] = []
    others: list[str] = []
    for path in paths:
        if path.stat().st_size > MAX_BYTES:
            raise LedgerError(f"{path}: expected at most {MAX_BYTES} bytes, found {path.stat().st_size}")
        kind = read_file(path.name, path.read_bytes()).kind
        if kind in FOLDERS:
            found.append((kind, path))
        elif kind != "policy":
            others.append(str(path.relative_to(folder)))
    if not any(kind == "customers" for kind, _ in found):
        raise LedgerError(f"{folder}: expected a file of customers, found none")
    return sorted(found, key=lambda one: (list(FOLDERS).index(one[0]), one[1])), _not_used(folder, others)


def _not_used(folder: Path, names: list[str]) -> list[str]:
    """One line on the files that are none of a ledger: a folder may hold many."""
    if not names:
        return []
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    listed = f"{', '.join(names[:MAX_NAMED])}{more}"
    return [f"{folder}: not used: {listed}; expected customers, invoices and bank files"]


def _rejects(stack: TwinStack, path: Path) -> list[str]:
    """What the receipt of the upload just worked on says was not used."""
    rows = []
    for key in stack.objects.keys("receipts/"):
        if path.name in key and key.endswith(".csv"):
            found = stack.objects.get(key)
            lines = found.data.decode().splitlines()[1:] if found else []
            rows += [f"{path}: {line}" for line in lines]
    return rows


def policy_in(folder: Path) -> Policy:
    """The policy that lies in a folder, else the shipped default. Raises LedgerError for two, or one that is wrong."""
    found = sorted(one for one in folder.rglob("*.toml") if one.is_file()) if folder.is_dir() else []
    found = [one for one in found if not looks_like_profile(one.read_bytes())]
    if len(found) > 1:
        raise LedgerError(f"{folder}: expected one policy, found {', '.join(one.name for one in found)}")
    try:
        return parse_policy(found[0].read_text(encoding="utf-8"), str(found[0])) if found else default_policy()
    except PolicyErrors as errors:
        raise LedgerError(str(errors)) from None
    except UnicodeDecodeError as error:
        raise LedgerError(f"{found[0]}: expected UTF-8, found another byte at offset {error.start}") from None
