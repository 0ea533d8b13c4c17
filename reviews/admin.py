"""Django's admin is not installed: every change goes through a workflow. This module holds the layer's place."""
