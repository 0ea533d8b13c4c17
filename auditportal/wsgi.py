"""The door for the web server."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from auditportal.supervision.children import die_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditportal.settings.base")

if os.environ.get("PORTAL_SUPERVISED"):
    # Granian's processes outlive a granian that was killed, and would keep the port.
    die_with(os.getppid())

application = get_wsgi_application()
if settings.TRUSTED_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)
