"""Rows of the scheduler: what runs, when it runs, and what came of it."""

from scheduling.models.demo import DemoPayment
from scheduling.models.preflight import Preflight
from scheduling.models.pulse import Pulse
from scheduling.models.runs import RunState, RunStep, ScheduleRun, StepState, Trigger
from scheduling.models.schedules import MisfirePolicy, OverlapPolicy, Schedule
from scheduling.models.workflows import BUILT_IN, Workflow, WorkflowVersion

__all__ = [
    "BUILT_IN",
    "DemoPayment",
    "MisfirePolicy",
    "OverlapPolicy",
    "Preflight",
    "Pulse",
    "RunState",
    "RunStep",
    "Schedule",
    "ScheduleRun",
    "StepState",
    "Trigger",
    "Workflow",
    "WorkflowVersion",
]
