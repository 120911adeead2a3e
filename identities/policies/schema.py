"""What a rule may speak of: the Cedar schema of principals, actions, resources and context.

A person and an identity have the same attributes, so that one rule can speak of both (S1-29).
"""

_ACTOR = """{
  name: String,
  clientId: String,
  tenantId: String,
  environment: String,
  kind: String,
  roles: Set<String>,
  isServiceAccount: Bool,
  riskTier: String,
  certified: Bool,         // somebody certified it, and it has not changed since, at the time of the run
  certifiedUntil: Long,    // seconds since 1970, UTC; 0 where nobody did
}"""

SCHEMA = f"""
entity Identity = {_ACTOR};
entity User = {_ACTOR};
entity Workflow = {{ tenantId: String, name: String }};

action "workflow.execute" appliesTo {{
  principal: [Identity, User],
  resource: [Workflow],
  context: {{
    trigger: String,       // schedule, manual
    environment: String,   // of the identity that runs
    scheduledFor: String,  // RFC 3339, UTC; of a manual run the time it was asked for
    minute: Long,          // the five below are in the schedule's own zone
    hour: Long,
    weekday: Long,         // 1 Monday … 7 Sunday
    day: Long,
    month: Long,
  }},
}};
"""
