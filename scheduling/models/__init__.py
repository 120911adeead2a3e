"""Rows of the scheduler: what runs, when it runs, and what came of it."""

from scheduling.models.runs import RunState, RunStep, ScheduleRun, StepState, Trigger
from scheduling.models.schedules import MisfirePolicy, OverlapPolicy, Schedule
from scheduling.models.workflows import Workflow, WorkflowVersion

__all__ = [
    "MisfirePolicy",
    "OverlapPolicy",
    "RunState",
    "RunStep",
    "Schedule",
    "ScheduleRun",
    "StepState",
    "Trigger",
    "Workflow",
    "WorkflowVersion",
]
