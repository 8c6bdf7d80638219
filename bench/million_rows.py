"""A file of a million rows: what reading it costs, and how it passes through the local stack.

    python bench/million_rows.py [--rows N] [--read-only] [--json] [--folder DIR]

First the seeded file is read in chunks as the functions read it, in a fresh process for each chunk whose memory is
measured; the processor time of parsing and validating is printed beside that of `csv.reader` alone over the same file,
measured in turns. Then a local stack takes customers and file in; printed are the time until the receipt closes, rows
a second, the most memory that a function's process took, and whether the receipt says what is true of the file.
Exit code 1 when reading costs more than MOST_TIMES that of `csv.reader`, a process takes MOST_MEGABYTES, or a count is
wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from open_items import Truth, write_customers, write_open_items

from duly.domain.money import format_minor
from duly.flows import audit
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge, Scale
from duly.formats.chunked import HEAD_BYTES, Cutter, Layout, layout_of, read_chunk
from duly.runtime.observe import SilentObserver
from duly.runtime.settings import Settings
from duly.store.uploads import Upload
from local.stack import LocalStack

MOST_TIMES = 4.0
MOST_MEGABYTES = 256
TURNS = 3
BUCKETS = 1024
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
KEY = "invoices/open-items.csv"
SCALE = Scale()
LOOK_SECONDS = 5.0
MOST_SECONDS_PER_ROW = 0.05


def main() -> int:
    """Run the bench; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--read-only", action="store_true", help="measure reading alone, without a local stack")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the files are written (else a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        file = folder / "open-items.csv"
        truth = write_open_items(file, options.rows)
        found: dict[str, Any] = {"rows": truth.rows, "bytes": file.stat().st_size, **reading(file, truth)}
        if not options.read_only:
            write_customers(folder / "customers.csv", options.rows)
            passed = passing(folder, file, truth, quiet=options.json)
            found |= passed | {"wrong": [*found["wrong"], *passed["wrong"]]}
    print(json.dumps(found, indent=1) if options.json else "\n".join(f"{name}: {text}" for name, text in found.items()))
    return 1 if found["wrong"] else 0


