#!/usr/bin/env python
"""The portal's commands. `manage.py help` lists them."""

import os
import sys


def main() -> None:
    """Run one command; what the portal refuses, and a wrong setting, is one sentence, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditportal.settings.base")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from reviews.errors import PortalError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, PortalError) as problem:
        sys.exit(f"{problem}")


if __name__ == "__main__":
    main()
