"""What is known of failures: the texts that tell one, and what to say to whoever ordered. The first rule that fits counts."""

import re
from dataclasses import dataclass

from blockyard.protocol.names import FailureCause
from blockyard.server.runs.model.failure import Failure


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of failure."""

    code: str
    cause: FailureCause
    pattern: re.Pattern[str]
    message: str
    remedy: str


def _rule(code: str, cause: FailureCause, pattern: str, message: str, remedy: str) -> Rule:
    return Rule(code, cause, re.compile(pattern, re.IGNORECASE), message, remedy)


_OWNER = "the team that offers this building block"
_TELL = f"Tell {_OWNER} and give them the number of this run; changing your inputs does not help."
_ADMIN = "Tell the administrators of this installation and give them the number of this run."

STALE_PLAN = _rule(
    "PLAN_STALE",
    FailureCause.PLATFORM,
    r"Saved plan is stale|saved plan (?:no longer|does not) (?:match|fit)|given plan file can no longer be applied",
    "What is there has changed since the plan was made, so nothing was applied.",
    "Nothing has to be done where changes need an approval: what would change is looked at anew. Else start a dry run again.",
)

RULES: tuple[Rule, ...] = (
    STALE_PLAN,
    _rule(
        "RUN_LACKS_PERMISSION",
        FailureCause.PRODUCT,
        r"\b(?:PermissionNotHeld|MissingPermission)\b",
        "The building block wants to make something in your workspace for which its runs do not have the permissions.",
        f"Tell {_OWNER} and give them the number of this run, whose log names what is missing: a new version can ask for it.",
    ),
    _rule(
        "CREDENTIALS_EXPIRED",
        FailureCause.CREDENTIALS,
        r"ExpiredToken|token (?:has |is |included in the request is )?expired|TokenRefreshRequired|RequestExpired"
        r"|AADSTS7000222|client secret.{0,40} expired|refresh token has expired|RunTokenExpired",
        "The credentials with which the building block signs in to the platform have expired.",
        f"Tell {_OWNER}: they renew the credentials. Then start the run again; your inputs can stay as they are.",
    ),
    _rule(
        "CREDENTIALS_MISSING",
        FailureCause.CREDENTIALS,
        r"No valid credential sources found|no EC2 IMDS role found|could not find default credentials|Unable to locate credentials"
        r"|Error building ARM Config|NoCredentialProviders|Unable to list provider registration status|unable to build authorizer",
        "The building block has no credentials for the platform.",
        f"Tell {_OWNER}: they give the building block its credentials. Then start the run again.",
    ),
    _rule(
        "CREDENTIALS_REFUSED",
        FailureCause.CREDENTIALS,
        r"InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|AuthFailure|InvalidAccessKeyId"
        r"|security token included in the request is invalid|invalid_client|invalid_grant|AADSTS\d+|401 Unauthorized"
        r"|StatusCode: 401\b|Authentication failed|could not read (?:Username|Password)|denied access"
        r"|cannot assume (?:IAM )?role|failed to assume role",
        "The platform or the repository does not accept the credentials of the building block.",
        f"Tell {_OWNER}: they check the credentials. Then start the run again; your inputs can stay as they are.",
    ),
    _rule(
        "POLICY_DENIES",
        FailureCause.PLATFORM,
        r"explicit deny in a (?:service control|resource control|permissions boundary)|RequestDisallowedByPolicy"
        r"|disallowed by policy|Policy constraint|constraints/[a-z]+\.|violates? (?:an? )?organi[sz]ation polic",
        "A rule of the platform forbids what the building block wants to do.",
        "Choose other inputs if the rule is about them (a region or a size, say), "
        "or ask the team that looks after the platform for an exception.",
    ),
    _rule(
        "PERMISSION_MISSING",
        FailureCause.CREDENTIALS,
        r"AccessDenied|UnauthorizedOperation|is not authorized to perform|AuthorizationFailed|PERMISSION_DENIED|Permission denied"
        r"|403 Forbidden|StatusCode: 403\b|insufficient (?:privileges|permissions)",
        "The building block may not do on the platform what it needs to do.",
        f"Tell {_OWNER}: they give it the permission that is missing. Then start the run again.",
    ),
    _rule(
        "QUOTA_REACHED",
        FailureCause.CAPACITY,
        r"LimitExceeded|QuotaExceeded|quota (?:has been |was |is )?exceeded|exceed(?:s|ed|ing)? (?:\w+ ){0,3}quota|TooManyBuckets"
        r"|(?:Address|Vcpu|Instance|Vpc|Resource)(?:Count)?LimitExceeded|maximum number of .{1,60} (?:reached|exceeded)",
        "A quota of the platform is used up.",
        "Delete what you do not need any more, or ask the team that looks after the platform for a higher quota, then start the "
        "run again.",
    ),
    _rule(
        "NO_CAPACITY",
        FailureCause.CAPACITY,
        r"InsufficientInstanceCapacity|Insufficient\w*Capacity|SkuNotAvailable|ZONE_RESOURCE_POOL_EXHAUSTED|AllocationFailed"
        r"|do not have sufficient .{1,60} capacity|no capacity (?:left|available)|OverconstrainedAllocation",
        "The platform has no room for this at the moment.",
        "Try again later, or choose another region or a smaller size.",
    ),
    _rule(
        "NAME_TAKEN",
        FailureCause.INPUT,
        r"BucketAlreadyExists|BucketAlreadyOwnedByYou|EntityAlreadyExists|already exists|AlreadyExistsException"
        r"|name (?:is )?already (?:taken|in use)|Duplicate\w*Exception|StorageAccountAlreadyTaken",
        "There is something of this name on the platform already.",
        "Change the input that gives the name and run the building block again. If the existing thing should become part of it, "
        f"ask {_OWNER}.",
    ),
    _rule(
        "VALUE_MISSING",
        FailureCause.INPUT,
        r"Error: No value for required variable|was not given a value for .*required variable",
        "The building block needs a value that it was not given.",
        "Fill in the input that the step names and run the building block again. If there is no such input, "
        f"tell {_OWNER}: they add it, or a default.",
    ),
    _rule(
        "FILE_UNUSABLE",
        FailureCause.INPUT,
        r"no data content found in FILE input|FILE input '.{1,255}' has no usable name",
        "A file that was given to the building block cannot be read.",
        f"Upload the file again and run the building block again. If it was not you who gave it, tell {_OWNER}.",
    ),
    _rule(
        "VALUE_REFUSED",
        FailureCause.INPUT,
        r"Error: Invalid value for variable|Error: Invalid value for input variable"
        r"|Resource precondition failed|Variables? not allowed in this .*tfvars",
        "An input has a value that this building block does not accept.",
        "Read which input the step names, change its value and run the building block again.",
    ),
    _rule(
        "PLATFORM_REFUSES_VALUE",
        FailureCause.INPUT,
        r"InvalidParameterValue|ValidationException|InvalidBucketName|InvalidAMIID|Invalid\w*(?:Range|Cidr|Name)\b"
        r"|MalformedPolicyDocument|InvalidParameterCombination|expected length of .{1,80} to be in the range|Invalid CIDR"
        r"|invalid value for (?:name|bucket)|only lowercase .{1,80} allowed|StatusCode: 400\b.{0,200}Invalid",
        "The platform does not accept a value that the building block was given.",
        "Compare your inputs with what the step says, correct the one it is about and run the building block again.",
    ),
    _rule(
        "STILL_IN_USE",
        FailureCause.PLATFORM,
        r"BucketNotEmpty|DependencyViolation|DeleteConflict|ResourceInUse|is (?:still |currently )?in use|has dependen(?:cies|t)"
        r"|CannotDelete\w*|must be empty|Instance cannot be destroyed",
        "Something on the platform is still in use or not empty, so it cannot be changed or deleted.",
        "Remove what uses it, or empty it, then run the building block again.",
    ),
    _rule(
        "NOT_ON_PLATFORM",
        FailureCause.PLATFORM,
        r"OptInRequired|UnsupportedOperation|not (?:available|supported) in (?:this|the|your) (?:region|location)|LocationNotAvailable"
        r"|SERVICE_DISABLED|has not been used in project|MissingSubscriptionRegistration|InvalidRegion|Invalid AWS Region"
        r"|NoSuch(?:Bucket|Entity|Key)|\w+NotFound(?:Exception)?\b|couldn't find resource|empty result|StatusCode: 404\b",
        "Something that the building block needs is not there on the platform, or not switched on.",
        f"Check the inputs that name things on the platform. If they are right, tell {_OWNER}.",
    ),
    _rule(
        "RUNNER_LOST",
        FailureCause.PRODUCT,
        r"this was the last of \d+ attempts",
        "The runner was lost again and again while it worked on this.",
        _ADMIN,
    ),
    _rule(
        "STATE_LOCKED",
        FailureCause.PRODUCT,
        r"Error acquiring the state lock|state (?:is |already )?locked|HTTP remote state already locked",
        "Another process holds the state of this building block.",
        "Wait until it has ended and start the run again. If nothing else works on it, the owner of the building block removes "
        "the lock: blockyard state unlock.",
    ),
    _rule(
        "ENGINE_MISSING",
        FailureCause.PRODUCT,
        r"is not available: |Unsupported (?:Terraform|OpenTofu) Core version|No other engine is installed"
        r"|git is not installed|bash is not installed",
        "The runner does not have what this building block needs to run: the version of the engine, or a program.",
        f"{_ADMIN} They install it on the runner, or {_OWNER} chooses another version.",
    ),
    _rule(
        "RUNNER_FULL",
        FailureCause.PRODUCT,
        r"no space left on device|disk quota exceeded|Cannot allocate memory|out of memory|signal: killed|ended by SIGKILL",
        "The machine that executes runs is out of disk space or memory.",
        f"{_ADMIN} Start the run again when they have made room.",
    ),
    _rule(
        "SECRET_UNREADABLE",
        FailureCause.PRODUCT,
        r"decryption failed|cannot read the secret inputs|This runner has no private key|does not belong to this run",
        "The runner cannot read a secret of this building block: it was sealed for another runner or key.",
        f"Enter the secret inputs again and run the building block. If none is yours, tell {_OWNER}.",
    ),
    _rule(
        "INPUT_OUTDATED",
        FailureCause.INPUT,
        r"do not count any more: the definition gave these inputs another type",
        "The building block changed what an input means, so its old value does not count any more.",
        "Enter the inputs that the step names again; that starts a run.",
    ),
    _rule(
        "SERVER_DEFECT",
        FailureCause.PRODUCT,
        r"the server has a defect|cannot be described to its runner|run document cannot be read|failed unexpectedly"
        r"|an internal error of the runner",
        "Blockyard itself has a fault here.",
        _ADMIN,
    ),
    _rule(
        "THROTTLED",
        FailureCause.TRANSIENT,
        r"Throttl|RequestLimitExceeded|Rate exceeded|TooManyRequests|SlowDown|too many requests|RATE_LIMIT_EXCEEDED"
        r"|StatusCode: 429\b|\b429 Too Many",
        "The platform was asked too much in a short time and put the request off.",
        "Nothing has to be changed: the run is tried again by itself. If it still fails, start it again in an hour.",
    ),
    _rule(
        "SERVICE_DISTURBED",
        FailureCause.TRANSIENT,
        r"ServiceUnavailable|InternalFailure|InternalError\b|InternalServerError|StatusCode: 5\d\d\b"
        r"|\b(?:500|502|503|504) (?:Internal|Bad Gateway|Service|Gateway)|(?:status|response)(?: code)?:? 5\d\d\b|error: 5\d\d"
        r"|its host had a fault|temporarily unavailable|OperationAborted|ConcurrentModification|RequestTimeout\b",
        "A service that the building block needs had a disturbance.",
        "Nothing has to be changed: the run is tried again by itself. If it still fails, look at the status page of the platform.",
    ),
    _rule(
        "NETWORK",
        FailureCause.TRANSIENT,
        r"connection (?:reset|refused|timed out|closed)|i/o timeout|TLS handshake timeout|no such host|unexpected EOF"
        r"|network is unreachable|server misbehaving"
        r"|Client\.Timeout|context deadline exceeded|giving up after \d+ attempt|host cannot be reached"
        r"|Could not resolve host|not fetched within|no route to host|failed to connect",
        "Something that the building block needs could not be reached over the network.",
        "Nothing has to be changed: the run is tried again by itself. If it still fails, tell "
        f"{_OWNER}: the address may be wrong or blocked.",
    ),
    _rule(
        "SOURCE_MISSING",
        FailureCause.MODULE,
        r"reference not found|no repository at its address|repository URL|repository path|contains no module"
        r"|does not exist in the repository|is in a git submodule|repository denied access"
        r"|certificate of its host is not trusted|could not be cloned",
        "The code of the building block could not be fetched.",
        _TELL,
    ),
    _rule(
        "TIME_LIMIT",
        FailureCause.MODULE,
        r"exceeded its limit of|timeout while waiting for state|timed out after|took longer than",
        "The building block took longer than it may.",
        f"Start the run again once. If it takes too long again, tell {_OWNER}.",
    ),
    _rule(
        "PROVIDER_MISSING",
        FailureCause.MODULE,
        r"Failed to (?:query available|install) provider|was not found in any of the search locations"
        r"|Failed to resolve provider|provider registry .{1,80} does not have a provider"
        r"|no available releases match|Inconsistent dependency lock file|Missing required provider|Invalid provider configuration"
        r"|provider produced (?:inconsistent|invalid)|Plugin did not respond|plugin crashed|Failed to load plugin schemas",
        "A plugin that the building block is built on cannot be used.",
        _TELL,
    ),
    _rule(
        "OUTPUT_WRONG",
        FailureCause.MODULE,
        r"output '.{1,255}' (?:is|was|has|should be)|outputs are larger|declared output|Module output value precondition failed",
        "The building block ran, but did not give the results that it promises.",
        _TELL,
    ),
    _rule(
        "SCRIPT_FAILED",
        FailureCause.MODULE,
        r"pre-?run script|-exec provisioner error|External Program Execution Failed",
        "A script of the building block ended with an error.",
        f"Read what the step says, it may be about your inputs. If not, tell {_OWNER} the number of this run.",
    ),
    _rule(
        "MODULE_BROKEN",
        FailureCause.MODULE,
        r"Error: (?:Unsupported (?:argument|block type|attribute)|Missing required argument|Reference to undeclared|Invalid (?:reference"
        r"|expression|function argument|index|block definition|character|count argument|for_each argument|template|operand)"
        r"|Argument or block definition required|Unclosed configuration block|Duplicate (?:resource|variable|output|module|required)"
        r"|Cycle:|Unreadable module directory|Module not (?:found|installed)|Error in function call|Call to unknown function"
        r"|Incorrect attribute value type|Value for undeclared variable|Unsuitable value type|Inconsistent conditional"
        r"|Resource postcondition failed|Check block assertion failed|Invalid resource type|Invalid data source)",
        "The code of the building block has an error.",
        _TELL,
    ),
)

VALUE_OUTDATED = Failure(
    FailureCause.INPUT,
    "VALUE_OUTDATED",
    "A value of the building block was good when it was given, and is not any more.",
    "Read what the step says, choose another value and run the building block again.",
)
"""What the server knows by itself of a run that it does not hand over: no text tells it."""

STATE_CHANGED = Failure(
    FailureCause.PLATFORM,
    "STATE_CHANGED",
    "What is there has changed since somebody approved its destruction, so nothing was destroyed.",
    "Nothing has to be done: what would be destroyed is looked at anew.",
)
"""Likewise."""

UNKNOWN = _rule(
    "UNKNOWN",
    FailureCause.MODULE,
    "",
    "The building block failed for a reason that is not known here.",
    f"Read what the failed step says. If that does not help, tell {_OWNER} and give them the number of this run.",
)
