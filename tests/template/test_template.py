"""template.yaml keeps the rules that linters miss, and each rule's check notices when it is broken."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.template import cfn, checks
from tests.template.cfn import NO_VALUE, ROOT

TEMPLATE = cfn.load()
R = "Resources"
P = "Properties"


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)
def test_template_keeps_the_rule(check: checks.Check) -> None:
    assert check(TEMPLATE) == []


def _statement(function: str, number: int) -> str:
    return f"{R}/{function}/{P}/Policies/0/Statement/{number}"


def _number(function: str, sid: str) -> int:
    statements = TEMPLATE[R][function][P]["Policies"][0]["Statement"]
    return [statement["Sid"] for statement in statements].index(sid)


def _in(function: str, sid: str) -> str:
    return _statement(function, _number(function, sid))


def _arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _dashboard(old: str, new: str) -> tuple[str, Any]:
    body = TEMPLATE[R]["Dashboard"][P]["DashboardBody"]["Fn::Sub"]
    assert old in body
    return f"{R}/Dashboard/{P}/DashboardBody/Fn::Sub", body.replace(old, new, 1)


TICK = f"{R}/DunningFunction/{P}/Events/Tick/{P}"
ACCOUNT_EVENT = f"{R}/DunningFunction/{P}/Events/Account/{P}"
UPLOAD_TARGET = f"{R}/RiskUploadRule/{P}/Targets/0"
UPLOAD_KEYS = f"{R}/RiskUploadRule/{P}/EventPattern/detail/object/key"
QUEUE_STATEMENTS = f"{R}/RiskUploadQueuePolicy/{P}/PolicyDocument/Statement"
BUCKET_STATEMENTS = f"{R}/BucketPolicy/{P}/PolicyDocument/Statement"
VARIABLES = "Globals/Function/Environment/Variables"
RULES = f"{R}/Bucket/{P}/LifecycleConfiguration/Rules"

# (check that must complain, path, value): one deliberate breakage each.
MUTATIONS: list[tuple[checks.Check, str, Any]] = [
    (checks.no_fixed_names, f"{R}/Bucket/{P}/BucketName", "my-bucket"),
    (checks.no_fixed_names, f"{R}/Accounts/{P}/TableName", {"Fn::Sub": "${AWS::StackName}-accounts"}),
    (checks.no_fixed_names, f"{R}/CashQueue/{P}/QueueName", "cash.fifo"),
    (checks.no_fixed_names, f"{R}/Dashboard/{P}/DashboardName", "duly"),
    (checks.no_fixed_names, f"{TICK}/OmitName", NO_VALUE),
    (checks.no_fixed_names, f"{TICK}/Name", "tick"),
    (checks.function_basics, "Globals/Function/Runtime", "python3.10"),
    (checks.function_basics, "Globals/Function/Tracing", "PassThrough"),
    (checks.function_basics, f"{R}/DunningFunction/{P}/Architectures", ["x86_64"]),
    (checks.function_basics, f"{R}/CommonLayer/Metadata/BuildMethod", "python3.13"),
    (checks.environment, f"{VARIABLES}/CASH_QUEUE_URL", NO_VALUE),
    (checks.environment, f"{VARIABLES}/CASH_QUEUE_URL", {"Ref": "CustomerQueue"}),
    (checks.environment, f"{VARIABLES}/API_KEY", "x"),
    (checks.environment, f"{R}/ReportsFunction/{P}/Environment/Variables/POWERTOOLS_SERVICE_NAME", "dunning"),
    (checks.log_groups, f"{R}/ReportsFunction/{P}/LoggingConfig", NO_VALUE),
    (checks.log_groups, f"{R}/ReportsFunction/{P}/LoggingConfig/LogGroup", {"Ref": "DunningLogs"}),
    (checks.log_groups, f"{R}/ReportsLogs/{P}/RetentionInDays", NO_VALUE),
    (checks.log_groups, "Globals/Function/LoggingConfig/LogFormat", "Text"),
    (checks.queues, f"{R}/CashQueue/{P}/RedrivePolicy", NO_VALUE),
    (checks.queues, f"{R}/CashQueue/{P}/RedrivePolicy/deadLetterTargetArn", _arn("AccountDlq")),
    (checks.queues, f"{R}/CashQueue/{P}/RedrivePolicy/maxReceiveCount", 1),
    (checks.queues, f"{R}/CashQueue/{P}/SqsManagedSseEnabled", NO_VALUE),
    (checks.queues, f"{R}/CashDlq/{P}/FifoQueue", NO_VALUE),
    (checks.queues, f"{R}/CashDlq/{P}/MessageRetentionPeriod", 345_600),
    (checks.queues, f"{R}/AsyncDlq/{P}/RedriveAllowPolicy", NO_VALUE),
    (checks.queues, f"{R}/StrayQueue", {"Type": "AWS::SQS::Queue", P: {"SqsManagedSseEnabled": True}}),
    (checks.fifo, f"{R}/CashQueue/{P}/ContentBasedDeduplication", True),
    (checks.fifo, f"{R}/CashQueue/{P}/DeduplicationScope", "queue"),
    (checks.fifo, f"{R}/CashQueue/{P}/FifoThroughputLimit", NO_VALUE),
    (checks.fifo, f"{R}/InboundQueue/{P}/FifoQueue", True),
    (checks.visibility, f"{R}/CashQueue/{P}/VisibilityTimeout", 60),
    (checks.visibility, f"{R}/CashQueue/{P}/VisibilityTimeout", NO_VALUE),
    (checks.visibility, f"{R}/DunningFunction/{P}/Timeout", 900),
    (checks.visibility, "Mappings/ByTimeout/120/VisibilitySeconds", 719),
    (
        checks.visibility,
        "Conditions/OwnVisibility",
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "QueueVisibilitySeconds"}, 0]}]},
    ),
    (checks.sources, f"{ACCOUNT_EVENT}/FunctionResponseTypes", NO_VALUE),
    (checks.sources, f"{ACCOUNT_EVENT}/ScalingConfig", NO_VALUE),
    (checks.sources, f"{ACCOUNT_EVENT}/BatchSize", 100),
    (checks.sources, f"{ACCOUNT_EVENT}/Queue", _arn("CashQueue")),
    (checks.targets, f"{UPLOAD_TARGET}/DeadLetterConfig", NO_VALUE),
    (checks.targets, f"{UPLOAD_TARGET}/DeadLetterConfig/Arn", _arn("AsyncDlq")),
    (checks.targets, f"{UPLOAD_TARGET}/RetryPolicy", NO_VALUE),
    (checks.targets, f"{UPLOAD_TARGET}/Arn", _arn("CustomerQueue")),
    (checks.targets, f"{QUEUE_STATEMENTS}/0/Condition/ArnEquals/aws:SourceArn", _arn("SesEventRule")),
    (checks.targets, f"{QUEUE_STATEMENTS}/0/Resource", _arn("CashQueue")),
    (checks.targets, f"{R}/EventRuleDlqPolicy", NO_VALUE),
    (checks.targets, f"{R}/InboundSubscription/{P}/RedrivePolicy", NO_VALUE),
    (checks.targets, f"{R}/InboundSubscription/{P}/RawMessageDelivery", NO_VALUE),
    (checks.targets, f"{R}/InboundQueuePolicy", NO_VALUE),
    (checks.targets, f"{R}/ReportsFunction/{P}/EventInvokeConfig", NO_VALUE),
    (checks.schedules, f"{TICK}/DeadLetterConfig", NO_VALUE),
    (checks.schedules, f"{TICK}/RetryPolicy/MaximumEventAgeInSeconds", NO_VALUE),
    (checks.schedules, f"{TICK}/Input", '{"type":"tick"}'),
    (checks.schedules, f"{TICK}/State", "ENABLED"),
    (checks.schedules, f"{TICK}/State", "DISABLED"),
    (checks.schedules, f"{TICK}/FlexibleTimeWindow/Mode", "FLEXIBLE"),
    (checks.schedules, f"{R}/ReportsFunction/{P}/Events", NO_VALUE),
    (checks.queue_policies, f"{R}/OtherQueuesPolicy/{P}/Queues/0", {"Ref": "InboundQueue"}),
    (checks.queue_policies, f"{R}/OtherQueuesPolicy", NO_VALUE),
    (checks.queue_policies, f"{QUEUE_STATEMENTS}/1", NO_VALUE),
    (checks.queue_policies, f"{QUEUE_STATEMENTS}/1/Condition", NO_VALUE),
    (checks.queue_policies, f"{QUEUE_STATEMENTS}/0/Condition", NO_VALUE),
    (checks.queue_policies, f"{QUEUE_STATEMENTS}/0/Sid", NO_VALUE),
    (checks.bucket, f"{R}/Bucket/{P}/VersioningConfiguration", NO_VALUE),
    (checks.bucket, f"{R}/Bucket/{P}/PublicAccessBlockConfiguration/BlockPublicAcls", False),
    (checks.bucket, f"{R}/Bucket/{P}/NotificationConfiguration", NO_VALUE),
    (checks.bucket, f"{RULES}/0/Prefix", ""),
    (checks.bucket, f"{RULES}/0/Prefix", "invoices/"),
    (checks.bucket, f"{RULES}/1", NO_VALUE),
    (checks.bucket, f"{RULES}/3", NO_VALUE),
    (checks.bucket, "Mappings/ByYears/6/Days", 365),
    (checks.bucket_policy, f"{BUCKET_STATEMENTS}/0/Condition", {}),
    (checks.bucket_policy, f"{BUCKET_STATEMENTS}/1/Fn::If/0", "IsDeployed"),
    (checks.bucket_policy, f"{BUCKET_STATEMENTS}/1/Fn::If/1/Condition/StringEquals", NO_VALUE),
    (checks.bucket_policy, f"{BUCKET_STATEMENTS}/1/Fn::If/1/Condition/ArnLike", NO_VALUE),
    (checks.bucket_policy, f"{BUCKET_STATEMENTS}/1/Fn::If/1/Resource", {"Fn::Sub": "${Bucket.Arn}/*"}),
    (checks.upload_rules, f"{UPLOAD_KEYS}/0", {"prefix": "receipts/"}),
    (checks.upload_rules, f"{UPLOAD_KEYS}/0", {"prefix": ""}),
    (checks.upload_rules, f"{UPLOAD_KEYS}/0", {"wildcard": "*customers/*"}),
    (checks.upload_rules, f"{UPLOAD_KEYS}/0", {"wildcard": "*.csv"}),
    (checks.upload_rules, f"{UPLOAD_KEYS}/0", {"prefix": "statements/"}),
    (checks.upload_rules, f"{R}/RiskUploadRule/{P}/EventPattern/detail/object", NO_VALUE),
    (checks.upload_rules, f"{R}/RiskUploadRule/{P}/EventPattern/detail/bucket", NO_VALUE),
    (checks.upload_rules, f"{R}/StatementUploadRule", NO_VALUE),
    (checks.tables, f"{R}/Accounts/DeletionPolicy", "Delete"),
    (checks.tables, f"{R}/Uploads/UpdateReplacePolicy", NO_VALUE),
    (checks.tables, f"{R}/Bucket/DeletionPolicy", NO_VALUE),
    (checks.tables, f"{R}/Accounts/{P}/DeletionProtectionEnabled", False),
    (checks.tables, f"{R}/Accounts/{P}/PointInTimeRecoverySpecification", NO_VALUE),
    (checks.tables, f"{R}/Accounts/{P}/BillingMode", "PROVISIONED"),
    (checks.tables, f"{R}/Accounts/{P}/SSESpecification", NO_VALUE),
    (checks.tables, f"{R}/Accounts/{P}/GlobalSecondaryIndexes/0/Projection/ProjectionType", "ALL"),
    (checks.tables, f"{R}/Accounts/{P}/StreamSpecification", {"StreamViewType": "KEYS_ONLY"}),
    (checks.tables, f"{R}/Idempotency/{P}/TimeToLiveSpecification", NO_VALUE),
    (checks.permissions, f"{_in('RiskCheckFunction', 'ReadUploads')}/Action", ["s3:*"]),
    (checks.permissions, f"{_in('RiskCheckFunction', 'ReadUploads')}/Resource", "*"),
    (checks.permissions, f"{_in('RiskCheckFunction', 'ReadUploads')}/Resource/0", {"Fn::Sub": "${Bucket.Arn}/*"}),
    (checks.permissions, f"{_in('RiskCheckFunction', 'SendMessages')}/Resource/0", _arn("InboundQueue")),
    (checks.permissions, f"{_in('DunningFunction', 'SendNotices')}/Condition", NO_VALUE),
    (checks.permissions, f"{_in('DunningFunction', 'SendNotices')}/Condition/StringEquals/ses:FromAddress", "*"),
    (
        checks.permissions,
        f"{_in('DunningFunction', 'SendNotices')}/Resource/0",
        {"Fn::Sub": "arn:${AWS::Partition}:ses:::identity/*"},
    ),
    (checks.permissions, f"{_in('DunningFunction', 'SweepForLostUploads')}/Condition", NO_VALUE),
    (checks.permissions, f"{_in('DisputesFunction', 'TellGoneFromForbidden')}/Condition", NO_VALUE),
    (checks.permissions, f"{_in('ReportsFunction', 'ReadAccounts')}/Sid", NO_VALUE),
    (checks.permissions, f"{_in('ReportsFunction', 'ReadAccounts')}/Action/0", "dynamodb:PutItem"),
    (checks.permissions, f"{_in('DisputesFunction', 'ReadTokenKey')}", NO_VALUE),
    (
        checks.permissions,
        f"{R}/ReportsFunction/{P}/Policies/0",
        {"DynamoDBCrudPolicy": {"TableName": {"Ref": "Accounts"}}},
    ),
    (checks.permissions, f"{R}/ReportsFunction/{P}/Role", "arn:aws:iam::000000000000:role/admin"),
    (checks.permissions_sane, f"{_in('ReportsFunction', 'ReadAccounts')}/Action/0", "dynamodb:DeleteItem"),
    (checks.permissions_sane, f"{_in('ReportsFunction', 'ReadAccounts')}/Action/0", "dynamodb:Scan"),
    (checks.permissions_sane, f"{_in('ReportsFunction', 'ReadAccounts')}/Action/0", "ses:SendEmail"),
    (checks.permissions_sane, f"{_in('ReportsFunction', 'WriteReports')}/Action", "s3:DeleteObject"),
    (
        checks.permissions_sane,
        f"{_in('ReportsFunction', 'WriteReports')}/Resource",
        {"Fn::Sub": "${Bucket.Arn}/invoices/*"},
    ),
    (checks.open_principals, f"{QUEUE_STATEMENTS}/0/Principal", "*"),
    (checks.open_principals, f"{QUEUE_STATEMENTS}/0/Resource", "*"),
    (checks.open_principals, f"{R}/InboundTopicPolicy/{P}/PolicyDocument/Statement/1/Effect", "Allow"),
    (checks.topics, f"{R}/AlarmTopic/{P}/KmsMasterKeyId", "alias/aws/sns"),
    (checks.topics, f"{R}/InboundTopicPolicy/{P}/PolicyDocument/Statement/0/Fn::If/0", "IsDeployed"),
    (checks.topics, f"{R}/AlarmTopicPolicy/{P}/PolicyDocument/Statement/0/Condition", NO_VALUE),
    (checks.topics, f"{R}/AlarmTopicPolicy/{P}/PolicyDocument/Statement/1", NO_VALUE),
    (checks.topics, f"{R}/TopicKey/{P}/KeyPolicy/Statement/2", NO_VALUE),
    (checks.mail, f"{R}/ConfigurationSetEvents/{P}/EventDestination/MatchingEventTypes/0", "OPEN"),
    (checks.mail, f"{R}/ConfigurationSetEvents/{P}/EventDestination/EventBridgeDestination/EventBusArn", "arn:own-bus"),
    (checks.mail, f"{R}/ConfigurationSet/{P}/SuppressionOptions", NO_VALUE),
    (checks.mail, f"{R}/ConfigurationSet/{P}/DeliveryOptions", NO_VALUE),
    (checks.mail, f"{R}/SesEventRule/{P}/EventPattern/detail", NO_VALUE),
    (checks.mail, f"{R}/SesEventRule/{P}/EventPattern/source", ["aws.ses", "custom.ses"]),
    (checks.mail, f"{R}/InboundRule/{P}/Rule/Actions/0/S3Action/TopicArn", NO_VALUE),
    (checks.mail, f"{R}/InboundRule/{P}/Rule/ScanEnabled", False),
    (checks.mail, f"{R}/InboundRule/DependsOn", NO_VALUE),
    (checks.conditions, f"{R}/InboundRule/Condition", NO_VALUE),
    (checks.conditions, f"{R}/InboundRuleSet/Condition", "ReceiveMail"),
    (checks.conditions, f"{R}/SenderIdentity/Condition", NO_VALUE),
    (checks.conditions, f"{R}/AccountRebuiltAlarm/Condition", NO_VALUE),
    (checks.conditions, "Conditions/Unused", {"Fn::Equals": ["a", "b"]}),
    (checks.rules_refuse_defaults, "Rules/RealSender", NO_VALUE),
    (checks.rules_refuse_defaults, "Rules/RealInbound", NO_VALUE),
    (checks.rules_refuse_defaults, "Rules/RealSender/Assertions/1", NO_VALUE),
    (checks.alarms, f"{R}/CashDlqAlarm", NO_VALUE),
    (checks.alarms, f"{R}/CashDlqAlarm/{P}/Threshold", 10),
    (checks.alarms, f"{R}/CashDlqAlarm/{P}/AlarmActions", NO_VALUE),
    (checks.alarms, f"{R}/CashDlqAlarm/{P}/Dimensions/0/Value", {"Fn::GetAtt": ["CashQueue", "QueueName"]}),
    (checks.alarms, f"{R}/MissingTickAlarm", NO_VALUE),
    (checks.alarms, f"{R}/MissingTickAlarm/{P}/TreatMissingData", "missing"),
    (checks.alarms, f"{R}/SendingDoubtfulAlarm/{P}/MetricName", "NoticesDoubtfull"),
    (checks.alarms, f"{R}/SendingDoubtfulAlarm/{P}/Dimensions/1", NO_VALUE),
    (checks.alarms, f"{R}/BounceRateAlarm", NO_VALUE),
    (checks.dashboard, *_dashboard('"AccountsDue"', '"AccountsDu"')),
    (checks.dashboard, *_dashboard('MetricName=\\"DsoDays\\"', 'MetricName=\\"Dso\\"')),
    (checks.dashboard, *_dashboard('"stack","${AWS::StackName}"', '"stack","other"')),
    (checks.dashboard, *_dashboard("${ReportsFunction.Arn}", "${DunningFunction.Arn}")),
    (checks.dashboard, *_dashboard("${DisputesFunction.Arn}", "")),
    (checks.dashboard, *_dashboard('"x":12,"y":12', '"x":11,"y":12')),
    (checks.dashboard, *_dashboard('["Duly","AccountsDue"', '["AWS/Lambda","Errors"')),
    (checks.secret, f"{R}/TokenSecret/{P}/SecretString", "abc"),
    (checks.secret, f"{R}/TokenSecret/{P}/GenerateSecretString/PasswordLength", 8),
    (checks.secret, "Parameters/TokenKey", {"Type": "String", "NoEcho": True}),
    (checks.outputs, "Outputs/CashQueueUrl", NO_VALUE),
    (checks.outputs, "Outputs/CashQueueUrl/Value", {"Ref": "AccountQueue"}),
    (checks.outputs, "Outputs/DashboardUrl", NO_VALUE),
]


@pytest.mark.parametrize(("check", "path", "value"), MUTATIONS, ids=lambda part: getattr(part, "__name__", None))
def test_check_notices_the_breakage(check: checks.Check, path: str, value: Any) -> None:
    assert check(cfn.broken(TEMPLATE, path, value)), f"{check.__name__} does not see {path} = {value}"


def test_every_check_is_shown_to_notice_something() -> None:
    assert {check for check, _, _ in MUTATIONS} == set(checks.ALL)


def test_every_condition_and_reference_resolves() -> None:
    known = TEMPLATE["Parameters"].keys() | TEMPLATE[R].keys() | cfn.PSEUDO.keys()
    known |= {"AWS::NoValue", "DunningFunctionTick", "ReportsFunctionDaily"}  # SAM makes the schedules
    text = json.dumps(TEMPLATE)
    assert set(re.findall(r'"Ref": "([\w:]+)"', text)) <= known
    assert set(re.findall(r'"Fn::GetAtt": \["(\w+)"', text)) <= known


def test_transform_adds_only_the_policies_that_are_on_record() -> None:
    """SAM gives each role some managed policies of AWS; these are accepted, docs/deploy.md says what they allow."""
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    class NoManagedPolicies:
        def load(self) -> dict[str, str]:
            return {}

    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(CodeUri|ContentUri): [\w/]+", r"\1: s3://code/archive.zip", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        expanded = transform(yaml_parse(text), {}, NoManagedPolicies())
    roles = cfn.of_type(expanded, "AWS::IAM::Role")
    managed = {
        policy["Fn::Sub"].rsplit("/", 1)[1] if isinstance(policy, dict) else policy.rsplit("/", 1)[1]
        for role in roles.values()
        for policy in role["Properties"].get("ManagedPolicyArns", [])
    }
    assert managed == {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaSQSQueueExecutionRole"}
    assert len(roles) == len(checks.FUNCTIONS) + 2  # one a function, one a schedule
    assert len(expanded[R]) < 500
    schedules = cfn.of_type(expanded, "AWS::Scheduler::Schedule")
    assert set(schedules) == {"DunningFunctionTick", "ReportsFunctionDaily"}
    assert not any("Name" in body["Properties"] for body in schedules.values())


def _documented(page: str) -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    return {name: (default.strip("`"), meaning) for name, default, meaning in rows}


def test_deploy_page_lists_every_parameter_with_its_default() -> None:
    rows = _documented((ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"))
    given = {name: str(body.get("Default", "")) for name, body in TEMPLATE["Parameters"].items()}
    assert {name: default.replace("empty", "") for name, (default, _) in rows.items()} == given


def test_console_groups_every_parameter() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(TEMPLATE["Parameters"])


def test_samconfig_names_real_parameters_and_holds_no_address() -> None:
    text = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    config = tomllib.loads(text)
    assert "@" not in text
    assert config["default"]["validate"]["parameters"]["lint"] is True
    assert config["default"]["build"]["parameters"] == {"cached": True, "parallel": True}
    for name in ("default", "staging", "prod"):
        deploy = config[name]["deploy"]["parameters"]
        assert set(deploy["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
        assert deploy["confirm_changeset"] is True
        for override in deploy.get("parameter_overrides", []):
            key, _, value = override.partition("=")
            assert value in map(str, TEMPLATE["Parameters"][key]["AllowedValues"])


def _sources() -> list[Path]:
    return sorted([*(ROOT / "layers" / "common" / "duly").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])


def test_code_reads_no_variable_that_the_template_does_not_set() -> None:
    read = {
        name
        for path in _sources()
        for name in re.findall(r"environ(?:\.get\(|\[)\s*[\"']([A-Z_]+)[\"']", path.read_text(encoding="utf-8"))
    }
    assert {name for name in read if not name.startswith("AWS_")} <= set(checks.ENVIRONMENT)


def test_code_publishes_no_metric_that_nobody_looks_at() -> None:
    published = {
        name for path in _sources() for name in re.findall(r"metric\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    assert published <= set(checks.METRICS)
