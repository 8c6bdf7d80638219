"""Reads a credit policy: TOML text or plain data, filled up from the shipped defaults, every problem with its line.

A policy is one document. What it leaves out comes from ``duly/policies/default.toml``; tables of amounts, the set of
risk categories and the steps of a scenario are replaced as a whole.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal

from duly.domain.legal_model import NO_REGIME, Legal, Series, Table
from duly.domain.policy_doubts import doubts
from duly.domain.policy_model import (
    Cash,
    Category,
    Charges,
    Contact,
    CreditHold,
    Creditor,
    Disputes,
    Gates,
    Policy,
    Promises,
    Risk,
    Scenario,
    Statements,
    Step,
    Terms,
)
from duly.domain.policy_schema import (
    INVALID,
    MAX_CATEGORIES,
    MAX_POLICY_CHARACTERS,
    MAX_PROBLEMS,
    MAX_SCENARIOS,
    MAX_SERIES,
    MAX_STEPS,
    MAX_TABLES,
    SECTIONS,
    Findings,
    Key,
    PolicyErrors,
    PolicyProblem,
    key_text,
    scenario_name,
)
from duly.domain.toml_lines import KeyPath, key_lines, line_of

Defaults = Literal["shipped", "bare"]

_PLAIN_SECTIONS: Final[Mapping[str, type]] = {
    "creditor": Creditor,
    "terms": Terms,
    "cash": Cash,
    "gates": Gates,
    "contact": Contact,
    "promises": Promises,
    "disputes": Disputes,
    "statements": Statements,
}
_STEP_NEEDS: Final = ("level", "name", "days")
_RATES_NEED: Final = ("title", "source", "checked_on", "rates")
_TABLE_NEEDS: Final = ("kinds", "valid_from", "source", "checked_on")
_BARE: Final = "bare"
_TOP_LEVEL: Final = (*_PLAIN_SECTIONS, "charges", "risk", "scenario")
_ALWAYS: Final = frozenset(range(7))
UNCAPPED: Final = 1_000_000  # notices in seven days, in a scenario file: none of those that it plays comes near


def parse_policy(text: str, name: str) -> Policy:
    """The policy in a TOML text. ``name`` (a file's name) stands in messages. Raises PolicyErrors with all problems.

    The creditor's name must be stated; all else falls back to the shipped defaults.
    """
    return _parse_text(text, name, default_policy())


def parse_policy_data(data: Mapping[str, Any], name: str, defaults: Defaults = "shipped") -> Policy:
    """The policy in plain data (the ``policy`` of a scenario file). Raises PolicyErrors; lines are not known.

    ``bare`` starts with every gate, charge, contact window, minimum gap, threshold and tolerance switched off and
    without risk categories; scenarios are then those of the data alone, or the shipped ones when it has none.
    """
    base = default_policy() if defaults == "shipped" else bare_policy()
    version = _version(json.dumps(data, sort_keys=True, default=str))
    return _Reading(Findings(document=data), base).policy(dict(data), name, version)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The shipped defaults, ``duly/policies/default.toml``, as a policy."""
    return _parse_text(default_policy_text(), "default.toml", None)


def default_policy_text() -> str:
    """The text of the shipped defaults."""
    from importlib import resources

    return resources.files("duly.policies").joinpath("default.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def shipped_legal() -> Legal:
    """The legal data that ship with Duly, ``duly/legal/*.toml``. Raises PolicyErrors for data that cannot be used."""
    rates, tables = (_legal_reading(name) for name in ("rates.toml", "tables.toml"))
    series = rates[0].series((), rates[1])
    legal = Legal(tables[0].tables((), tables[1], series), series)
    for reading, name in ((rates[0], "rates.toml"), (tables[0], "tables.toml")):
        reading.stop_on_problems(name)
    return legal


def _legal_reading(name: str) -> tuple[_Reading, dict[str, Any]]:
    from importlib import resources

    data = _toml(resources.files("duly.legal").joinpath(name).read_text(encoding="utf-8"), name)
    return _Reading(Findings(document=data), None), data


@lru_cache(maxsize=1)
def bare_policy() -> Policy:
    """The defaults of scenario files: the shipped ones with everything off that could hold a notice back."""
    shipped = default_policy()
    return dataclasses.replace(
        shipped,
        name="bare",
        version=_BARE,
        defaults_version=_BARE,
        risk=dataclasses.replace(
            shipped.risk, categories=(), hold=CreditHold(over_limit=False, overdue_days=0, broken_promises=0)
        ),
        cash=dataclasses.replace(shipped.cash, tolerance_minor={}, bank_fee_tolerance_minor={}),
        gates=dataclasses.replace(
            shipped.gates,
            bank_data_max_age_business_days=0,
            suspense_blocks=False,
            unread_reply_hold_days=0,
            paid_hold_days=0,
        ),
        contact=dataclasses.replace(
            shipped.contact,
            window_start_minute=0,
            window_end_minute=1440,
            days=_ALWAYS,
            holidays=False,
            min_gap_days=0,
            max_per_7_days=UNCAPPED,
        ),
        charges=dataclasses.replace(shipped.charges, regime="none", interest=False, recovery_indemnity=False),
        scenarios={},
        warnings=(),
    )


def _parse_text(text: str, name: str, base: Policy | None) -> Policy:
    text = text.removeprefix("\ufeff")
    data = _toml(text, name)
    findings = Findings(key_lines(text), data)
    reading = _Reading(findings, base)
    if base is not None and "name" not in _table(data.get("creditor")):
        findings.add(("creditor", "name"), "missing", "expected the creditor's name; it signs the notices")
    return reading.policy(data, name, _version(text))


def _toml(text: str, name: str) -> dict[str, Any]:
    """The data of a TOML text, numbers with a point as exact decimals."""
    import tomllib
    from decimal import Decimal, InvalidOperation

    if len(text) > MAX_POLICY_CHARACTERS:
        problem = PolicyProblem(0, "", "too_long", f"expected at most {MAX_POLICY_CHARACTERS} characters")
        raise PolicyErrors(name, (problem,))
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        # ValueError covers the reader's own errors and numbers of too many digits; only a line is taken from the
        # message, which may quote the file.
        found = re.search(r"\(at line ([0-9]+), column [0-9]+\)", str(error))
        line = int(found[1]) if found else (text.count("\n") + 1 if "end of document" in str(error) else 0)
        problem = PolicyProblem(line, "", "not_toml", f"expected TOML; {_toml_slip(str(error))}")
        raise PolicyErrors(name, (problem,)) from None


def _toml_slip(message: str) -> str:
    """What is not right in a TOML text, from the reader's message, of which nothing is shown."""
    if re.search(r"overwrite|twice|Duplicate|immutable", message):
        return "a key or section stands here that is there already"
    if message.startswith("Invalid value"):
        return "text stands in quotes, numbers, true and false without"
    return "a bracket, quote or key is not right here"


def _version(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _table(raw: Any) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}


class _Reading:
    """One reading of one document: collects problems and warnings, builds the parts of the policy."""

    def __init__(self, findings: Findings, base: Policy | None) -> None:
        self._findings = findings
        self._base = base
        self._warnings: list[str] = []

    def policy(self, data: dict[str, Any], name: str, version: str) -> Policy:
        """The policy of a document. Raises PolicyErrors."""
        self._unknown_keys(data, (), _TOP_LEVEL)
        parts = {section: self._plain(section, kind, data) for section, kind in _PLAIN_SECTIONS.items()}
        parts["charges"] = self._charges(data)
        risk = self._risk(data)
        scenarios = self._scenarios(data)
        self._check_category_scenarios(risk, scenarios)
        self.stop_on_problems(name)
        policy = Policy(
            name=name,
            version=version,
            defaults_version=self._base.version if self._base else version,
            risk=risk,
            scenarios=scenarios,
            **parts,
        )
        for path, why in doubts(policy):
            self._warn(path, why)
        return dataclasses.replace(policy, warnings=tuple(self._warnings))

    def _warn(self, path: KeyPath, why: str) -> None:
        line = line_of(self._findings.lines, path)
        self._warnings.append(f"{f'line {line}: ' if line else ''}{key_text(path)}: {why}")

    def stop_on_problems(self, name: str) -> None:
        """Raise PolicyErrors when anything was noted."""
        problems = sorted(self._findings.problems, key=lambda problem: problem.line)
        if len(problems) > MAX_PROBLEMS:
            more = PolicyProblem(0, "", "too_many", f"{len(problems) - MAX_PROBLEMS} more problems are not listed")
            problems = [*problems[:MAX_PROBLEMS], more]
        if problems:
            raise PolicyErrors(name, tuple(problems))

    # --- sections -------------------------------------------------------------------------------------------------
    def _plain(self, section: str, kind: type, data: dict[str, Any]) -> Any:
        base = getattr(self._base, section, None)
        raw = self._section(data, (section,))
        return self._filled(kind, base, self._values((section,), raw, SECTIONS[section]), (section,))

    # --- charges --------------------------------------------------------------------------------------------------
    def _charges(self, data: dict[str, Any]) -> Charges:
        path = ("charges",)
        raw = self._section(data, path)
        given = self._values(path, raw, SECTIONS["charges"], also_known=("rates", "tables"))
        base = self._base.charges if self._base else None
        if "charges" in data and self._base is not None and self._base.version == _BARE:
            given.setdefault("interest", True)  # bare switches charges off; who states the section wants them
        if "rates" in raw:
            given["rates"] = self.series(path, raw)
        if "tables" in raw:
            given["tables"] = self.tables(path, raw, (*given.get("rates", ()), *shipped_legal().series))
        charges: Charges = self._filled(Charges, base, given, path)
        if given.get("regime", NO_REGIME) != NO_REGIME:
            known = dict.fromkeys((NO_REGIME, *(one.regime for one in charges.tables), *shipped_legal().regimes()))
            if charges.regime not in known:
                self._findings.add((*path, "regime"), "unknown_word", "expected one of " + ", ".join(known))
        return charges

    def series(self, path: KeyPath, raw: dict[str, Any]) -> tuple[Series, ...]:
        """The reference rates of a document; what is wrong is noted and left out."""
        path = (*path, "rates")
        section = self._section(raw, path)
        if len(section) > MAX_SERIES:
            self._findings.add(path, "too_many", f"expected at most {MAX_SERIES} reference rates")
            return ()
        found: list[Series] = []
        for name in section:
            here = (*path, name)
            one = self._section(section, here)
            given = self._values(here, one, SECTIONS["charges.rates.NAME"])
            if self._good_name(here) and self._has(here, one, given, _RATES_NEED):
                found.append(Series(name=name, **given))
        return tuple(found)

    def tables(self, path: KeyPath, raw: dict[str, Any], series: tuple[Series, ...]) -> tuple[Table, ...]:
        """The legal tables of a document, which may name any of these series."""
        path = (*path, "tables")
        section = self._section(raw, path)
        found: list[Table] = []
        for name, rows in section.items():
            here = (*path, name)
            if not self._good_name(here):
                continue
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                self._findings.add(here, "wrong_type", f"expected tables, each under its own [[{key_text(here)}]]")
                continue
            for place, row in enumerate(rows[: MAX_TABLES + 1]):
                table = self._table((*here, place), name, row, {one.name for one in series})
                if table is not None:
                    self._check_overlap((*here, place), table, found)
                    found.append(table)
        if len(found) > MAX_TABLES:
            self._findings.add(path, "too_many", f"expected at most {MAX_TABLES} tables")
        return tuple(found)

    def _table(self, path: KeyPath, name: str, raw: dict[str, Any], series: set[str]) -> Table | None:
        given = self._values(path, raw, SECTIONS["charges.tables.NAME"])
        if not self._has(path, raw, given, _TABLE_NEEDS):
            return None
        table = Table(regime=name, **given)
        for key, value in (("series", table.series), ("least_series", table.least_series)):
            if value and value not in series:
                self._findings.add((*path, key), "unknown_word", "expected one of " + ", ".join(sorted(series)))
        if table.series and table.percent is not None:
            self._findings.add((*path, "percent"), "bad_value", "expected a reference rate or a percentage, not both")
        if table.valid_to is not None and table.valid_to < table.valid_from:
            self._findings.add((*path, "valid_to"), "bad_date", "expected a day not before valid_from")
        return table

    def _check_overlap(self, path: KeyPath, table: Table, before: list[Table]) -> None:
        for other in before:
            same = other.regime == table.regime and set(other.kinds) & set(table.kinds)
            if same and (other.holds_on(table.valid_from) or table.holds_on(other.valid_from)):
                self._findings.add(path, "repeated", "expected no second table for the same kind of debtor and days")

    def _has(self, path: KeyPath, raw: dict[str, Any], given: Mapping[str, Any], needed: tuple[str, ...]) -> bool:
        """Whether all that a table needs is stated (what is not is noted) and can be used."""
        for name in needed:
            if name not in raw:
                self._findings.add((*path, name), "missing", "expected to be stated")
        return all(name in raw for name in needed) and len(given) == len(raw)

    def _risk(self, data: dict[str, Any]) -> Risk:
        raw = self._section(data, ("risk",))
        own_keys = SECTIONS["risk"]
        given = self._values(("risk",), raw, own_keys, also_known=("categories", "hold"))
        base = self._base.risk if self._base else None
        hold_path = ("risk", "hold")
        hold_values = self._values(hold_path, self._section(raw, hold_path), SECTIONS["risk.hold"])
        given["hold"] = self._filled(CreditHold, base.hold if base else None, hold_values, hold_path)
        if "categories" in raw or base is None:
            given["categories"] = self._categories(self._section(raw, ("risk", "categories")), data)
        risk: Risk = self._filled(Risk, base, given, ("risk",))
        return risk

    def _categories(self, raw: dict[str, Any], data: dict[str, Any]) -> tuple[Category, ...]:
        path = ("risk", "categories")
        if len(raw) > MAX_CATEGORIES:
            self._findings.add(path, "too_many", f"expected at most {MAX_CATEGORIES} categories")
            return ()
        categories = [self._category((*path, name), raw, data) for name in raw if self._good_name((*path, name))]
        known = [category for category in categories if category is not None]
        for before, after in zip(known, known[1:], strict=False):
            if after.max_score_permille <= before.max_score_permille:
                key = (*path, after.name, "max_score")
                self._findings.add(key, "not_rising", "expected a higher score than that of the category before it")
        if known and len(known) == len(raw) and known[-1].max_score_permille != 1000:
            self._findings.add((*path, known[-1].name, "max_score"), "not_one", "expected 1 for the last category")
        return tuple(known)

    def _category(self, path: KeyPath, raw: dict[str, Any], data: dict[str, Any]) -> Category | None:
        given = self._values(path, self._section(raw, path), SECTIONS["risk.categories.NAME"])
        if "max_score" not in _table(raw.get(str(path[-1]))):
            self._findings.add(path, "missing", "expected max_score")
            return None
        own_terms = _table(data.get("terms")).get("default_days")
        fallback = own_terms if isinstance(own_terms, int) else (self._base.terms.default_days if self._base else 0)
        base = Category(str(path[-1]), 0, terms_days=fallback, limit_minor={}, scenario="")
        return None if "max_score_permille" not in given else dataclasses.replace(base, **given)

    def _check_category_scenarios(self, risk: Risk, scenarios: Mapping[str, Scenario]) -> None:
        for category in risk.categories:
            if category.scenario and category.scenario not in scenarios:
                path = ("risk", "categories", category.name, "scenario")
                self._findings.add(path, "unknown_scenario", "expected the name of a scenario of this policy")

    # --- scenarios ------------------------------------------------------------------------------------------------
    def _scenarios(self, data: dict[str, Any]) -> Mapping[str, Scenario]:
        shipped = self._base.scenarios if self._base else {}
        if "scenario" not in data and not shipped:
            return {name: _unhindered(scenario) for name, scenario in default_policy().scenarios.items()}
        raw = self._section(data, ("scenario",))
        if len(raw) > MAX_SCENARIOS:
            self._findings.add(("scenario",), "too_many", f"expected at most {MAX_SCENARIOS} scenarios")
            return shipped
        scenarios = dict(shipped)
        own: dict[str, Scenario] = {}
        for name in raw:
            if self._good_name(("scenario", name)):
                own[name] = self._scenario(("scenario", name), raw, shipped or own)
        scenarios.update(own)
        return scenarios

    def _scenario(self, path: KeyPath, raw: dict[str, Any], shipped: Mapping[str, Scenario]) -> Scenario:
        name = str(path[-1])
        section = self._section(raw, path)
        given = self._values(path, section, SECTIONS["scenario.NAME"], also_known=("step",))
        if "step" in section:
            given["steps"] = self._steps((*path, "step"), section["step"])
        base = shipped.get(name)
        if base is None and self._base is not None and self._base.version == _BARE:
            base = Scenario(name)
        if base is None:
            standard = shipped.get("standard", Scenario(name))
            base = dataclasses.replace(standard, name=name, steps=())
        return dataclasses.replace(base, **given)

    def _steps(self, path: KeyPath, raw: Any) -> tuple[Step, ...]:
        if not isinstance(raw, list) or not all(isinstance(step, dict) for step in raw):
            self._findings.add(path, "wrong_type", "expected steps, each under its own [[...step]]")
            return ()
        if len(raw) > MAX_STEPS:
            self._findings.add(path, "too_many", f"expected at most {MAX_STEPS} steps")
            return ()
        read = [self._step((*path, index), index, step) for index, step in enumerate(raw)]
        steps = [step for step in read if step is not None]
        self._check_order(path, steps)
        return tuple(steps)

    def _step(self, path: KeyPath, index: int, raw: dict[str, Any]) -> Step | None:
        given = self._values(path, raw, SECTIONS["scenario.NAME.step"])
        for name in _STEP_NEEDS:
            if name not in raw:
                self._findings.add((*path, name), "missing", "expected to be stated")
        if not all(name in given for name in _STEP_NEEDS):
            return None
        return Step(index=index, **given)

    def _check_order(self, path: KeyPath, steps: list[Step]) -> None:
        """Levels never decrease, names are unique, nothing follows a final step, and ``previous`` has one before it."""
        names: set[str] = set()
        before: Step | None = None
        for step in steps:
            here = (*path, step.index)
            if step.name in names:
                self._findings.add((*here, "name"), "repeated", "expected a name that no other step has")
            names.add(step.name)
            if before is not None and step.level < before.level:
                self._findings.add((*here, "level"), "decreasing", "expected a level not below that of the step before")
            if before is not None and before.final:
                self._findings.add(here, "after_final", "expected no step after a final one")
            if step.index == 0 and step.basis == "previous":
                self._findings.add(
                    (*here, "basis"), "no_previous", "expected another basis for the first step: none is before it"
                )
            before = step

    # --- keys -----------------------------------------------------------------------------------------------------
    def _section(self, raw: dict[str, Any], path: KeyPath) -> dict[str, Any]:
        """The table at the last part of ``path``; an empty one, with a problem noted, when it is something else."""
        section = raw.get(str(path[-1]), {})
        if isinstance(section, dict):
            return section
        self._findings.add(path, "wrong_type", f"expected a table [{key_text(path)}]")
        return {}

    def _values(
        self, path: KeyPath, raw: dict[str, Any], keys: tuple[Key, ...], also_known: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The checked values of a table by dataclass field; what is wrong is noted and left out."""
        self._unknown_keys(raw, path, (*(key.name for key in keys), *also_known))
        values: dict[str, Any] = {}
        for key in keys:
            if key.name not in raw:
                continue
            here = (*path, key.name)
            value = key.kind(self._findings, here, raw[key.name])
            if value is INVALID:
                continue
            values.update(zip(key.targets, value if len(key.targets) > 1 else (value,), strict=True))
        return values

    def _filled(self, kind: type, base: Any, given: dict[str, Any], path: KeyPath) -> Any:
        """``base`` with the given values; without a base a new object, every field of which must be given."""
        if base is not None:
            return dataclasses.replace(base, **given)
        for field in dataclasses.fields(kind):
            if field.name not in given and field.default is dataclasses.MISSING:
                self._findings.add((*path, field.name), "missing", "expected to be stated in the defaults")
                given = {**given, field.name: None}
        return kind(**given)

    def _unknown_keys(self, raw: dict[str, Any], path: KeyPath, known: tuple[str, ...]) -> None:
        unknown = [name for name in raw if name not in known]
        if not unknown:
            return
        from difflib import get_close_matches

        for name in unknown[: MAX_PROBLEMS + 1]:
            near = get_close_matches(name[:60], known, n=1)
            hint = f"did you mean {near[0]}?" if near else "expected one of " + ", ".join(known)
            self._findings.add((*path, name), "unknown_key", f"not a key of a policy; {hint}")

    def _good_name(self, path: KeyPath) -> bool:
        """Whether a category's or scenario's name can be used."""
        if scenario_name(str(path[-1])):
            return True
        self._findings.add(path, "bad_name", "expected a name of letters and digits, at most 40 characters")
        return False


def _unhindered(scenario: Scenario) -> Scenario:
    return dataclasses.replace(scenario, threshold_minor={}, tolerance_minor={}, min_gap_days=None)
