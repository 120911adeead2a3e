"""The demo's routes, under /demo/payroll/."""

from django.urls import path

from scheduling.demo import receiver

urlpatterns = [path("<path:resource>", receiver.payments, name="demo-payroll")]