# --- reading
def reading(file: Path, truth: Truth) -> dict[str, Any]:
    """Measure reading in chunks beside `csv.reader` alone."""
    alone, ours = [], []
    plan = cut(file)
    for _ in range(TURNS):
        started = time.process_time()
        with file.open(newline="", encoding="utf-8") as lines:
            rows = sum(1 for _ in csv.reader(lines)) - 1
        alone.append(time.process_time() - started)
        started = time.process_time()
        plan = cut(file)
        counts = [read_one(file, plan, number)[:2] for number in range(len(plan[1]))]
        ours.append(time.process_time() - started)
    memory = max(fresh_megabytes(file, number) for number in range(0, len(plan[1]), max(len(plan[1]) // 4, 1)))
    times = min(ours) / min(alone)
    wrong = []
    if rows != truth.rows or sum(one for one, _ in counts) != truth.rows:
        wrong.append("rows read")
    if sum(one for _, one in counts) != sum(truth.bad.values()):
        wrong.append("rows rejected by reading")
    if times > MOST_TIMES:
        wrong.append("time of reading")
    if memory > MOST_MEGABYTES:
        wrong.append("memory of reading")
    return {
        "csv.reader alone, rows a second of CPU": round(rows / min(alone)),
        "parsing and validating, rows a second of CPU": round(rows / min(ours)),
        "times csv.reader": round(times, 2),
        "chunks": len(plan[1]),
        "memory of a process that reads a chunk, MB": memory,
        "wrong": wrong,
    }


def cut(file: Path) -> tuple[Layout, list[Any]]:
    """Plan the chunks as the functions do."""
    with file.open("rb") as data:
        head = data.read(HEAD_BYTES)
        head = head[: head.rfind(b"\n") + 1]
        guess = layout_of(head, KEY, "invoices", "utf-8")
        cutter = Cutter(guess.separator, guess.width, SCALE.chunk_bytes, SCALE.row_bytes)
        data.seek(0)
        while piece := data.read(SCALE.chunk_bytes):
            cutter.feed(piece)
        cutter.finish()
    assert cutter.encoding.result() == guess.encoding
    return guess, cutter.chunks


def read_one(file: Path, plan: tuple[Layout, list[Any]], number: int) -> tuple[int, int, float]:
    """Read one chunk; return rows, rejects and the process's most memory in MB."""
    layout, chunks = plan
    chunk = chunks[number]
    with file.open("rb") as data:
        data.seek(chunk.start)
        result = read_chunk(layout, layout.forms, data.read(chunk.stop - chunk.start), chunk, BUCKETS)
    return result.rows_in, len(result.rejects), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fresh_megabytes(file: Path, number: int) -> int:
    """The most memory of a fresh process that plans the file and reads one chunk of it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return round(pool.apply(_read_in_child, (file, number)))


def _read_in_child(file: Path, number: int) -> float:
    return read_one(file, cut(file), number)[2]


# --- the local stack
def passing(folder: Path, file: Path, truth: Truth, *, quiet: bool) -> dict[str, Any]:
    """Take customers and file in on a local stack."""
    parameters = {"FunctionTimeoutSeconds": "120", "QueueVisibilitySeconds": "0"}
    with LocalStack(parameters=parameters, folder=folder / "stack") as stack:
        os.environ.update(stack.settings("RiskCheckFunction"))
        edge = aws_edge(Settings.read(), SilentObserver())
        watch = Watch(stack, edge, truth.rows, quiet)
        watch.take("customers/customers.csv", (folder / "customers.csv").read_bytes())
        started = time.monotonic()
        upload = watch.take(KEY, file.read_bytes())
        seconds = time.monotonic() - started
        stack.wait_until_idle(seconds=600)
        found = edge.objects.get(upload.receipt)
        receipt: dict[str, Any] = json.loads(found.data) if found else {}
        wrong = differences(receipt, truth)
        if watch.megabytes > MOST_MEGABYTES:
            wrong.append("memory of a function")
        sample = sample_of(edge)
        wrong += sample
        return {
            "seconds until the receipt closed": round(seconds),
            "rows a second": round(truth.rows / seconds),
            "messages": upload.messages,
            "most memory of a function's process, MB": watch.megabytes,
            "CPU seconds of functions, of the emulator": watch.cpu_seconds,
            "receipt": {name: receipt.get(name) for name in ("rows", "amounts", "reasons", "adds_up")},
            "accounts audited": sample or "clean",
            "wrong": wrong,
        }


class Watch:
    """Looks at uploads and processes until a receipt is there."""

    def __init__(self, stack: LocalStack, edge: Edge, rows: int, quiet: bool) -> None:
        self._stack, self._edge, self._rows, self._quiet = stack, edge, rows, quiet
        self._cpu: dict[int, float] = {}
        self._emulator_cpu = 0.0
        self.megabytes = 0

    def take(self, key: str, data: bytes) -> Upload:
        """Upload a file and wait until it is closed; return what is known of it."""
        self._stack.client("s3").put_object(
            Bucket=self._stack.bucket, Key=key, Body=data, Metadata={"duly-time": NOW.isoformat()}
        )
        started, rows = time.monotonic(), data.count(b"\n")
        while time.monotonic() - started < 300 + rows * MOST_SECONDS_PER_ROW:
            time.sleep(LOOK_SECONDS)
            self._look_at_processes()
            found = next((one for one in self._edge.uploads.recent(NOW) if one.key == key), None)
            if found is not None and found.state == "closed":
                return found
            if found is not None and not self._quiet:
                self._say(found, time.monotonic() - started)
            if self._stack.dead_letters():
                raise SystemExit(f"dead letters: {self._stack.dead_letters()}")
        raise SystemExit(f"{key} was not closed in time")

    @property
    def cpu_seconds(self) -> tuple[int, int]:
        """CPU seconds of the functions' processes and of the emulator."""
        return round(sum(self._cpu.values())), round(self._emulator_cpu)

    def _say(self, upload: Upload, seconds: float) -> None:
        progress = self._edge.uploads.progress(upload)
        print(
            f"{seconds:7.0f} s  {upload.key} {upload.state}: {progress.chunks_done} of {upload.chunks} chunks, "
            f"{progress.rows_done} of {progress.rows_in} rows; {self.megabytes} MB, CPU {self.cpu_seconds}",
            file=sys.stderr,
            flush=True,
        )

    def _look_at_processes(self) -> None:
        for process in self._stack.emulator.function_processes(f"AWS_ENDPOINT_URL_SESV2={self._stack.shim.url}"):
            status = _read(Path(f"/proc/{process}/status"))
            peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
            self.megabytes = max(self.megabytes, int(peak.split()[1]) // 1024)
            self._cpu[process] = _cpu_seconds(process)
        port = f"GATEWAY_PORT={self._stack.emulator.port}"
        for folder in Path("/proc").glob("[0-9]*"):
            is_emulator = "emulator_main.py" in _read(folder / "cmdline") and port in _read(folder / "environ")
            if is_emulator:
                self._emulator_cpu = max(self._emulator_cpu, _cpu_seconds(int(folder.name)))


def _cpu_seconds(process: int) -> float:
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def differences(receipt: dict[str, Any], truth: Truth) -> list[str]:
    """What the receipt says that is not true of the file."""
    rows = {
        "in": truth.rows,
        "applied": truth.applied,
        "duplicate": truth.duplicates,
        "rejected": sum(truth.bad.values()),
    }
    amounts = {
        "in": truth.amount_in,
        "duplicate": truth.amount_duplicate,
        "rejected": truth.amount_bad,
        "applied": truth.amount_in - truth.amount_duplicate - truth.amount_bad,
    }
    reasons = {**truth.bad, "duplicate": truth.duplicates, "corrected": truth.corrections}
    found = [f"rows {name}" for name, count in rows.items() if receipt["rows"][name] != count]
    found += [
        f"money {name}"
        for name, minor in amounts.items()
        if receipt["amounts"][name].get("EUR", "0.00") != format_minor(minor, "EUR")
    ]
    found += [f"reason {name}" for name, count in reasons.items() if receipt["reasons"].get(name, 0) != count]
    return found if receipt["adds_up"] else [*found, "sums"]


def sample_of(edge: Edge) -> list[str]:
    """Look at every fiftieth account as an audit does; return what is wrong."""
    report = audit.Report()
    for number, account_id in enumerate(audit.account_ids(edge)):
        if number % 50 == 0:
            audit.check_account(edge, account_id, report)
    return [f"{one.about}: {one.text}" for one in report.problems]


if __name__ == "__main__":
    sys.exit(main())
