//! Which fields of records are kept, and what each of them holds.

/// What a field holds, and so what becomes of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Other fields; a text in their place is dropped.
    Nested,
    /// A number, a boolean, or a word of AWS's own, such as an event's name. Any other text is dropped.
    Plain,
    /// The code of an error, as far as possible a word of AWS's own.
    Code,
    /// A text that may mention names.
    Text,
    /// A time. Any other text is dropped.
    Time,
    /// The kind of an event. Those that rollcall does not read are dropped.
    DetailType,
    /// A name or an ARN; stand-ins begin with this word.
    Name(&'static str),
    /// A Region.
    Region,
    /// A service of AWS, such as `ecs.amazonaws.com`, or who else.
    Principal,
    /// A task definition.
    Family,
    /// What Application Auto Scaling scales: `service/CLUSTER/NAME`.
    Resource,
    /// The group of a task or of schedules.
    Group,
    /// A time zone, which tells where somebody lives: always UTC.
    Zone,
    /// A user agent.
    Agent,
    /// Labels by the names of services and jobs.
    Labels,
}

/// A field's name in one form, whatever service and language wrote it: `eventTime`, `event_time`, `EventTime`.
pub(super) fn normalized(field: &str) -> String {
    field
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// What a field of an object holds; `None` drops it. `object` is the name of the object itself.
pub(super) fn kind(object: &str, field: &str) -> Option<Kind> {
    Some(match (object, field) {
        // In CloudTrail's record of a response, nobody reads these, and they are most of the record.
        ("service", "events" | "deployments") => return None,
        // Why somebody made an override is in that person's own words, of which no word is AWS's.
        ("" | "override", "reason") => Kind::Name("reason"),
        ("sessionissuer", "username" | "arn") => Kind::Name("role"),
        ("cluster", "name") => Kind::Name("cluster"),
        ("service", "name") => Kind::Name("service"),
        ("containers", "name") => Kind::Name("container"),
        (
            _,
            "useridentity" | "sessioncontext" | "sessionissuer" | "requestparameters"
            | "responseelements" | "failures" | "containers" | "deployments" | "events"
            | "scalabletargets" | "suspendedstate" | "stoppedtasks" | "error" | "window" | "facts"
            | "updateservice" | "runtask" | "roster" | "deadletter" | "silenced" | "silenceexpired"
            | "undecodable" | "serviceevent" | "failed" | "action" | "caller" | "override" | "changes",
        ) => Kind::Nested,
        (
            _,
            "eventversion"
            | "eventname"
            | "eventtype"
            | "eventcategory"
            | "readonly"
            | "managementevent"
            | "type"
            | "rollcall"
            | "kind"
            | "phase"
            | "direction"
            | "calls"
            | "desiredcount"
            | "runningcount"
            | "pendingcount"
            | "count"
            | "forcenewdeployment"
            | "status"
            | "laststatus"
            | "desiredstatus"
            | "stopcode"
            | "exitcode"
            | "rolloutstate"
            | "failedtasks"
            | "mincapacity"
            | "maxcapacity"
            | "retryattempts"
            | "dynamicscalinginsuspended"
            | "dynamicscalingoutsuspended"
            | "exhaustedretrycondition"
            | "flexiblewindowminutes"
            | "retryminutes"
            | "unkept"
            | "hops"
            | "records"
            | "windowseconds"
            | "outcome"
            | "isscheduler"
            | "isstopped"
            | "attempts"
            | "about"
            | "approximatereceivecount",
        ) => Kind::Plain,
        (_, "errorcode" | "code") => Kind::Code,
        (
            _,
            "errormessage" | "message" | "reason" | "stoppedreason" | "rolloutstatereason" | "text"
            // The record in an event's envelope, or what ECS says about a failure.
            | "detail",
        ) => Kind::Text,
        (
            _,
            "eventtime" | "time" | "createdat" | "updatedat" | "startedat" | "stoppingat"
            | "stoppedat" | "observedat" | "scheduledtime" | "start" | "at" | "until" | "from" | "to",
        ) => Kind::Time,
        (_, "detailtype") => Kind::DetailType,
        (_, "awsregion" | "region") => Kind::Region,
        (_, "eventsource" | "source" | "invokedby" | "sourceipaddress") => Kind::Principal,
        (_, "useragent") => Kind::Agent,
        (_, "resourceid") => Kind::Resource,
        (_, "group") => Kind::Group,
        (_, "zone") => Kind::Zone,
        (_, "labels") => Kind::Labels,
        (_, "taskdefinition" | "taskdefinitionarn") => Kind::Family,
        (_, field) => Kind::Name(sort(field)?),
    })
}

/// How the stand-ins of a field's names begin.
fn sort(field: &str) -> Option<&'static str> {
    Some(match field {
        "account" | "accountid" | "recipientaccountid" => "account",
        "cluster" | "clusterarn" => "cluster",
        "service" | "servicearn" | "servicename" | "services" => "service",
        "jobs" | "family" => "family",
        "tasks" | "task" | "taskarn" => "task",
        "environment" => "environment",
        "schedule" | "schedulearn" => "schedule",
        "role" => "role",
        "username" | "by" | "madeby" => "user",
        "session" => "session",
        "id" | "eventid" | "requestid" | "messageid" | "silence" => "id",
        "name" | "arn" | "resources" | "targetarn" => "name",
        _ => return None,
    })
}

/// Whether a text is a word of AWS's own, such as `UpdateService`, `RUNNING` or `com.amazonaws.ecs#ClientException`, or a
/// short number, such as a version.
pub(super) fn is_plain(text: &str) -> bool {
    let is_number = |text: &str| {
        text.len() <= 8
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let is_word = |text: &str| {
        text.len() <= 80
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || b"_.#".contains(&byte))
    };
    is_number(text) || is_word(text)
}

/// Whether a text names a service of AWS, as callers and sources of events do.
pub(super) fn is_principal(text: &str) -> bool {
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'.')
    };
    let service = text
        .strip_suffix(".amazonaws.com")
        .or(text.strip_suffix(".amazonaws.com.cn"))
        .or(text.strip_prefix("aws."));
    service.is_some_and(is_name)
}

/// The programs that a user agent names, with their versions, as far as everybody uses them. Callers may write anything
/// else into it.
pub(super) fn agent(text: &str) -> String {
    const KNOWN: [&str; 12] = [
        "AmazonEventBridgeScheduler",
        "APN",
        "HashiCorp",
        "Terraform",
        "OpenTofu",
        "Pulumi",
        "terraform-provider-aws",
        "aws-cli",
        "aws-sdk-java",
        "aws-sdk-go-v2",
        "Boto3",
        "Botocore",
    ];
    let is_known = |word: &&str| {
        let (name, version) = word.split_once('/').unwrap_or((word, ""));
        let is_version = version.len() <= 12
            && version
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
        is_principal(word) || KNOWN.contains(&name) && is_version
    };
    let words: Vec<&str> = text.split_whitespace().filter(is_known).collect();
    words.join(" ")
}
