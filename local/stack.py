"""The local stack as one object: emulator, deployed template, SES shim and bridges. See LocalStack."""

from __future__ import annotations

import json
import shutil
import time as wall
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from local import bridge
from local.build import build_layer
from local.deploy import Deployment, delete, deploy
from local.emulator import REGION, ROOT, RUN_FOLDER, SECRET_KEY, Emulator, LocalStackError, new_account
from local.ses_shim import Fault, SentMail, SentText, SesShim
from local.template import load_template

LOCAL_PARAMETERS = {"Stage": "local", "FunctionTimeoutSeconds": "30", "QueueVisibilitySeconds": "20"}
"""A killed message comes back after 20 s; a test that kills gives less."""
STATE_PATH = RUN_FOLDER / "stack.json"
"""Where a stack that was asked to announce itself can be found by other commands while it runs."""
FAULT_SERVICES = ("DYNAMODB", "S3", "SQS", "SECRETS_MANAGER")


@dataclass(frozen=True, slots=True)
class StackAddress:
    """How to reach a running local stack from another process."""

    url: str
    account: str
    settings: dict[str, str]
    """The environment that the stack's functions have, credentials and endpoints included."""
    mail_folder: str


class LocalStack:
    """Duly's stack on this machine.

    with LocalStack(folder=Path("out")) as stack:
        stack.upload("customers/customers.csv", data, time)
        stack.wait_until_idle()
        stack.tick(time)
        stack.wait_until_idle()
        print(stack.mails())

    Without an `emulator` it starts its own and stops it; with one it takes a fresh account on it, isolated from others.
    `folder` holds the mails; `template` and `root` are for tests of the stack itself; `environment` is added to the
    functions' variables; `parameters` go over LOCAL_PARAMETERS; `proxy_url` sends the functions' SDK calls (not mail)
    through a fault proxy, whose `account` must then be given too.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        emulator: Emulator | None = None,
        account: str | None = None,
        name: str = "duly",
        parameters: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
        template: dict[str, Any] | None = None,
        root: Path = ROOT,
        proxy_url: str = "",
        announce: bool = False,
    ) -> None:
        self.account = account or new_account()
        self.emulator = emulator or Emulator()
        self.folder = folder or RUN_FOLDER / f"stack-{self.account}"
        self._owns_emulator = emulator is None
        self._name = name
        self._parameters = {**LOCAL_PARAMETERS, **(parameters or {})}
        self._environment = dict(environment or {})
        self._template = template
        self._root = root
        self._proxy_url = proxy_url
        self._announce = announce
        self._temporary_folder = folder is None
        self._deployment: Deployment | None = None
        self._shim: SesShim | None = None
        self._queues: bridge.Queues | None = None
        self._probe: bridge.UploadProbe | None = None
        self._lines_published: Counter[bridge.LogLine] = Counter()

    # --- life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts and deploys everything; about two seconds. Raises LocalStackError with the reason if it cannot."""
        try:
            if self._owns_emulator:
                self.emulator.start()
            self._start_shim()
            self.deploy()
        except BaseException:
            self.stop()
            raise

    def deploy(self) -> None:
        """Deploys the code and template as they are now: the first time, or again after a change."""
        template = self._template or load_template(self._root / "template.yaml")
        self._deployment = deploy(
            self.emulator,
            self.account,
            template,
            build_layer(),
            name=self._name,
            parameters=_known(self._parameters, template),
            environment={**self._endpoints(), **self._environment},
            root=self._root,
        )
        rules = bridge.EventRules(self.emulator, self._deployment)
        self.shim.publish = rules.publish
        self.shim.configuration_sets = frozenset(self._deployment.of_type("AWS::SES::ConfigurationSet").values())
        self.shim.senders = frozenset(self._deployment.of_type("AWS::SES::EmailIdentity").values())
        self._queues = bridge.Queues(self.emulator, self._deployment)
        self._probe = bridge.UploadProbe(self.emulator, self._deployment)
        if self._announce:
            self._write_address()

    def stop(self) -> None:
        """Stops what `start` started; with an emulator of others, deletes the stack. Safe to call twice."""
        if self._announce:
            STATE_PATH.unlink(missing_ok=True)
        if self._shim is not None:
            self._shim.stop()
            self._shim = None
        deployment, self._deployment = self._deployment, None
        if self._owns_emulator:
            self.emulator.stop()
        elif deployment is not None:
            delete(self.emulator, deployment)
        if self._temporary_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- parts

    @property
    def deployment(self) -> Deployment:
        """Outputs and physical ids. Raises LocalStackError before `start`."""
        if self._deployment is None:
            raise LocalStackError("the local stack is not started")
        return self._deployment

    @property
    def shim(self) -> SesShim:
        """SES: the mails, the table of outcomes, the faults."""
        if self._shim is None:
            raise LocalStackError("the local stack is not started")
        return self._shim

    @property
    def bucket(self) -> str:
        return self.deployment.physical("Bucket")

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's account, past any fault proxy."""
        return self.emulator.client(service, self.account)

    def settings(self, function: str = "DunningFunction") -> dict[str, str]:
        """The environment of one function (logical id), for code of Duly that runs in this process or a child of it."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self.deployment.physical(function)
        )
        return {
            **configuration["Environment"]["Variables"],
            "AWS_ENDPOINT_URL": self.emulator.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    # --- what the world does

    def upload(self, key: str, data: bytes, time: datetime) -> str:
        """Puts a file in the bucket and returns its version id, once its event is in the stack's queues.

        `time` is the upload's simulated time (object metadata `duly-time`).
        """
        answer = self.client("s3").put_object(
            Bucket=self.bucket, Key=key, Body=data, Metadata={"duly-time": bridge.iso(time)}
        )
        assert self._probe is not None, "deploy makes the probe"
        self._probe.wait_for(key, answer["ETag"])
        return str(answer.get("VersionId", ""))

    def deliver_inbound(
        self,
        raw: bytes,
        time: datetime,
        *,
        verdicts: bridge.Verdicts | None = None,
        recipients: list[str] | None = None,
        repeat: int = 1,
    ) -> str:
        """A mail comes in by SES's receipt rule. Returns its message id; the object is `inbound/<id>`."""
        return bridge.receive_mail(
            self.emulator,
            self.deployment,
            raw,
            time,
            verdicts=verdicts or bridge.Verdicts(),
            recipients=recipients,
            repeat=repeat,
        )

    def tick(self, time: datetime) -> Any:
        """What the hourly schedule does at `time`. Raises FunctionError if the function fails."""
        return bridge.run_schedule(self.emulator, self.deployment, self._schedule("Tick"), time)

    def run_reports(self, time: datetime) -> Any:
        """What the daily schedule of the reports does at `time`."""
        return bridge.run_schedule(self.emulator, self.deployment, self._schedule("Daily"), time)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invokes a function by its logical id and returns its answer. Raises FunctionError if it fails."""
        return bridge.invoke(self.emulator, self.deployment, self.deployment.physical(function), event)

    def inject(self, fault: Fault) -> None:
        """Plans a failure of SES."""
        self.shim.inject(fault)

    def kill_functions(self) -> int:
        """Kills all function environments where they stand, as a crash would; returns how many (Linux only)."""
        # each stack has its own SES, so its address tells the stack's functions from others
        return self.emulator.kill_functions(f"AWS_ENDPOINT_URL_SESV2={self.shim.url}")

    # --- what came of it

    def wait_until_idle(self, *, seconds: float = bridge.IDLE_SECONDS, allow_dead_letters: bool = False) -> None:
        """Returns once queues are empty, no function runs and SES has told everything, at two looks in a row.

        Raises LocalStackError when it takes longer than `seconds`, DeadLetters when a message was given up.
        """
        deadline = wall.monotonic() + seconds
        quiet = 0
        for pause in bridge.pauses():
            look = self._look()
            if look.dead and not allow_dead_letters:
                raise bridge.DeadLetters(f"dead letters: {bridge.describe(look.dead)}{self._last_errors()}")
            running = self.emulator.running_functions(self.account)
            quiet = 0 if look.work or running or self.shim.events_pending() else quiet + 1
            if quiet >= 2:
                return
            if wall.monotonic() > deadline:
                busy = f"{bridge.describe(look.work)}; running: {running}"
                raise LocalStackError(f"not idle after {seconds} s: {busy}{self._last_errors()}")
            wall.sleep(pause)

    def mails(self) -> list[SentMail]:
        """All mails that SES took, in order."""
        return self.shim.mails()

    def texts(self) -> list[SentText]:
        """All text messages that SNS took, in order."""
        return self.shim.texts()

    def dead_letters(self) -> dict[str, list[dict[str, Any]]]:
        """Messages in dead-letter queues by the queue's logical id."""
        return self._look().dead

    def logs(self) -> list[bridge.LogLine]:
        """All lines that the functions wrote."""
        return bridge.read_logs(self.emulator, self.deployment)

    def publish_metrics(self) -> list[dict[str, Any]]:
        """Publishes the embedded metrics of log lines written since the last call, and returns them."""
        lines = Counter(self.logs())
        fresh, self._lines_published = lines - self._lines_published, lines
        return bridge.put_metrics(self.emulator, self.deployment, list(fresh.elements()))

    def objects(self, prefix: str) -> dict[str, bytes]:
        """All objects of the bucket below a prefix, in their newest version."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    # --- inside

    def _start_shim(self) -> None:
        self._shim = SesShim(self.folder / "mail", self.emulator.url, account=self.account, region=REGION)
        self._shim.start()

    def _endpoints(self) -> dict[str, str]:
        through_proxy = {
            f"AWS_ENDPOINT_URL_{service}": self._proxy_url for service in FAULT_SERVICES if self._proxy_url
        }
        return {"AWS_ENDPOINT_URL_SESV2": self.shim.url, "AWS_ENDPOINT_URL_SNS": self.shim.url, **through_proxy}

    def _schedule(self, ending: str) -> str:
        schedules = self.deployment.of_type("AWS::Scheduler::Schedule")
        found = [name for logical_id, name in schedules.items() if logical_id.endswith(ending)]
        if len(found) != 1:
            raise LocalStackError(f"the template has {len(found)} schedules named ...{ending}: {sorted(schedules)}")
        return found[0]

    def _look(self) -> bridge.QueueLook:
        assert self._queues is not None, "deploy makes the view of the queues"
        return self._queues.look()

    def _last_errors(self) -> str:
        """The functions' latest error lines, for the text of an exception."""
        errors = [line.text for line in self.logs() if '"ERROR"' in line.text or "Traceback" in line.text]
        # what stops a function before its own logging starts (an import error) is in the emulator's log alone
        log = self.emulator.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = errors or [line for line in log if "ERROR [lambda]" in line]
        return "".join(f"\n{text[:2000]}" for text in errors[-3:])

    def _write_address(self) -> None:
        STATE_PATH.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "url": self.emulator.url,
            "account": self.account,
            "settings": self.settings(),
            "mail_folder": str(self.folder / "mail"),
        }
        STATE_PATH.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def running_stack() -> StackAddress | None:
    """The stack that `make up` keeps running, None if there is none."""
    with suppress(FileNotFoundError):
        return StackAddress(**json.loads(STATE_PATH.read_text(encoding="utf-8")))
    return None


def _known(parameters: dict[str, str], template: dict[str, Any]) -> dict[str, str]:
    """Only the parameters that the template has: CloudFormation refuses others."""
    return {name: value for name, value in parameters.items() if name in template.get("Parameters", {})}
