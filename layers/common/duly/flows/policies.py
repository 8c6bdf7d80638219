"""An uploaded credit policy: checked whole, put in force by a pointer, and every account looked at again under it. What
lies below policy/profiles/ is a mapping profile, below policy/templates/ a template of notices instead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from duly.domain.policy import PolicyErrors, parse_policy
from duly.flows import intake
from duly.flows.edge import Edge
from duly.flows.own_templates import take_template
from duly.flows.profiles import take_profile
from duly.formats.policy_toml import policy_notes
from duly.formats.profile_toml import PROFILES
from duly.formats.records import FileResult, Reject
from duly.mail.own_words import PREFIX as TEMPLATES
from duly.store import keys
from duly.store.queues import ACCOUNT, Message
from duly.store.uploads import Upload


def take_policy(edge: Edge, upload: Upload, data: bytes, now: datetime) -> Upload:
    """Put the policy (or a mapping profile) in force, or give a receipt that names each problem, its line and key."""
    if upload.key.startswith(TEMPLATES):
        return intake.plan(edge, upload, take_template(edge, upload, data), (), (), now)
    if upload.key.startswith(PROFILES):
        return intake.plan(edge, upload, take_profile(edge, upload, data), (), (), now)
    rejects: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    try:
        policy = parse_policy(data.decode("utf-8"), upload.key)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        rejects = (Reject(line, "file", "not_utf8", f"expected UTF-8, found another byte at offset {error.start}"),)
    except PolicyErrors as errors:
        rejects = tuple(Reject(one.line, one.key, one.code, one.expected) for one in errors.problems)
    else:
        notes = policy_notes(policy)
        _put_in_force(edge, upload, policy.version)
        wake_all(edge, upload.id, now)
    whole_file = tuple(Reject(0, one.field, one.code, f"line {one.line}: {one.reason}") for one in rejects)
    return intake.plan(edge, upload, FileResult("policy", "toml", (), whole_file, 0, {}, notes), (), (), now)


def _put_in_force(edge: Edge, upload: Upload, version: str) -> None:
    """Point at this policy, unless one that arrived later is in force: a message may be worked on again late."""
    arrived = upload.at.isoformat()
    if edge.stack.get("policy").get("arrived", "") <= arrived:
        pointer = {"key": upload.key, "version": upload.version, "policy": version, "arrived": arrived}
        edge.stack.put("policy", pointer)
    edge.forget_policy()


def wake_all(edge: Edge, reason: str, now: datetime) -> int:
    """Send every account to the tick's queue, so that it is looked at under the policy now in force."""
    return edge.queues.send_all(ACCOUNT, _all_accounts(edge, reason, now))


def _all_accounts(edge: Edge, reason: str, now: datetime) -> Iterator[Message]:
    for shard in keys.shards():
        for header in edge.table.headers(shard):
            account = keys.account_id(header.pk)
            body = {"type": "account", "account": account, "time": now.isoformat(), "chase": False}
            yield Message(body, account, f"{reason}|{account}")
