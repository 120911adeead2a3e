"""Routes of /flowstudio/api/; none ends in a slash."""

from django.urls import path, re_path

from identities.api.views import UnknownRoute
from scheduling.api import preflights, previews, runs, schedules, workflows

urlpatterns = [
    path("workflows", workflows.WorkflowsView.as_view()),
    path("workflows/<str:id>", workflows.WorkflowView.as_view()),
    path("nodeKinds", workflows.NodeKindsView.as_view()),
    path("schedules", schedules.SchedulesView.as_view()),
    path("schedules/preview", previews.PreviewView.as_view()),
    path("schedules/<uuid:id>", schedules.ScheduleView.as_view()),
    path("schedules/<uuid:id>/pause", schedules.SchedulePauseView.as_view()),
    path("schedules/<uuid:id>/resume", schedules.ScheduleResumeView.as_view()),
    path("schedules/<uuid:id>/runNow", schedules.ScheduleRunNowView.as_view()),
    path("schedules/<uuid:id>/preview", previews.SchedulePreviewView.as_view()),
    path("schedules/<uuid:id>/preflight", preflights.SchedulePreflightView.as_view()),
    path("runs", runs.RunsView.as_view()),
    path("runs/<uuid:id>", runs.RunView.as_view()),
    path("runs/<uuid:id>/cancel", runs.RunCancelView.as_view()),
    re_path(r"^[\s\S]*$", UnknownRoute.as_view()),
]
