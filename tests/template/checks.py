"""The rules for template.yaml that linters miss. Each check returns its complaints, an empty list when all is well."""

from __future__ import annotations

import fnmatch
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.template.cfn import Resolver, as_list, of_type, target

Template = dict[str, Any]
Check = Callable[[Template], list[str]]

FUNCTIONS = {
    "RiskCheckFunction": "risk_check",
    "ReconcileFunction": "reconcile",
    "DunningFunction": "dunning",
    "DisputesFunction": "disputes",
    "ReportsFunction": "reports",
}
CONSUMERS = {
    "RiskUploadQueue": "RiskCheckFunction",
    "CustomerQueue": "RiskCheckFunction",
    "StatementUploadQueue": "ReconcileFunction",
    "CashQueue": "ReconcileFunction",
    "AccountQueue": "DunningFunction",
    "SesEventQueue": "DunningFunction",
    "InboundQueue": "DisputesFunction",
}
FIFO = {"CustomerQueue", "CashQueue", "AccountQueue"}
SERVICE_DLQS = {"SchedulerDlq", "EventRuleDlq", "AsyncDlq"}  # only AWS services write to them
ASYNC_FUNCTIONS = {"DunningFunction", "DisputesFunction", "ReportsFunction"}
DAY = 86_400

UPLOAD_QUEUES = {  # in-prefix -> queue that a file put there must reach
    "customers/": "RiskUploadQueue",
    "invoices/": "RiskUploadQueue",
    "policy/": "RiskUploadQueue",
    "statements/": "StatementUploadQueue",
}
IN_PREFIXES = {*UPLOAD_QUEUES, "inbound/"}  # inbound/ is told by SES, through the topic
OUT_PREFIXES = {"receipts/", "mail/", "documents/", "reports/", "parts/"}
KEPT_PREFIXES = {*UPLOAD_QUEUES, "receipts/", "documents/", "reports/"}  # no lifecycle rule may delete these

ENVIRONMENT = {
    "STAGE": "dev",
    "STACK_NAME": "stack",
    "BUCKET": "<Bucket>",
    "ACCOUNTS_TABLE": "<Accounts>",
    "UPLOADS_TABLE": "<Uploads>",
    "IDEMPOTENCY_TABLE": "<Idempotency>",
    "CUSTOMER_QUEUE_URL": "<CustomerQueue>",
    "CASH_QUEUE_URL": "<CashQueue>",
    "ACCOUNT_QUEUE_URL": "<AccountQueue>",
    "RISK_UPLOAD_QUEUE_URL": "<RiskUploadQueue>",
    "STATEMENT_UPLOAD_QUEUE_URL": "<StatementUploadQueue>",
    "INBOUND_QUEUE_URL": "<InboundQueue>",
    "INBOUND_DLQ_URL": "<InboundDlq>",
    "CONFIGURATION_SET": "<ConfigurationSet>",
    "SENDER_ADDRESS": "billing@creditor.example",
    "INBOUND_DOMAIN": "reply.creditor.example",
    "TOKEN_SECRET_ARN": "<TokenSecret.Id>",
    "POWERTOOLS_METRICS_NAMESPACE": "Duly",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_SERVICE_NAME": None,  # the function's own name
}

# Every metric that the code publishes in the namespace Duly, with the dimensions beside service and stack.
METRICS: dict[str, tuple[str, ...]] = {
    "TicksStarted": (),
    "AccountsDue": (),
    "AgendaCut": (),
    "UploadsFoundLost": (),
    "StatementGaps": (),
    "NoticesSent": ("level",),
    "NoticesDoubtful": (),
    "NoticesReleased": (),
    "NoticesSentTwice": (),
    "GateClosed": ("gate",),
    "RowsRead": (),
    "RowsApplied": (),
    "RowsRejected": (),
    "PaymentsMatched": (),
    "PaymentsProposed": (),
    "PaymentsSuspense": (),
    "DisputesOpened": (),
    "DisputesByReason": ("reason",),
    "PromisesMade": (),
    "OverdueMinor": ("currency", "bucket"),
    "ReceivablesMinor": ("currency",),
    "DsoDays": ("currency",),
    "CollectedMinor": ("currency",),
    "AccountRebuilt": (),
}

# Figures of the daily report that the Receivables widget shows as text; published for alarms of one's own.
FIGURES: dict[str, tuple[str, ...]] = {
    "DisputedMinor": ("currency",),
    "PromisedMinor": ("currency",),
    "UnappliedMinor": ("currency",),
    "ProposedMinor": ("currency",),
    "SuspenseMinor": ("currency",),
    "BestPossibleDsoDays": ("currency",),
    "CountbackDsoDays": ("currency",),
    "DisputesOpen": (),
    "PromisesOpen": (),
    "TasksOpen": (),
    "ApprovalsOpen": (),
    "CallsToMake": (),
    "CustomersProvisional": (),
    "CustomersOnHold": (),
    "InvoicesFlagged": ("flag",),
    "LargestGroupPercent": ("currency",),
    "ReportCut": ("list",),
}

# Names that CloudFormation would take as the physical name: a second stack in the account would collide.
NAME_PROPERTY = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Events::Rule": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SES::ReceiptRuleSet": "RuleSetName",
}
UNKNOWN_TO_EMULATOR = {
    "AWS::SES::ReceiptRuleSet",
    "AWS::SES::ReceiptRule",
    "AWS::SES::ReceiptFilter",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Logs::QueryDefinition",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::Events::EventBusPolicy",
}


def _properties(template: Template, name: str) -> dict[str, Any]:
    return dict(template["Resources"].get(name, {}).get("Properties", {}))


def _queues(template: Template) -> dict[str, dict[str, Any]]:
    return {name: body.get("Properties", {}) for name, body in of_type(template, "AWS::SQS::Queue").items()}


