"""Settings of the test suite: the real ones, in a temporary place, with what only tests need."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

# Before base.py reads the environment: nothing of a test may touch var/.
if "PORTAL_TEST_DIR" not in os.environ:  # the workers of one run share the place of its first process
    if "pytest" in sys.modules:
        os.environ["PORTAL_TEST_DIR"] = tempfile.mkdtemp(prefix="portal-test-")
        atexit.register(shutil.rmtree, os.environ["PORTAL_TEST_DIR"], ignore_errors=True)
    else:  # a type checker or a command, which may end without cleaning up
        os.environ["PORTAL_TEST_DIR"] = str(Path(tempfile.gettempdir()) / f"portal-checks-{os.getuid()}")
_PLACE = Path(os.environ["PORTAL_TEST_DIR"])
(_PLACE / "static").mkdir(exist_ok=True, parents=True, mode=0o700)
os.environ["VAR_DIR"] = str(_PLACE)
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["REDIS_PREFIX"] = f"{_PLACE.name}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}:"
os.environ["DEMO"] = "0"

from auditportal.settings.base import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = {}
WRITE_PAUSE_SECONDS = 0.0
CELERY_TASK_ALWAYS_EAGER = False
WHITENOISE_AUTOREFRESH = True  # looks for a file when it is asked for; else each test client reads all of them first
