"""The product: one app, one label; its inner borders are kept by import-linter."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"
    label = "reviews"
    verbose_name = "Log reviews"
    default_auto_field = "django.db.models.BigAutoField"
