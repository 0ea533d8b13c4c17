"""The site as an app: its command `up` and its deployment checks."""

from importlib import import_module

from django.apps import AppConfig


class AuditPortalConfig(AppConfig):
    name = "auditportal"
    label = "auditportal"
    verbose_name = "Audit portal"

    def ready(self) -> None:
        import_module("auditportal.checks")
