"""Bodies for the OpenAPI document: they are sent by its tests, so they hold."""

from typing import Any

WORKFLOW: dict[str, Any] = {
    "id": "wf-monthly-payroll",
    "name": "Monthly payroll",
    "nodes": [
        {
            "id": "calculate",
            "kind": "http_call",
            "params": {
                "method": "POST",
                "url": "https://payroll.example.com/api/runs",
                "json": {"month": "{{input.payrollMonth}}"},
            },
        },
        {
            "id": "told",
            "kind": "log",
            "after": ["calculate"],
            "params": {"message": "Payroll answered {{steps.calculate.status}}"},
        },
    ],
    "allowedHosts": ["payroll.example.com"],
    "inputSchema": {
        "type": "object",
        "properties": {"payrollMonth": {"type": "string"}},
        "required": ["payrollMonth"],
    },
}
POLICY = (
    '@id("no-sandbox")\n@reason("Payroll is not for the sandbox")\n'
    'forbid (principal, action == Action::"workflow.execute", resource)\n'
    'when { context.environment == "sandbox" };'
)
SCHEDULE: dict[str, Any] = {
    "workflowId": "wf-monthly-payroll",
    "name": "Monthly Payroll Run",
    "cronExpression": "0 6 25 * *",
    "timezone": "UTC",
    "managedIdentityId": "3f2b8a52-6f0e-4c39-9d7e-2f0f6f9f2c11",
    "secretReference": {
        "provider": "local",
        "vaultUri": "local://default",
        "secretName": "payroll-scheduler-client-secret",
    },
    "inputData": {"payrollMonth": "{{schedule.triggerMonth}}"},
    "retryPolicy": {"maxAttempts": 3, "backoffSeconds": 60},
}
PREVIEW: dict[str, Any] = {
    "cronExpression": "30 2 * * *",
    "timezone": "Europe/Berlin",
    "start": "2026-10-23T00:00:00Z",
    "count": 3,
}
