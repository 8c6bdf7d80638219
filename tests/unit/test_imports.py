"""The layers, held by their imports: who may import what, and that importing needs neither environment nor network."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "common"
AWS = {"boto3", "botocore", "pynamodb", "s3transfer", "aiobotocore"}
MODULES = {
    ".".join(path.relative_to(LAYER).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((LAYER / "duly").rglob("*.py"))
}
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))

# What each part of duly may import of duly; the standard library is always free.
MAY_IMPORT = {
    "domain": {"domain"},
    "formats": {"domain", "formats"},
    "store": {"domain", "store"},
    "mail": {"domain", "mail"},
    "policies": set(),
    "legal": set(),
    "runtime": {"domain", "runtime"},
    "flows": {"domain", "formats", "store", "mail", "runtime", "flows", "policies"},
    "reports": {"domain", "formats", "store", "mail", "flows", "reports"},
}
# What may be imported from outside, and whether inside functions only (for the start-up time).
OUTSIDE = {
    "domain": {},
    "formats": {"lxml": "inside", "pypdf": "inside"},
    "store": dict.fromkeys(AWS, "anywhere"),
    "mail": {**dict.fromkeys(AWS, "inside"), "jinja2": "inside", "segno": "inside", "typst": "inside"},
    "policies": {},
    "legal": {},
    "runtime": {"holidays": "inside", "aws_lambda_powertools": "anywhere"},
    "reports": {"jinja2": "inside"},
    "flows": {},
}


def imports(path: Path, text: str | None = None) -> set[tuple[str, bool]]:
    """Each imported module with whether the import runs only inside a function. Type-checking blocks do not count."""
    found: set[tuple[str, bool]] = set()

    def walk(node: ast.AST, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            if isinstance(child, ast.Import):
                found.update((alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                module = child.module or ""
                found.update(
                    (f"{module}.{alias.name}" if module == "duly" else module, inside) for alias in child.names
                )
            walk(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    walk(ast.parse(path.read_text(encoding="utf-8") if text is None else text), inside=False)
    return found


def breaches(module: str, found: set[tuple[str, bool]]) -> list[str]:
    """What a module imports though its layer may not."""
    part = module.split(".")[1] if "." in module else ""
    wrong = []
    for name, inside in sorted(found):
        top, _, rest = name.partition(".")
        if top in sys.stdlib_module_names:
            continue
        if top == "duly":
            allowed = not rest or rest.split(".")[0] in MAY_IMPORT.get(part, set())
        else:
            where = OUTSIDE.get(part, {}).get(top)
            allowed = where == "anywhere" or (where == "inside" and inside)
        if not allowed:
            wrong.append(f"{module} imports {name}")
    return wrong


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    assert module.split(".")[1] in MAY_IMPORT
    assert breaches(module, imports(MODULES[module])) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("duly.domain.money", "import boto3"),
        ("duly.domain.money", "def f():\n    from botocore.config import Config"),
        ("duly.domain.money", "from duly.store import keys"),
        ("duly.domain.money", "from duly import flows"),
        ("duly.formats.read", "import lxml.etree"),
        ("duly.formats.read", "from duly.mail.token import verify"),
        ("duly.mail.render", "import jinja2"),
        ("duly.flows.cash", "def f():\n    import pynamodb.models"),
        ("duly.store.tables", "from duly.flows.edge import Edge"),
    ],
)
def test_the_check_finds_a_breach(module: str, text: str) -> None:
    assert len(breaches(module, imports(Path("x.py"), text))) == 1


def test_what_is_allowed_is_no_breach() -> None:
    assert breaches("duly.formats.read", imports(Path("x.py"), "def f():\n    import lxml.etree")) == []
    assert breaches("duly.store.tables", imports(Path("x.py"), "from duly.domain import codec\nimport json")) == []


def test_no_module_is_part_of_a_circle() -> None:
    """Imports at the top of modules; one inside a function may go back."""
    needs = {
        name: {one for one, inside in imports(path) if not inside and one in MODULES} for name, path in MODULES.items()
    }
    done: set[str] = set()
    while ready := {name for name in needs if name not in done and needs[name] - {name} <= done}:
        done |= ready
    assert sorted(set(needs) - done) == []


PROBE = """
import builtins, importlib, json, os, socket, sys
def refuse(*args, **rest):
    raise AssertionError("an import reached for the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
wanted = json.loads(sys.argv[1])
for name in wanted:
    importlib.import_module(name)
loaded = {one.partition(".")[0] for one in sys.modules}
print(json.dumps(sorted(loaded)))
"""


def loaded_by(modules: list[str]) -> set[str]:
    """The top-level modules in memory after importing these in an empty environment, without network."""
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(modules)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(LAYER), "PATH": ""},
        cwd="/",
    )
    found: list[str] = json.loads(answer.stdout)
    return set(found)


def test_importing_needs_no_environment_and_no_network() -> None:
    loaded_by(sorted(MODULES))


def test_the_core_starts_without_the_heavy_packages() -> None:
    """Start-up counts: these are imported where they are used (design, start-up)."""
    heavy = {"lxml", "jinja2", "holidays", "pypdf", "numpy", "pydantic", "babel", "dateparser", "typst", "segno"}
    parts = (["domain"], ["formats"], ["flows"], ["mail"])
    core = [name for name in MODULES if name.split(".")[1:2] in parts and name != "duly.flows.aws"]  # the AWS edge
    assert loaded_by(core) & (heavy | AWS - {"botocore", "boto3"}) == set()


def test_the_domain_loads_nothing_but_the_standard_library() -> None:
    loaded = loaded_by([name for name in MODULES if name.startswith("duly.domain")])
    outside = {name for name in loaded - {"duly", "__main__"} if not name.startswith("_")} - sys.stdlib_module_names
    assert {name for name in outside if not name.startswith("__editable__")} == set()


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_is_one_short_file(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
    siblings = [one.name for one in path.parent.iterdir() if one.name not in ("app.py", "__pycache__")]
    assert siblings == []


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_leaves_aws_to_the_store(path: Path) -> None:
    used = {name.partition(".")[0] for name, _ in imports(path)}
    assert used & AWS == set()
    assert used - sys.stdlib_module_names <= {"duly", "aws_lambda_powertools"}


def test_there_are_five_functions() -> None:
    assert [path.parent.name for path in HANDLERS] == ["disputes", "dunning", "reconcile", "reports", "risk_check"]
