"""Settings of the test suite: the real ones, in a temporary place, with what only tests need."""

import os
import tempfile

# Before base.py reads the environment: nothing of a test may touch var/.
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="portal-test-"))
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ["DEMO"] = "0"

from auditportal.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = {}
WRITE_PAUSE_SECONDS = 0.0
CELERY_TASK_ALWAYS_EAGER = False
