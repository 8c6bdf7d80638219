"""Templates of a business's own: uploaded below policy/templates/, in force until replaced or ended."""

from __future__ import annotations

from dataclasses import replace

from duly.flows.edge import Edge
from duly.formats.records import FileResult, Reject
from duly.mail.notice import NoticeError, NoticeView, language_of
from duly.mail.own_words import check_template, own_words, template_of_key
from duly.store.uploads import Upload


def take_template(edge: Edge, upload: Upload, data: bytes) -> FileResult:
    """Put a template in force for its language and kind, or end it when it is empty; what is wrong, if anything."""
    named = template_of_key(upload.key)
    if named is None:
        reason = "expected policy/templates/LANGUAGE/KIND.j2 or KIND.NAME.j2, such as policy/templates/fr/reminder.j2"
        return _result([Reject(0, "file", "template_key", reason)])
    language, kind, title = named
    ends = not data.strip()
    problems = [] if ends else check_template(data, language, kind)
    if problems:
        return _result([Reject(0, "file", one.code, _with_line(one.line, one.expected)) for one in problems])
    name, arrived = _name(language, kind, title), upload.at.isoformat()
    if edge.stack.get(name).get("arrived", "") <= arrived:  # a message may be worked on again late
        version = "" if ends else upload.version
        edge.stack.put(name, {"key": upload.key, "version": version, "arrived": arrived})
    return _result([], f"{'ends the template' if ends else 'template'} of {_title(language, kind, title)}")


def in_own_words(edge: Edge, view: NoticeView, kind: str = "") -> NoticeView:
    """The view with the business's own words, when there are any in force in its language: those that its step names,
    else those of its kind, or of another ``kind`` of template.

    Raises NoticeError when their object is gone.
    """
    for name in dict.fromkeys((view.template, "")):
        pointer = edge.stack.get(_name(language_of(view.language), kind or view.kind, name))
        if not pointer.get("version"):
            continue
        found = edge.objects.get(pointer["key"], pointer["version"])
        if found is None:
            raise NoticeError("own_words_gone")
        return replace(view, own_words=own_words(found.data.decode("utf-8").removeprefix("\ufeff"), name))
    return view


def words_used(view: NoticeView) -> str:
    """Which words a notice was written in, as its header X-Duly-Template says it."""
    used = view.own_words
    title = _title(language_of(view.language), view.kind, used.name if used else "")
    return f"{title} {used.version if used else 'shipped'}"


def _name(language: str, kind: str, name: str) -> str:
    return f"template/{_title(language, kind, name)}"


def _title(language: str, kind: str, name: str) -> str:
    return f"{language}/{kind}.{name}" if name else f"{language}/{kind}"


def _with_line(line: int, expected: str) -> str:
    return f"line {line}: {expected}" if line else expected


def _result(problems: list[Reject], *notes: str) -> FileResult:
    return FileResult("policy", "jinja", (), tuple(problems), 0, {}, notes)
