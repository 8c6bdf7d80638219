"""`duly template`: the words of notices, shipped and a business's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.screen import Json, fail, out, print_json
from duly.mail.notice import LANGUAGES
from duly.mail.own_words import (
    MAX_BYTES,
    PREFIX,
    TEMPLATE_KINDS,
    check_template,
    own_words,
    shipped_words,
    template_of_key,
)

template_app = typer.Typer(
    help="The words of notices by language and kind; a business's own replace them.", no_args_is_help=True
)


def _kind(word: str) -> str:
    if word not in TEMPLATE_KINDS:
        raise fail(f"unknown kind {word}: expected one of {', '.join(TEMPLATE_KINDS)}")
    return word


@template_app.command(name="list")
def list_templates(as_json: Json = False) -> None:
    """Show the languages and kinds of notices, and the key under which one's own words are uploaded."""
    rows = [(language, kind, f"{PREFIX}{language}/{kind}.j2") for language in LANGUAGES for kind in TEMPLATE_KINDS]
    if as_json:
        print_json([{"language": language, "kind": kind, "key": key} for language, kind, key in rows])
        return
    table = Table("Language", "Kind", "Upload your own under")
    for row in rows:
        table.add_row(*row)
    out.print(table)


@template_app.command()
def show(
    language: Annotated[str, typer.Argument(help="A language such as fr.")],
    kind: Annotated[str, typer.Argument(help="A kind of notice such as reminder, or sms.")],
) -> None:
    """Print the shipped words of a kind of notice or of text messages, to start from."""
    if language not in LANGUAGES:
        raise fail(f"unknown language {language}: expected one of {', '.join(LANGUAGES)}")
    typer.echo(shipped_words(language, _kind(kind)), nl=False)


@template_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="LANGUAGE/KIND.j2 or LANGUAGE/KIND.NAME.j2.")],
    as_json: Json = False,
) -> None:
    """Check one's own words as an upload would: what is wrong, by line. Exit status 1 when they would be refused."""
    named = template_of_key(f"{PREFIX}{file.resolve().parent.name}/{file.name}")
    if named is None:
        raise fail(f"{file}: expected a path that ends in LANGUAGE/KIND.j2 or KIND.NAME.j2, such as fr/reminder.j2")
    if not file.is_file():
        raise fail(f"{file}: no such file")
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    language, kind, name = named
    problems = check_template(data, language, kind)
    if as_json:
        found = [{"line": one.line, "code": one.code, "expected": one.expected} for one in problems]
        print_json({"file": str(file), "language": language, "kind": kind, "name": name, "problems": found})
    else:
        for one in problems:
            out.print(f"{file}:{one.line}: {one.code}: {one.expected}", markup=False)
        if not problems:
            out.print(f"{file}: good, version {own_words(data.decode('utf-8')).version}", markup=False)
    if problems:
        raise typer.Exit(1)
