"""A credit policy as a file: its problems become rejects. The policy itself is made by duly.domain.policy."""

from __future__ import annotations

from duly.formats.decoding import decode
from duly.formats.records import FileResult, Reject, file_result


def read_policy(data: bytes) -> FileResult:
    """What is wrong with a policy, by line and key; no rejects when it can be used. Raises FileProblem if not text."""
    from duly.domain.policy import PolicyErrors, parse_policy

    text = decode(data)
    try:
        parse_policy(text, "policy")
    except PolicyErrors as errors:
        rejects = [Reject(found.line, found.key or "file", found.code, found.expected) for found in errors.problems]
        return file_result("policy", "toml", (), rejects)
    return file_result("policy", "toml", (), ())
