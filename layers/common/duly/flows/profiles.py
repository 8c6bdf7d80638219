"""Mapping profiles: uploaded beside the policy, in force for a folder of uploads until replaced or ended."""

from __future__ import annotations

from duly.flows.edge import Edge
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile, check_profile, read_profile
from duly.formats.profile_toml import COLUMNS, folder_of, kind_of
from duly.formats.records import FileResult, Reject
from duly.store.uploads import Upload

MAX_PROFILES = 500  # read at once for each upload


def take_profile(edge: Edge, upload: Upload, data: bytes) -> FileResult:
    """Put a profile in force for its folder, or end it when it says nothing; what is wrong with it, if anything."""
    folder = folder_of(upload.key)
    if not folder:
        reason = "expected policy/profiles/FOLDER.toml for a FOLDER in customers, invoices or statements"
        return _result([Reject(0, "file", "profile", reason)])
    profile, problems = check_profile(data, kind_of(folder), COLUMNS)
    pointers = edge.stack.all(_name(""))
    known = pointers.get(_name(folder), {})
    if not (problems or known) and len(pointers) >= MAX_PROFILES:
        problems = [Reject(0, "file", "profile", f"expected at most {MAX_PROFILES} profiles")]
    if problems:
        return _result(problems)
    arrived = upload.at.isoformat()
    if known.get("arrived", "") <= arrived:  # a message may be worked on again late
        version = "" if profile == NO_PROFILE else upload.version
        edge.stack.put(_name(folder), {"key": upload.key, "version": version, "arrived": arrived})
    return _result([], "ends the profile" if profile == NO_PROFILE else "mapping profile", f"for {folder}/")


def _name(folder: str) -> str:
    return f"profile/{folder}"


def _result(problems: list[Reject], *notes: str) -> FileResult:
    whole_file = (Reject(0, one.field, one.code, _with_line(one)) for one in problems)
    return FileResult("policy", "toml", (), tuple(whole_file), 0, {}, (" ".join(notes),) if notes else ())


def _with_line(problem: Reject) -> str:
    return f"line {problem.line}: {problem.reason}" if problem.line else problem.reason


def profile_for(edge: Edge, key: str) -> Profile:
    """Return the profile in force for an upload: that of its folder or of the nearest one above that has any."""
    pointers = {name: body for name, body in edge.stack.all(_name("")).items() if body["version"]}
    folder = key.rpartition("/")[0]
    while folder and _name(folder) not in pointers:
        folder = folder.rpartition("/")[0]
    if not folder:
        return NO_PROFILE
    pointer = pointers[_name(folder)]
    found = edge.objects.get(pointer["key"], pointer["version"])
    if found is None:
        raise LookupError("the object of a profile in force is gone")
    try:
        return read_profile(found.data, f"{pointer['key']} version {pointer['version']}")
    except FileProblem as problem:  # it could be read when it was put in force
        raise LookupError("a profile in force cannot be read any more") from problem
