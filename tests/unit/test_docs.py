"""The documentation: links resolve, commands exist, tables say what the code says, named tests exist."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from cli.main import app
from duly.domain.channels import TASK_KINDS
from duly.domain.gates import ITEM_GATES, NOTICE_GATES
from duly.formats.read import read_file
from duly.mail.own_words import forbidden_phrases

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "common" / "duly"
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
ROW = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- links
def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    text = page.read_text("utf-8")
    for one, other in LINK.findall(BLOCK.sub("", text)):
        target, _, anchor = (one or other).partition("#")
        if target.startswith("https:"):
            continue
        file = page.parent / target if target else page
        assert file.exists(), f"{name_of(page)} links to {target}"
        assert file.resolve().is_relative_to(ROOT), f"{name_of(page)} links out of the repository: {target}"
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), f"{name_of(page)} links to {target}#{anchor}"


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in DOCS.glob("*.md"):
        assert f"docs/{page.name}" in readme, f"nobody finds docs/{page.name}"


def test_decisions_are_numbered_once_and_dated() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers) >= 12
    for record in records:
        lines = record.read_text("utf-8").splitlines()
        assert lines[0].startswith(f"# {record.name[:4]} "), record.name
        assert any(re.fullmatch(r"20\d\d-\d\d-\d\d", line) for line in lines[:4]), f"{record.name} has no date"
        assert len(lines) <= 25, f"{record.name} has {len(lines)} lines"


# --- nothing of where it was written
FOREIGN = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users|tmp)/|pypi\.|npmjs|registry\.|index-url|localhost:\d", re.IGNORECASE
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_path_of_a_machine_and_no_registry(page: Path) -> None:
    found = FOREIGN.search(page.read_text("utf-8"))
    assert found is None, f"{name_of(page)}: {found and found[0]}"


@pytest.mark.parametrize("text", ["see /tmp/main/x", "in /home/ada/duly", "at localhost:8700", "a registry.example"])
def test_the_search_finds_such(text: str) -> None:
    assert FOREIGN.search(text)


# --- commands
def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of a shell block, with its page, comments and prompts taken off."""
    for page in PAGES:
        for language, body in BLOCK.findall(page.read_text("utf-8")):
            if language != "sh":
                continue
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    yield name_of(page), words


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def subcommands() -> dict[str, set[str]]:
    """The options of each subcommand of duly, by its words: "disputes resolve" too."""
    found: dict[str, set[str]] = {}

    def walk(command: typer.core.TyperGroup, before: str) -> None:
        for name, inner in command.commands.items():
            found[f"{before}{name}"] = {option for one in inner.params for option in one.opts}
            if isinstance(inner, typer.core.TyperGroup):
                walk(inner, f"{before}{name} ")

    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    walk(group, "")
    return found


def test_make_targets_exist() -> None:
    known = targets()
    for page, words in commands():
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word]
            assert set(named) <= known, f"{page}: {' '.join(words)}"


def test_duly_subcommands_and_options_exist() -> None:
    known = subcommands()
    used = set()
    for page, words in commands():
        if Path(words[0]).name != "duly":
            continue
        arguments = [word for word in words[1:] if not word.startswith("-")]
        pair = " ".join(arguments[:2])
        name = pair if pair in known else arguments[0]
        assert name in known, f"{page}: {' '.join(words)}"
        options = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        assert options <= known[name] | {"--help"}, f"{page}: {' '.join(words)}"
        used.add(name)
    assert used == set(known), "every subcommand is shown somewhere, and no other"


def test_modules_and_scripts_in_commands_exist() -> None:
    for page, words in commands():
        if "python" not in Path(words[0]).name and "python" not in words[:2]:
            continue
        rest = words[words.index(next(word for word in words if "python" in word)) + 1 :]
        path = Path(*rest[1].split(".")).with_suffix(".py") if rest[0] == "-m" else Path(rest[0])
        assert (ROOT / path).exists() or (ROOT / "layers" / "common" / path).exists(), f"{page}: {' '.join(words)}"


# --- what the code knows better
@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=name_of)
def test_made_parts_are_what_the_code_says(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text == generator().filled(text), "make them again: PYTHONPATH=layers/common:. python docs/generate.py"


def test_licences_are_those_of_the_locks() -> None:
    text = (DOCS / "licences.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([a-z0-9._-]+) \| ([^ |]+) \|", text, re.MULTILINE))
    listed.pop("package", None)
    assert generator().locked().items() <= listed.items(), "make it again: python docs/generate.py licences"
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert not [row for row in rows if re.search(r"\b[AL]?GPL|not stated|not installed", row)]


def test_every_alarm_is_in_the_runbook() -> None:
    template = (ROOT / "template.yaml").read_text("utf-8")
    alarms = set(
        re.findall(r"^  (\w+):\n(?:    Condition: \w+\n)?    Type: AWS::CloudWatch::Alarm", template, re.MULTILINE)
    )
    assert len(alarms) > 10
    assert alarms == set(re.findall(r"`(\w+Alarm)`", (DOCS / "runbook.md").read_text("utf-8")))


def test_every_kind_of_task_is_in_the_runbook() -> None:
    listed = (DOCS / "runbook.md").read_text("utf-8")
    for kind in sorted(task_kinds()):
        assert f"`{kind}`" in listed, f"nobody knows what to do with a task {kind}"


