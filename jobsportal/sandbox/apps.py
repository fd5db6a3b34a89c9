"""Makes the command `sandbox` known to Django."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "jobsportal.sandbox"
    label = "sandbox"
