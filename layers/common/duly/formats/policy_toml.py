"""A credit policy as a file: its problems become rejects. The policy itself is made by duly.domain.policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from duly.formats.decoding import decode
from duly.formats.records import FileResult, Reject, file_result

if TYPE_CHECKING:
    from duly.domain.policy import Policy

MAX_NOTES: Final = 40  # warnings of one policy that its receipt lists


def read_policy(data: bytes) -> FileResult:
    """What is wrong with a policy, by line and key; for one that can be used its warnings as notes. Raises FileProblem
    if not text."""
    from duly.domain.policy import PolicyErrors, parse_policy

    text = decode(data)
    try:
        policy = parse_policy(text, "policy")
    except PolicyErrors as errors:
        rejects = [Reject(found.line, found.key or "file", found.code, found.expected) for found in errors.problems]
        return file_result("policy", "toml", (), rejects)
    return file_result("policy", "toml", (), (), policy_notes(policy))


def policy_notes(policy: Policy) -> tuple[str, ...]:
    """The policy's warnings, as its receipt and `duly check` show them."""
    return tuple(f"warning: {text}" for text in policy.warnings[:MAX_NOTES])