def _events(template: Template, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for function in of_type(template, "AWS::Serverless::Function"):
        for event, body in _properties(template, function).get("Events", {}).items():
            if body["Type"] == kind:
                yield function, event, body["Properties"]


def no_fixed_names(template: Template) -> list[str]:
    """Two stacks must fit in one account and region."""
    found = [
        f"{name} has a fixed {NAME_PROPERTY[body['Type']]}"
        for name, body in template["Resources"].items()
        if NAME_PROPERTY.get(body["Type"]) in body.get("Properties", {})
    ]
    for function, event, body in _events(template, "ScheduleV2"):
        # SAM names a schedule by its logical id unless told not to.
        if body.get("OmitName") is not True or "Name" in body:
            found.append(f"{function}: schedule {event} has a fixed name")
    return found


def function_basics(template: Template) -> list[str]:
    found = []
    shared = template["Globals"]["Function"]
    if set(of_type(template, "AWS::Serverless::Function")) != set(FUNCTIONS):
        found.append("the functions are not the five of the design")
    for name, folder in FUNCTIONS.items():
        body = shared | _properties(template, name)
        wanted = {
            "Runtime": "python3.13",
            "Architectures": ["arm64"],
            "Handler": "app.handler",
            "Tracing": "Active",
            "Layers": [{"Ref": "CommonLayer"}],
            "CodeUri": f"functions/{folder}",
        }
        found += [f"{name}: {key} is {body.get(key)}" for key, value in wanted.items() if body.get(key) != value]
    layer = template["Resources"]["CommonLayer"]
    if layer["Properties"]["ContentUri"] != "layers/common" or layer["Metadata"]["BuildMethod"] != "makefile":
        found.append("the layer is not built by layers/common/Makefile")
    return found


def environment(template: Template) -> list[str]:
    """Code and template agree on the variables (layers/common/duly/runtime reads these and no others)."""
    found = []
    resolve = Resolver(template)
    shared = template["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    for name, service in FUNCTIONS.items():
        own = _properties(template, name).get("Environment", {}).get("Variables", {})
        values = resolve(shared | own)
        wanted = ENVIRONMENT | {"POWERTOOLS_SERVICE_NAME": service}
        found += [
            f"{name}: {key} is {values.get(key)}, not {wanted.get(key)}"
            for key in sorted(values.keys() | wanted.keys())
            if values.get(key) != wanted.get(key)
        ]
    return found


def log_groups(template: Template) -> list[str]:
    """Each function has its own log group with the chosen retention, and writes JSON into it."""
    found = []
    used = Counter(target(_properties(template, name).get("LoggingConfig", {}).get("LogGroup")) for name in FUNCTIONS)
    for name in FUNCTIONS:
        config = template["Globals"]["Function"].get("LoggingConfig", {}) | _properties(template, name).get(
            "LoggingConfig", {}
        )
        group = target(config.get("LogGroup"))
        body = _properties(template, group)
        if not group or used[group] != 1 or template["Resources"].get(group, {}).get("Type") != "AWS::Logs::LogGroup":
            found.append(f"{name} has no log group of its own")
        if body.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            found.append(f"{name}: its log lines are kept for ever")
        if config.get("LogFormat") != "JSON":
            found.append(f"{name} does not log JSON")
    return found


def queues(template: Template) -> list[str]:
    """A dead-letter queue of the same kind for each queue, 5 tries, encryption, 14 days for dead letters."""
    found = []
    every = _queues(template)
    sources = Counter(target(body.get("RedrivePolicy", {}).get("deadLetterTargetArn")) for body in every.values())
    expected = set(CONSUMERS) | {name.removesuffix("Queue") + "Dlq" for name in CONSUMERS} | SERVICE_DLQS
    if set(every) != expected:
        found.append(f"queues differ from the design: {sorted(set(every) ^ expected)}")
    for name, body in every.items():
        if body.get("SqsManagedSseEnabled") is not True:
            found.append(f"{name} is not encrypted")
        if name in CONSUMERS:
            redrive = body.get("RedrivePolicy", {})
            dlq = target(redrive.get("deadLetterTargetArn"))
            if dlq != name.removesuffix("Queue") + "Dlq" or dlq not in every or sources[dlq] != 1:
                found.append(f"{name} has no dead-letter queue of its own")
            if redrive.get("maxReceiveCount") != 5:
                found.append(f"{name} does not try five times")
            if every.get(dlq, {}).get("FifoQueue", False) != body.get("FifoQueue", False):
                found.append(f"{name} and its dead-letter queue are not of one kind")
        else:
            if body.get("MessageRetentionPeriod") != 14 * DAY:
                found.append(f"{name} does not keep dead letters for 14 days")
            if "RedrivePolicy" in body:
                found.append(f"{name} is a dead-letter queue with a dead-letter queue")
            refuses = body.get("RedriveAllowPolicy", {}).get("redrivePermission") == "denyAll"
            if refuses != (name in SERVICE_DLQS):
                found.append(f"{name}: who may redrive to it is wrong")
    return found


def fifo(template: Template) -> list[str]:
    found = []
    for name, body in _queues(template).items():
        if name in FIFO:
            wanted = {
                "FifoQueue": True,
                "ContentBasedDeduplication": False,
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
            }
            found += [f"{name}: {key} is {body.get(key)}" for key, value in wanted.items() if body.get(key) != value]
        elif body.get("FifoQueue") and name.removesuffix("Dlq") + "Queue" not in FIFO:
            found.append(f"{name} is a FIFO queue for no reason")
    return found


def visibility(template: Template) -> list[str]:
    """Outside stage local a queue hides a message six times as long as its function may run, whatever is given."""
    found = []
    parameters = template["Parameters"]
    for stage in parameters["Stage"]["AllowedValues"]:
        for seconds in parameters["FunctionTimeoutSeconds"]["AllowedValues"]:
            for own in (0, 5):
                resolve = Resolver(template, Stage=stage, FunctionTimeoutSeconds=seconds, QueueVisibilitySeconds=own)
                for queue, function in CONSUMERS.items():
                    hidden = resolve(_properties(template, queue).get("VisibilityTimeout", 30))
                    runs = resolve(
                        (template["Globals"]["Function"] | _properties(template, function)).get("Timeout", 3)
                    )
                    if stage == "local" and own:
                        if hidden != own:
                            found.append(f"{queue}: stage local does not take QueueVisibilitySeconds")
                    elif hidden < 6 * runs:
                        found.append(f"{queue} hides for {hidden} s, {function} runs for {runs} s in {stage}")
    return found


def sources(template: Template) -> list[str]:
    """Each queue feeds one function, which reports failures one by one and is bounded."""
    found = []
    fed: dict[str, list[str]] = {}
    for function, event, body in _events(template, "SQS"):
        queue = target(body["Queue"])
        fed.setdefault(queue, []).append(function)
        if body.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            found.append(f"{function}: one failure in {event} repeats the whole batch")
        if not 2 <= body.get("ScalingConfig", {}).get("MaximumConcurrency", 0) <= 1000:
            found.append(f"{function}: {event} has no upper bound")
        if not 1 <= body.get("BatchSize", 10) <= 10:
            found.append(f"{function}: batch of {event}")
    if fed != {queue: [function] for queue, function in CONSUMERS.items()}:
        found.append(f"queues feed {fed}")
    return found


def _grants(template: Template, queue: str, service: str) -> list[str]:
    """Return the logical ids of the sources from which `service` may send to the queue."""
    allowed = []
    for body in of_type(template, "AWS::SQS::QueuePolicy").values():
        if queue not in map(target, body["Properties"]["Queues"]):
            continue
        for statement in body["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": f"{service}.amazonaws.com"}:
                if statement["Action"] != "sqs:SendMessage" or target(statement["Resource"]) != queue:
                    continue
                allowed += map(
                    target, as_list(statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn"))
                )
    return allowed


def targets(template: Template) -> list[str]:
    """What a rule, topic or schedule cannot deliver goes to a dead-letter queue that it may write to."""
    found = []
    for name, body in of_type(template, "AWS::Events::Rule").items():
        for spec in body["Properties"]["Targets"]:
            queue, dlq = target(spec["Arn"]), target(spec.get("DeadLetterConfig", {}).get("Arn"))
            found += [
                f"{name} may not send to {goal or 'a dead-letter queue'}"
                for goal in (queue, dlq)
                if name not in _grants(template, goal, "events")
            ]
            if not spec.get("RetryPolicy"):
                found.append(f"{name} has no retry policy")
    for name, body in of_type(template, "AWS::SNS::Subscription").items():
        spec = body["Properties"]
        if spec["Protocol"] != "sqs":
            continue
        if spec.get("RawMessageDelivery") is not True:
            found.append(f"{name} wraps the message")
        for goal in (target(spec["Endpoint"]), target(spec.get("RedrivePolicy", {}).get("deadLetterTargetArn"))):
            if target(spec["TopicArn"]) not in _grants(template, goal, "sns"):
                found.append(f"{name} may not send to {goal or 'a dead-letter queue'}")
    for function in ASYNC_FUNCTIONS:
        config = _properties(template, function).get("EventInvokeConfig", {})
        failure = config.get("DestinationConfig", {}).get("OnFailure", {})
        if failure.get("Type") != "SQS" or target(failure.get("Destination")) != "AsyncDlq":
            found.append(f"{function}: a failed asynchronous run is lost")
    return found


def schedules(template: Template) -> list[str]:
    found = []
    wanted = {("DunningFunction", "Tick"): "tick", ("ReportsFunction", "Daily"): "daily"}
    seen = set()
    for function, event, body in _events(template, "ScheduleV2"):
        seen.add((function, event))
        if target(body.get("DeadLetterConfig", {}).get("Arn")) != "SchedulerDlq":
            found.append(f"{event}: a run that cannot start is lost")
        retry = body.get("RetryPolicy", {})
        if not retry.get("MaximumRetryAttempts") or retry.get("MaximumEventAgeInSeconds", DAY) > 3600:
            found.append(f"{event}: no retry, or one that outlives the next run")
        given = json.loads(body.get("Input", "{}"))
        if given != {"type": wanted.get((function, event)), "time": "<aws.scheduler.scheduled-time>"}:
            found.append(f"{event}: its input is {given}")
        for stage in template["Parameters"]["Stage"]["AllowedValues"]:
            state = Resolver(template, Stage=stage)(body.get("State", "ENABLED"))
            if state != ("DISABLED" if stage == "local" else "ENABLED"):
                found.append(f"{event} is {state} in {stage}")
        if body.get("FlexibleTimeWindow", {}).get("Mode") != "OFF" or "ScheduleExpressionTimezone" not in body:
            found.append(f"{event}: its time is not exact")
    if seen != set(wanted):
        found.append(f"schedules are {sorted(seen)}")
    if "Schedule" in {
        body["Type"] for name in FUNCTIONS for body in _properties(template, name).get("Events", {}).values()
    }:
        found.append("a scheduled rule instead of a schedule")
    return found


def queue_policies(template: Template) -> list[str]:
    """Exactly one policy a queue (a second would replace the first), TLS only, services bound to one source."""
    found = []
    seen: Counter[str] = Counter()
    for name, body in of_type(template, "AWS::SQS::QueuePolicy").items():
        own = list(map(target, body["Properties"]["Queues"]))
        seen.update(own)
        statements = body["Properties"]["PolicyDocument"]["Statement"]
        found += _statement_shape(name, statements)
        if not any(_is_tls_denial(statement, "sqs:*") for statement in statements):
            found.append(f"{name} lets messages travel without TLS")
        for statement in statements:
            if statement["Effect"] == "Allow" and not _bound(statement):
                found.append(f"{name}: {statement['Sid']} is not bound to a source")
    every = Counter(list(_queues(template)))
    if seen != every:
        found.append(f"queues with no policy or two: {sorted((seen - every) + (every - seen))}")
    return found


def _is_tls_denial(statement: dict[str, Any], action: str) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == action
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def _bound(statement: dict[str, Any]) -> bool:
    """Whether a service principal is held to this account's or one resource's requests (confused deputy)."""
    keys = {key for condition in statement.get("Condition", {}).values() for key in condition}
    return isinstance(statement["Principal"], dict) and "aws:SourceArn" in keys


def _statement_shape(name: str, statements: list[dict[str, Any]]) -> list[str]:
    ids = [statement.get("Sid") for statement in statements]
    return [] if all(ids) and len(set(ids)) == len(ids) else [f"{name}: statements without an own Sid"]


def bucket(template: Template) -> list[str]:
    found = []
    body = _properties(template, "Bucket")
    encryption = body.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    blocks = body.get("PublicAccessBlockConfiguration", {})
    facts = {
        "is not encrypted": bool(encryption),
        "is not versioned": body.get("VersioningConfiguration") == {"Status": "Enabled"},
        "may become public": len(blocks) == 4 and all(value is True for value in blocks.values()),
        "has access lists": body.get("OwnershipControls") == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "tells EventBridge nothing": body.get("NotificationConfiguration")
        == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }
    found += [f"the bucket {text}" for text, holds in facts.items() if not holds]
    rules = Resolver(template)(body.get("LifecycleConfiguration", {"Rules": []}))["Rules"]
    expiring = {rule.get("Prefix", ""): rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    if expiring.get("parts/") != 14 or {"mail/", "inbound/"} - expiring.keys():
        found.append(f"lifecycle: {expiring}")
    found += [f"lifecycle deletes {kept}" for kept in KEPT_PREFIXES for prefix in expiring if kept.startswith(prefix)]
    if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
        found.append("unfinished uploads stay")
    years = {str(year) for year in template["Parameters"]["MailRetentionYears"]["AllowedValues"]}
    for year, days in template["Mappings"]["ByYears"].items():
        if days["Days"] < int(year) * 365.25:
            found.append(f"{year} years of mail are {days['Days']} days")
    if years != set(template["Mappings"]["ByYears"]):
        found.append("MailRetentionYears and ByYears differ")
    return found


def bucket_policy(template: Template) -> list[str]:
    """TLS only; SES may put replies, and only when this stack receives mail, only from its own rule set."""
    found = []
    raw = _properties(template, "BucketPolicy")["PolicyDocument"]["Statement"]
    for receives, sets in (("no", ""), ("yes", ""), ("yes", "existing")):
        statements = Resolver(template, InboundMail=receives, ReceiptRuleSet=sets)(raw)
        found += _statement_shape("BucketPolicy", statements)
        if not any(_is_tls_denial(statement, "s3:*") for statement in statements):
            found.append("the bucket can be read without TLS")
        allows = [statement for statement in statements if statement["Effect"] == "Allow"]
        if len(allows) != (receives == "yes"):
            found.append(f"bucket policy with InboundMail {receives}: {len(allows)} permissions")
        for statement in allows:
            rule_set = sets or "<InboundRuleSet>"
            source = f"arn:aws:ses:eu-west-1:000000000000:receipt-rule-set/{rule_set}:receipt-rule/*"
            if (
                statement["Principal"] != {"Service": "ses.amazonaws.com"}
                or statement["Action"] != "s3:PutObject"
                or statement["Resource"] != "<Bucket.Arn>/inbound/*"
                or statement["Condition"].get("StringEquals") != {"aws:SourceAccount": "000000000000"}
                or statement["Condition"].get("ArnLike") != {"aws:SourceArn": source}
            ):
                found.append(f"{statement['Sid']} is wider than SES putting replies")
    return found


def _matches(pattern: list[Any], value: str) -> bool:
    for part in pattern:
        if isinstance(part, str):
            if part == value:
                return True
        elif set(part) == {"prefix"}:
            if value.startswith(part["prefix"]):
                return True
        elif set(part) == {"wildcard"}:
            if fnmatch.fnmatchcase(value, part["wildcard"]):
                return True
        elif set(part) == {"suffix"}:
            if value.endswith(part["suffix"]):
                return True
        else:
            raise AssertionError(f"the check does not know {part}")
    return False


def upload_rules(template: Template) -> list[str]:
    """A file under an in-prefix reaches its queue and no other; one under an out-prefix reaches none (else it would
    trigger its own writer for ever)."""
    found = []
    names = ["a.csv", "deep/er/a.csv", *(f"{prefix}a.csv" for prefix in sorted(IN_PREFIXES | OUT_PREFIXES)), ""]
    for prefix in sorted(IN_PREFIXES | OUT_PREFIXES | {"", "other/"}):
        for name in names:
            key = prefix + name
            reached = []
            for rule, body in of_type(template, "AWS::Events::Rule").items():
                pattern = body["Properties"]["EventPattern"]
                if "aws.s3" not in pattern.get("source", []):
                    continue
                detail = pattern.get("detail", {})
                if detail.get("bucket") != {"name": [{"Ref": "Bucket"}]} or pattern.get("detail-type") != [
                    "Object Created"
                ]:
                    found.append(f"{rule} listens to other buckets or events")
                if "object" not in detail or _matches(detail["object"]["key"], key):
                    reached += [target(spec["Arn"]) for spec in body["Properties"]["Targets"]]
            wanted = [queue for start, queue in UPLOAD_QUEUES.items() if key.startswith(start)]
            if reached != wanted:
                found.append(f"a file {key!r} reaches {reached}, not {wanted}")
    return found


def tables(template: Template) -> list[str]:
    found = []
    keys = {
        "Accounts": [("pk", "HASH"), ("sk", "RANGE")],
        "Uploads": [("pk", "HASH"), ("sk", "RANGE")],
        "Idempotency": [("id", "HASH")],
    }
    indexes = {
        "agenda": ([("due_shard", "HASH"), ("due_at", "RANGE")], "KEYS_ONLY"),
        "headers": ([("header_shard", "HASH"), ("pk", "RANGE")], "ALL"),
    }
    every = of_type(template, "AWS::DynamoDB::Table")
    if set(every) != set(keys):
        found.append(f"tables are {sorted(every)}")

    def schema(body: dict[str, Any]) -> list[tuple[str, str]]:
        return [(part["AttributeName"], part["KeyType"]) for part in body["KeySchema"]]

    for name, resource in every.items():
        body = resource["Properties"]
        if body.get("BillingMode") != "PAY_PER_REQUEST":
            found.append(f"{name} is not paid by request")
        if not body.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            found.append(f"{name} cannot be restored to a point in time")
        if body.get("SSESpecification", {}).get("SSEEnabled") is not True:
            found.append(f"{name} is not encrypted with a key of the account")
        if schema(body) != keys.get(name):
            found.append(f"{name}: keys {schema(body)}")
        if "StreamSpecification" in body:
            found.append(f"{name} has a stream that nobody reads")
        if name == "Idempotency":
            if body.get("TimeToLiveSpecification") != {"AttributeName": "expiration", "Enabled": True}:
                found.append("Idempotency grows for ever")
            continue
        if resource.get("DeletionPolicy") != "RetainExceptOnCreate" or resource.get("UpdateReplacePolicy") != "Retain":
            found.append(f"{name} is deleted with the stack")
        for stage in template["Parameters"]["Stage"]["AllowedValues"]:
            if Resolver(template, Stage=stage)(body.get("DeletionProtectionEnabled", False)) != (stage == "prod"):
                found.append(f"{name}: protection against deletion in {stage}")
    resource = template["Resources"]["Bucket"]
    if resource.get("DeletionPolicy") != "RetainExceptOnCreate" or resource.get("UpdateReplacePolicy") != "Retain":
        found.append("Bucket is deleted with the stack")
    given = {
        index["IndexName"]: (schema(index), index["Projection"]["ProjectionType"])
        for index in every.get("Accounts", {"Properties": {}})["Properties"].get("GlobalSecondaryIndexes", [])
    }
    if given != indexes:
        found.append(f"indexes are {given}")
    return found


# Least privilege, whole: what each function may do, and nothing else. `Accounts+agenda` is the index.
_READ = {"dynamodb:GetItem", "dynamodb:Query"}
_COMMIT = _READ | {"dynamodb:PutItem", "dynamodb:DeleteItem"}
_ACCOUNTS = _COMMIT | {"dynamodb:BatchGetItem"}
_IDEMPOTENCY = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


def _rights(
    *,
    reads: str = "",
    versions: str = "policy",
    writes: str = "",
    sends: str = "",
    lists: bool = False,
    tables: dict[str, set[str]] | None = None,
    other: dict[str, set[str]] | None = None,
) -> set[tuple[str, str]]:
    rights = {("s3:GetObject", f"<Bucket.Arn>/{prefix}/*") for prefix in reads.split()}
    rights |= {("s3:GetObjectVersion", f"<Bucket.Arn>/{prefix}/*") for prefix in versions.split()}
    rights |= {("s3:PutObject", f"<Bucket.Arn>/{prefix}/*") for prefix in writes.split()}
    rights |= {("s3:ListBucket", "<Bucket.Arn>")} if lists else set()
    rights |= {("sqs:SendMessage", f"<{queue}.Arn>") for queue in sends.split()}
    for name, actions in (tables or {}).items():
        table, _, index = name.partition("+")
        rights |= {(action, f"<{table}.Arn>" + (f"/index/{index}" if index else "")) for action in actions}
    return rights | {(action, resource) for resource, actions in (other or {}).items() for action in actions}


_SECRET = {"<TokenSecret.Id>": {"secretsmanager:GetSecretValue"}}
_SES = "arn:aws:ses:eu-west-1:000000000000:"
_SEND = {"ses:SendEmail", "ses:SendRawEmail"}
PERMISSIONS = {
    "RiskCheckFunction": _rights(
        reads="customers invoices policy parts",
        versions="customers invoices policy",
        writes="parts receipts",
        lists=True,
        sends="CustomerQueue CashQueue AccountQueue",
        tables={
            "Accounts": _ACCOUNTS,
            "Accounts+headers": {"dynamodb:Query"},
            "Uploads": _COMMIT,
            "Idempotency": _IDEMPOTENCY,
        },
    ),
    "ReconcileFunction": _rights(
        reads="statements parts",
        versions="statements policy",
        writes="parts receipts",
        lists=True,
        sends="CashQueue AccountQueue",
        tables={"Accounts": _ACCOUNTS, "Uploads": _COMMIT, "Idempotency": _IDEMPOTENCY},
    ),
    "DunningFunction": _rights(
        reads="documents inbound mail",
        versions="invoices policy",
        writes="documents mail",
        lists=True,
        sends="AccountQueue RiskUploadQueue StatementUploadQueue InboundQueue",
        tables={
            "Accounts": _ACCOUNTS,
            "Accounts+agenda": {"dynamodb:Query"},
            "Uploads": _READ | {"dynamodb:PutItem"},
        },
        other={
            "<Bucket.Arn>": {"s3:ListBucketVersions"},
            "<StatementUploadQueue.Arn>": {"sqs:GetQueueAttributes"},
            "<InboundQueue.Arn>": {"sqs:GetQueueAttributes"},
            "<InboundDlq.Arn>": {"sqs:GetQueueAttributes"},
            f"{_SES}identity/creditor.example": _SEND,
            f"{_SES}configuration-set/<ConfigurationSet>": _SEND,
            "*": {"sns:Publish"},
        }
        | _SECRET,
    ),
    "DisputesFunction": _rights(
        reads="inbound",
        writes="receipts",
        lists=True,
        sends="CashQueue AccountQueue",
        tables={"Accounts": _ACCOUNTS, "Uploads": _COMMIT},
        other=_SECRET,
    ),
    "ReportsFunction": _rights(
        reads="documents",
        writes="reports documents",
        lists=True,
        tables={
            "Accounts": _READ | {"dynamodb:BatchGetItem"},
            "Accounts+headers": {"dynamodb:Query"},
            "Uploads": _READ,
        },
    ),
}


def _listing(prefixes: str, test: str = "StringLikeIfExists") -> dict[str, Any]:
    return {test: {"s3:prefix": [f"{prefix}/*" for prefix in prefixes.split()]}}


WITHOUT_RESOURCE = {  # what IAM can only grant on "*"
    ("DunningFunction", "sns:Publish"),  # a telephone number is no resource (Amazon SNS, actions and resources for IAM)
}
CONDITIONS = {  # (function, statement) -> the condition that it must have; all others have none
    ("DunningFunction", "SendNotices"): {"StringEquals": {"ses:FromAddress": "billing@creditor.example"}},
    ("DunningFunction", "SweepForLostUploads"): _listing("customers inbound invoices policy statements", "StringLike"),
    ("DunningFunction", "TellGoneFromForbidden"): _listing("documents inbound invoices mail policy"),
    ("RiskCheckFunction", "TellGoneFromForbidden"): _listing("customers invoices parts policy"),
    ("ReconcileFunction", "TellGoneFromForbidden"): _listing("parts policy statements"),
    ("DisputesFunction", "TellGoneFromForbidden"): _listing("inbound policy"),
    ("ReportsFunction", "TellGoneFromForbidden"): _listing("documents policy"),
}


def permissions(template: Template) -> list[str]:
    found = []
    resolve = Resolver(template)
    for name in of_type(template, "AWS::Serverless::Function"):
        body = _properties(template, name)
        if "Role" in body or not all(isinstance(policy, dict) and "Statement" in policy for policy in body["Policies"]):
            found.append(f"{name} takes a ready-made policy, which is wider than needed")
            continue
        statements = resolve([statement for policy in body["Policies"] for statement in policy["Statement"]])
        found += _statement_shape(name, statements)
        given: set[tuple[str, str]] = set()
        for statement in statements:
            pairs = {
                (action, resource)
                for action in as_list(statement["Action"])
                for resource in as_list(statement["Resource"])
            }
            found += [
                f"{name}: {action} on {on}"
                for action, on in pairs
                if "*" in action or (on == "*" and (name, action) not in WITHOUT_RESOURCE)
            ]
            given |= pairs
            if statement["Effect"] != "Allow" or "NotAction" in statement or "NotResource" in statement:
                found.append(f"{name}: {statement['Sid']} is no plain permission")
            condition = statement.get("Condition", {})
            for test in condition.values():
                for key, value in test.items():
                    test[key] = sorted(value) if isinstance(value, list) else value
            if condition != CONDITIONS.get((name, statement.get("Sid", "")), {}):
                found.append(f"{name}: {statement.get('Sid')} under the condition {condition}")
        wanted = PERMISSIONS.get(name, set())
        found += [f"{name} may {action} on {on}" for action, on in sorted(given - wanted)]
        found += [f"{name} may not {action} on {on}" for action, on in sorted(wanted - given)]
    return found


def permissions_sane(template: Template) -> list[str]:
    """What must hold whatever the table PERMISSIONS says."""
    found = []
    resolve = Resolver(template)
    for name in of_type(template, "AWS::Serverless::Function"):
        for policy in _properties(template, name)["Policies"]:
            for statement in resolve(policy["Statement"] if isinstance(policy, dict) and "Statement" in policy else []):
                for action in as_list(statement["Action"]):
                    resources = as_list(statement["Resource"])
                    if action.startswith("s3:Delete") or action in ("dynamodb:Scan", "dynamodb:BatchWriteItem"):
                        found.append(f"{name} may {action}")
                    if action.startswith("ses:") and name != "DunningFunction":
                        found.append(f"{name} may send mail")
                    if action == "dynamodb:DeleteItem" and name == "ReportsFunction":
                        found.append(f"{name} may delete items")
                    if action == "s3:PutObject":
                        prefixes = {resource.removeprefix("<Bucket.Arn>/").removesuffix("*") for resource in resources}
                        found += [f"{name} may write to {prefix}" for prefix in prefixes - OUT_PREFIXES]
    return found


def open_principals(template: Template) -> list[str]:
    """A star as principal only in a denial; a star as resource only where the policy sits on the resource itself."""
    found = []
    resolve = Resolver(template, InboundMail="yes", AlarmEmail="a@b.example")
    for name, body in template["Resources"].items():
        properties = resolve(body.get("Properties", {}))
        for key in ("PolicyDocument", "KeyPolicy"):
            for statement in properties.get(key, {}).get("Statement", []):
                everybody = statement["Principal"] in ("*", {"AWS": "*"})
                if everybody and statement["Effect"] != "Deny":
                    found.append(f"{name}: {statement['Sid']} is open to everybody")
                on_itself = key == "KeyPolicy" or (
                    statement["Effect"] == "Deny" and body["Type"] == "AWS::SQS::QueuePolicy"
                )
                if "*" in as_list(statement["Resource"]) and not on_itself:
                    found.append(f"{name}: {statement['Sid']} is about every resource")
    return found


def topics(template: Template) -> list[str]:
    found = []
    policies = of_type(template, "AWS::SNS::TopicPolicy")
    for name, body in of_type(template, "AWS::SNS::Topic").items():
        if target(body.get("Properties", {}).get("KmsMasterKeyId")) != "TopicKey":
            found.append(f"{name} is not encrypted, or with a key that SES and CloudWatch may not use")
        own = [item for item in policies.values() if name in map(target, item["Properties"]["Topics"])]
        if len(own) != 1:
            found.append(f"{name} has {len(own)} policies")
        for item in own:
            statements = Resolver(template, InboundMail="yes")(item["Properties"]["PolicyDocument"]["Statement"])
            found += _statement_shape(name, statements)
            if not any(_is_tls_denial(statement, "sns:Publish") for statement in statements):
                found.append(f"{name} can be published to without TLS")
            found += [
                f"{name}: {statement['Sid']} is not bound to a source"
                for statement in statements
                if statement["Effect"] == "Allow" and not _bound(statement)
            ]
    quiet = Resolver(template)(_properties(template, "InboundTopicPolicy")["PolicyDocument"]["Statement"])
    if any(statement["Effect"] == "Allow" for statement in quiet):
        found.append("SES may publish replies though the stack receives no mail")
    services = {
        service
        for statement in _properties(template, "TopicKey")["KeyPolicy"]["Statement"]
        for service in as_list(statement["Principal"].get("Service", []))
    }
    if services != {"ses.amazonaws.com", "cloudwatch.amazonaws.com"}:
        found.append(f"the topics' key serves {sorted(services)}")
    return found


def mail(template: Template) -> list[str]:
    """The configuration set tells this stack of its own notices and of no other's."""
    found = []
    resolve = Resolver(template)
    events = resolve(_properties(template, "ConfigurationSetEvents"))
    destination = events.get("EventDestination", {})
    wanted = {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"}
    if set(destination.get("MatchingEventTypes", [])) != wanted or destination.get("Enabled") is not True:
        found.append(f"SES tells of {destination.get('MatchingEventTypes')}")
    bus = destination.get("EventBridgeDestination", {}).get("EventBusArn")
    if bus != "arn:aws:events:eu-west-1:000000000000:event-bus/default":
        found.append(f"SES tells {bus}, but knows the default bus alone")
    if events.get("ConfigurationSetName") != "<ConfigurationSet>":
        found.append("events of another configuration set")
    settings = _properties(template, "ConfigurationSet")
    if settings.get("SuppressionOptions") != {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}:
        found.append("bounced addresses are not suppressed")
    if settings.get("DeliveryOptions", {}).get("TlsPolicy") != "REQUIRE" or "TrackingOptions" in settings:
        found.append("notices travel in the clear or are tracked")
    pattern = resolve(_properties(template, "SesEventRule")["EventPattern"])
    if pattern.get("detail") != {"mail": {"tags": {"ses:configuration-set": ["<ConfigurationSet>"]}}}:
        found.append("the rule takes events of other configuration sets")
    if pattern.get("source") != ["aws.ses"]:  # anyone in the account may put events of other sources
        found.append(f"the rule believes {pattern.get('source')}")
    rules = of_type(template, "AWS::SES::ReceiptRule")
    for name, body in rules.items():
        rule = resolve(body["Properties"])["Rule"]
        actions = rule["Actions"]
        if actions != [
            {"S3Action": {"BucketName": "<Bucket>", "ObjectKeyPrefix": "inbound/", "TopicArn": "<InboundTopic>"}}
        ]:
            found.append(f"{name}: its actions are {actions}")
        if rule.get("ScanEnabled") is not True or rule.get("Enabled") is not True:
            found.append(f"{name} does not scan mail, or is off")
        if not {"BucketPolicy", "InboundTopicPolicy"} <= set(body.get("DependsOn", [])):
            found.append(f"{name} may be made before SES may write")
    if len(rules) != 1:
        found.append("not one receipt rule")
    return found


def conditions(template: Template) -> list[str]:
    """Receiving mail, creating the identity and what the emulator does not know stand behind their conditions."""
    found = []
    wanted = {
        "InboundRule": {"InboundMail": "yes"},
        "InboundRuleSet": {"InboundMail": "yes", "ReceiptRuleSet": ""},
        "SenderIdentity": {"SesIdentity": ""},
        "AlarmSubscription": {"AlarmEmail": "a@b.example"},
    }
    counter = {
        "InboundRule": [{"InboundMail": "no"}],
        "InboundRuleSet": [{"InboundMail": "no"}, {"InboundMail": "yes", "ReceiptRuleSet": "existing"}],
        "SenderIdentity": [{"SesIdentity": "existing.example"}],
        "AlarmSubscription": [{"AlarmEmail": ""}],
    }
    for name, given in wanted.items():
        condition = template["Resources"][name].get("Condition")
        if condition is None or not Resolver(template, **given).condition(condition):
            found.append(f"{name} is not made when asked for")
        found += [
            f"{name} is made with {other}"
            for other in counter[name]
            if condition is None or Resolver(template, **other).condition(condition)
        ]
    local = Resolver(template, Stage="local")
    for name, body in template["Resources"].items():
        alien = body["Type"] in UNKNOWN_TO_EMULATOR or (
            body["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in body["Properties"]
        )
        if alien and ("Condition" not in body or local.condition(body["Condition"])):
            found.append(f"{name} is unknown to the emulator")
    used = set(re.findall(r'"(?:Condition|Fn::If)": \[?"(\w+)"', json.dumps(template)))
    found += [f"condition {name} is never used" for name in set(template["Conditions"]) - used]
    return found


def rules_refuse_defaults(template: Template) -> list[str]:
    """Outside stage local the made-up sender and reply domain are refused."""
    found = []
    own = {"SenderAddress": "ar@firm.example", "SenderDomain": "firm.example", "InboundDomain": "reply.firm.example"}
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"Stage": "local"}, True),
        ({"Stage": "dev"}, False),
        ({"Stage": "prod", **own}, True),
        ({"Stage": "prod", **own, "SenderAddress": "billing@creditor.example"}, False),
        ({"Stage": "prod", **own, "SenderDomain": "creditor.example"}, False),
        ({"Stage": "prod", **own, "SenderDomain": "creditor.example", "SesIdentity": "firm.example"}, True),
        ({"Stage": "prod", **own, "InboundMail": "yes"}, True),
        ({"Stage": "prod", **own, "InboundMail": "yes", "InboundDomain": "reply.creditor.example"}, False),
    ]
    for given, accepted in cases:
        resolve = Resolver(template, **given)
        passes = all(
            resolve.test(assertion["Assert"])
            for rule in template.get("Rules", {}).values()
            if resolve.test(rule["RuleCondition"])
            for assertion in rule["Assertions"]
        )
        if passes != accepted:
            found.append(f"{given} is {'accepted' if passes else 'refused'}")
    return found


def _alarms(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in of_type(template, "AWS::CloudWatch::Alarm").items():
        yield name, Resolver(template)(body["Properties"])


def alarms(template: Template) -> list[str]:
    found = []
    watched = set()
    by_metric: dict[str, dict[str, Any]] = {}
    for name, body in _alarms(template):
        if body.get("AlarmActions") != ["<AlarmTopic>"]:
            found.append(f"{name} tells nobody")
        if not body.get("AlarmDescription"):
            found.append(f"{name} does not say what is wrong")
        for metric in _alarm_metrics(body):
            by_metric[metric["MetricName"]] = body
            if metric["Namespace"] != "Duly":
                continue
            dimensions = {part["Name"]: part["Value"] for part in metric["Dimensions"]}
            if metric["MetricName"] not in METRICS or METRICS[metric["MetricName"]]:
                found.append(f"{name}: the code does not publish {metric['MetricName']} by service and stack alone")
            if set(dimensions) != {"service", "stack"} or dimensions["service"] not in FUNCTIONS.values():
                found.append(f"{name}: dimensions {dimensions}")
            if dimensions.get("stack") != "stack":
                found.append(f"{name} watches another stack")
        if body.get("MetricName") == "ApproximateNumberOfMessagesVisible":
            watched.add(body["Dimensions"][0]["Value"])
            if (body["Threshold"], body["ComparisonOperator"]) != (0, "GreaterThanThreshold"):
                found.append(f"{name} bears dead letters")
    dlqs = {f"<{name}.QueueName>" for name in _queues(template) if name.endswith("Dlq")}
    found += [f"no alarm for {name}" for name in sorted(dlqs - watched)]
    tick = by_metric.get("TicksStarted", {})
    if (tick.get("TreatMissingData"), tick.get("ComparisonOperator"), tick.get("Threshold")) != (
        "breaching",
        "LessThanThreshold",
        1,
    ):
        found.append("a missing tick goes unnoticed")
    needed = {
        "NoticesDoubtful",
        "NoticesSentTwice",
        "StatementGaps",
        "AccountRebuilt",
        "Reputation.BounceRate",
        "Reputation.ComplaintRate",
        "ApproximateAgeOfOldestMessage",
    }
    found += [f"no alarm on {name}" for name in sorted(needed - by_metric.keys())]
    return found


def _alarm_metrics(body: dict[str, Any]) -> list[dict[str, Any]]:
    if "Metrics" in body:
        return [part["MetricStat"]["Metric"] for part in body["Metrics"] if "MetricStat" in part]
    return [body]


def _dashboard(template: Template) -> dict[str, Any]:
    body = _properties(template, "Dashboard")["DashboardBody"]
    result: dict[str, Any] = json.loads(Resolver(template)(body))
    return result


def _searches(widget: dict[str, Any]) -> list[str]:
    return [row[0]["expression"] for row in widget["properties"].get("metrics", []) if isinstance(row[0], dict)]


def dashboard(template: Template) -> list[str]:
    """Business figures come first, every Duly metric is one that the code publishes, and each is shown or alarmed."""
    found = []
    widgets = _dashboard(template)["widgets"]
    shown: set[str] = set()
    kinds = []
    for widget in widgets:
        title = widget["properties"]["title"]
        rows = widget["properties"].get("metrics", [])
        plain = [row for row in rows if isinstance(row[0], str)]
        kinds.append(
            "business"
            if widget["type"] == "custom" or not any(row[0].startswith("AWS/") for row in plain)
            else "technical"
        )
        for row in plain:
            if row[0] == "Duly":
                shown.add(row[1])
                if (
                    METRICS.get(row[1]) != ()
                    or row[2] != "service"
                    or row[3] not in FUNCTIONS.values()
                    or row[4:6] != ["stack", "stack"]
                ):
                    found.append(f"{title}: {row}")
        for search in _searches(widget):
            match = re.fullmatch(
                r"SEARCH\('Namespace=\"Duly\" stack=\"stack\" MetricName=\"(\w+)\"', '(Sum|Maximum)', \d+\)", search
            )
            if match is None or match[1] not in METRICS:
                found.append(f"{title}: {search}")
            else:
                shown.add(match[1])
        if widget["type"] == "metric" and widget["properties"].get("region") != "eu-west-1":
            found.append(f"{title} shows another region")
    if kinds != sorted(kinds):
        found.append("technical figures before business ones")
    alarmed = {metric["MetricName"] for _, body in _alarms(template) for metric in _alarm_metrics(body)}
    found += [f"{name} is neither shown nor alarmed" for name in sorted(METRICS.keys() - shown - alarmed)]
    found += _overlaps(widgets)
    custom = [widget["properties"] for widget in widgets if widget["type"] == "custom"]
    if {part["endpoint"] for part in custom} != {"<ReportsFunction.Arn>"}:
        found.append("a custom widget is not drawn by reports")
    views = {part.get("params", {}).get("view"): part.get("params", {}) for part in custom}
    if len(views) != len(custom) or "uploads" not in views:
        found.append("no widget shows how far files are")
    if views.get("overview", {}).get("decisions") != "<DisputesFunction.Arn>":
        found.append("the widget's buttons lead nowhere")
    return found


def _overlaps(widgets: list[dict[str, Any]]) -> list[str]:
    taken: Counter[tuple[int, int]] = Counter()
    for widget in widgets:
        for column in range(widget["x"], widget["x"] + widget["width"]):
            taken.update((column, row) for row in range(widget["y"], widget["y"] + widget["height"]))
    if max(taken.values()) > 1 or max(column for column, _ in taken) > 23:
        return ["widgets overlap or stick out"]
    return []


def secret(template: Template) -> list[str]:
    found = []
    for name, body in of_type(template, "AWS::SecretsManager::Secret").items():
        properties = body["Properties"]
        generate = properties.get("GenerateSecretString", {})
        if "SecretString" in properties or json.loads(generate.get("SecretStringTemplate", "{}")) != {"current": "1"}:
            found.append(f"{name} holds more than a generated key")
        if generate.get("GenerateStringKey") != "1" or generate.get("PasswordLength", 0) < 43:
            found.append(f"{name}: a weak key")  # 43 letters and digits hold 256 bits
    for name, body in template["Parameters"].items():
        if re.search(r"secret|password|token", name, re.IGNORECASE) or body.get("NoEcho"):
            found.append(f"{name}: a secret as a parameter")
    return found


def outputs(template: Template) -> list[str]:
    """The command line, the local stack and a person find everything by the outputs."""
    values = {name: target(body["Value"]) for name, body in template["Outputs"].items()}
    wanted = {
        "BucketName": "Bucket",
        "AccountsTable": "Accounts",
        "UploadsTable": "Uploads",
        "IdempotencyTable": "Idempotency",
    }
    wanted |= {f"{name}Url": name for name in _queues(template)}
    for name in FUNCTIONS:
        wanted |= {f"{name}Name": name, f"{name}Arn": name}
    wanted |= {
        "TickSchedule": "DunningFunctionTick",
        "DailySchedule": "ReportsFunctionDaily",
        "InboundTopicArn": "InboundTopic",
        "AlarmTopicArn": "AlarmTopic",
        "ConfigurationSetName": "ConfigurationSet",
        "TokenSecretArn": "TokenSecret",
        "ReceiptRuleSetToActivate": "InboundRuleSet",
    }
    found = [f"output {name} is {values.get(name)}" for name, goal in wanted.items() if values.get(name) != goal]
    if "DashboardUrl" not in values:
        found.append("no link to the dashboard")
    return found


ALL: tuple[Check, ...] = (
    no_fixed_names,
    function_basics,
    environment,
    log_groups,
    queues,
    fifo,
    visibility,
    sources,
    targets,
    schedules,
    queue_policies,
    bucket,
    bucket_policy,
    upload_rules,
    tables,
    permissions,
    permissions_sane,
    open_principals,
    topics,
    mail,
    conditions,
    rules_refuse_defaults,
    alarms,
    dashboard,
    secret,
    outputs,
)