def test_every_gate_is_explained() -> None:
    gates = (LAYER / "domain" / "gates.py").read_text("utf-8")
    names = {
        node.id
        for statement in ast.parse(gates).body
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "ACCOUNT_GATES"
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    } - {"ACCOUNT_GATES", "Gate", "tuple"}
    names |= {node.value for node in _strings_of_dict(gates, "stack_gates")}
    names |= {gate.__name__ for gate in ITEM_GATES} - {"settled"} | set(NOTICE_GATES)
    assert len(names) > 10
    text = (DOCS / "runbook.md").read_text("utf-8")
    for name in sorted(names):
        assert f"`{name}`" in text, f"gate {name}"


def _strings_of_dict(source: str, function: str) -> Iterator[ast.Constant]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Dict):
                    yield from (key for key in inner.keys if isinstance(key, ast.Constant))


def test_named_tests_exist() -> None:
    count = 0
    for page in PAGES:
        for file, test in TEST.findall(page.read_text("utf-8")):
            path = ROOT / file
            assert path.exists(), f"{name_of(page)} names {file}"
            if test:
                assert f"def {test}(" in path.read_text("utf-8"), f"{name_of(page)} names {file}::{test}"
            count += 1
    assert count > 20


# --- the examples of files
def test_the_readmes_files_are_read_without_a_reject() -> None:
    found = [
        body for language, body in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) if language in ("csv", "xml")
    ]
    results = [read_file("example", body.encode()) for body in found]
    kinds = sorted((result.kind, result.format) for result in results)
    assert kinds == [
        ("customers", "csv"),
        ("invoices", "csv"),
        ("invoices", "ubl"),
        ("statement", "camt053"),
        ("statement", "csv"),
    ]
    assert [result.rejects for result in results] == [()] * 5
    assert all(result.rows_in for result in results)


# --- codes of rejects
def test_every_reject_code_is_explained() -> None:
    explained = set(ROW.findall((DOCS / "formats.md").read_text("utf-8")))
    used = reject_codes()
    assert len(used) > 60
    assert used - explained == set(), "codes that docs/formats.md does not explain"
    assert explained - used - IN_WORK == set(), "codes that no code gives"


# Invoices in PDFs: explained before they are read.
IN_WORK = {"no_demand", "pdf_broken", "pdf_encrypted", "pdf_no_invoice", "pdf_other_xml", "pdf_several_xml"}

# Where a call's code stands among its positional arguments.
POSITION = {"FileProblem": 0, "MoneyError": 0, "CalendarError": 0, "fail": 1, "Reject": 2, "PolicyProblem": 2}
POSITION |= {"TemplateProblem": 1, "UnknownTimeZone": 0, "_rejected": 2, "_refused": 2, "add": 1}
OF_FUNCTION = {"customers_csv.py", "invoices_csv.py", "bank_csv.py", "ubl.py"}


def reject_codes() -> set[str]:
    """Every code that a reject can carry, as written in the readers, the policy's reader and the flows of uploads."""
    found: set[str] = set()
    files = [*LAYER.glob("formats/*.py"), *LAYER.glob("domain/policy_*.py"), LAYER / "domain" / "money.py"]
    files += [LAYER / "domain" / "registering.py"]
    files += [
        LAYER / "flows" / f"{name}.py"
        for name in ("buyers", "cash", "intake", "own_templates", "policies", "registering", "replies", "standing")
    ]
    files += [LAYER / "mail" / "own_words.py"]
    for file in files:
        if file.name.startswith("mail"):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= _codes_of_call(node, file.name)
        found |= _codes_of_tables(tree)
    return (found - {"template_"}) | {f"template_{reason}" for reason, _ in forbidden_phrases("en")}


def _codes_of_call(call: ast.Call, file: str) -> set[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    position = POSITION.get(name)
    given = [call.args[position]] if position is not None and position < len(call.args) else []
    given += [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    codes = {
        node.value
        for value in given
        for node in ast.walk(value)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z][a-z0-9_]+", node.value)
    }
    if file in OF_FUNCTION and call.args and isinstance(call.args[0], ast.Constant):
        field = call.args[0].value
        required = any(keyword.arg == "required" for keyword in call.keywords)
        if name == "choice":
            codes.add(f"{field}_unknown")
        elif name in ("identifier", "name", "account") and required:
            codes.add(f"{field}_missing")
    return codes


def _codes_of_tables(tree: ast.Module) -> set[str]:
    """Codes that stand in tables of the modules: code -> reason."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Dict):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if ast.unparse(target) in ("_REASONS", "_PROBLEMS", "_DATE_REASONS"):
                found |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "reason"
            and isinstance(node.value, ast.Tuple)
        ):
            first = node.value.elts[0]
            found |= {first.value} if isinstance(first, ast.Constant) else set()
    return found


def task_kinds() -> set[str]:
    """Every kind of task that the flows and rules open for a person."""
    found: set[str] = set()
    for file in [*LAYER.glob("flows/*.py"), *LAYER.glob("domain/*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("TaskOpened") and len(node.args) > 1:
                kind = node.args[1]
                if isinstance(kind, ast.Constant):
                    found.add(kind.value)
                else:
                    found |= {"address_bounced", "complaint", "notice_rejected"}
    return found | set(TASK_KINDS.values())
