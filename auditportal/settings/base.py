"""Every setting of the portal, from the environment. docs/configuration.md has the table; a test compares the two."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from auditportal.logging import configuration as logging_configuration
from auditportal.settings.environment import (
    email_from_url,
    env_bool,
    env_buckets,
    env_choice,
    env_int,
    env_list,
    env_pairs,
    env_secret,
    env_str,
    kept_secret,
    secret_files,
)

BASE_DIR = Path(__file__).resolve().parents[2]

# --- Places -------------------------------------------------------------------------------------------------
DEMO = env_bool("DEMO", False)
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var"))).absolute()
# The demo organisation lives in a place of its own and never meets a real installation.
DATA_DIR = VAR_DIR / "demo" if DEMO else VAR_DIR
KEYS_DIR = DATA_DIR / "keys"
ARCHIVE_URL = env_str("ARCHIVE_URL", f"file://{DATA_DIR / 'archive'}")
EVENTS_URL = env_str("EVENTS_URL", f"file://{DATA_DIR / 'events'}")
# Pushes and uploads wait here until an import has registered them: one file system for web and workers.
SPOOL_DIR = Path(env_str("SPOOL_DIR", str(DATA_DIR / "spool"))).absolute()
# Directories from which log sources may read. Empty: any that the portal's user can read.
LOG_ROOTS = [Path(path) for path in env_list("LOG_ROOTS", ":")]
# Buckets from which log sources may read, as s3://bucket/prefix. Empty: none.
LOG_BUCKETS = env_buckets("LOG_BUCKETS")
# How buckets are reached. What is empty is found as by AWS's own tools: environment, profile, role of the machine.
S3_ENDPOINT = env_str("S3_ENDPOINT")
S3_REGION = env_str("S3_REGION")
S3_ACCESS_KEY_ID = env_str("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env_secret("S3_SECRET_ACCESS_KEY")
S3_PROFILES = env_pairs("S3_PROFILES")  # by bucket, the profile of the AWS configuration file to use instead
S3_ATTEMPTS = env_int("S3_ATTEMPTS", 5, at_most=20)

# --- Web ----------------------------------------------------------------------------------------------------
HOST = env_str("HOST", "127.0.0.1")
PORT = env_int("PORT", 0, at_least=0, at_most=65_535)  # 0: the next free port from 8000
WEB_WORKERS = env_int("WEB_WORKERS", 1, at_least=1)  # processes that answer pages
WEB_THREADS = env_int("WEB_THREADS", 8, at_least=1)  # threads of each
PUBLIC_URL = env_str("PUBLIC_URL")  # https://portal.example.org; switches on everything that needs TLS
HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
DEBUG = False
SECRET_KEY = env_secret("SECRET_KEY") or kept_secret(KEYS_DIR / "secret_key")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
if PUBLIC_URL:
    if not urlsplit(PUBLIC_URL).hostname:
        raise ImproperlyConfigured(f"PUBLIC_URL is {PUBLIC_URL!r}. Write it as https://portal.example.org.")
    ALLOWED_HOSTS.append(str(urlsplit(PUBLIC_URL).hostname))
    CSRF_TRUSTED_ORIGINS = [f"{urlsplit(PUBLIC_URL).scheme}://{urlsplit(PUBLIC_URL).netloc}"]
if HOST not in {"127.0.0.1", "0.0.0.0", "::"}:  # noqa: S104 # compared, not bound
    ALLOWED_HOSTS.append(HOST)
ALLOWED_HOSTS += env_list("ALLOWED_HOSTS", ",")
# Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Nobody else's are.
TRUSTED_PROXIES = env_list("TRUSTED_PROXIES", ",")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Two portals on one host (a real one and a demo) keep their sessions apart.
SESSION_COOKIE_NAME = "portal_demo_session" if DEMO else "portal_session"
SESSION_COOKIE_AGE = env_int("SESSION_SECONDS", 12 * 3600, at_least=60)
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Applications -------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "auditportal",
    "auditportal.accounts",
    "reviews",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "guardian",
    "csp",
    "django_htmx",
    "template_partials",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "reviews.web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "auditportal.urls"
WSGI_APPLICATION = "auditportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviews.web.context.portal",
            ],
            "builtins": ["reviews.templatetags.portal"],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------------------
DATABASE_URL = env_secret("DATABASE_URL")
if DATABASE_URL:
    DATABASES = {"default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True))}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "portal.sqlite3",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                " PRAGMA cache_size=-65536; PRAGMA busy_timeout=20000;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Background work ----------------------------------------------------------------------------------------
REDIS_URL = env_secret("REDIS_URL")  # empty: `manage.py up` starts Valkey on a private socket and sets it
# Before every key, so that several portals can share one server.
REDIS_PREFIX = env_str("REDIS_PREFIX", "portal-demo:" if DEMO else "portal:")
LEASE_SECONDS = env_int("LEASE_SECONDS", 60, at_least=5)
TICK_SECONDS = env_int("TICK_SECONDS", 15, at_least=1)
WORKERS = env_int("WORKERS", 2, at_least=1)
# Failed sign-ins are counted here, for all processes together.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CACHES["default"]["KEY_PREFIX"] = f"{REDIS_PREFIX}cache"
WRITE_ROWS = 2000  # rows of one background write
WRITE_PAUSE_SECONDS = 0.02  # pause after it, so that people's writes come through

# --- Import -------------------------------------------------------------------------------------------------
SEGMENT_BYTES = env_int("SEGMENT_BYTES", 64 * 1024 * 1024)
RECORD_BYTES = 16 * 1024 * 1024  # a longer record is one rejected record
SETTLE_SECONDS = env_int("SETTLE_SECONDS", 300)  # a file untouched for longer is taken to its very end
PUSH_BYTES = env_int("PUSH_BYTES", 64 * 1024 * 1024, at_least=1)  # of one body, as it is sent
PUSH_PLAIN_BYTES = env_int("PUSH_PLAIN_BYTES", 1024 * 1024 * 1024, at_least=1)  # of one body, unpacked
PUSHES_A_MINUTE = env_int("PUSHES_A_MINUTE", 600, at_least=1)  # with one token
UPLOAD_BYTES = env_int("UPLOAD_BYTES", 2 * 1024 * 1024 * 1024, at_least=1)  # of one log file given in the browser
SPOOL_BYTES = env_int("SPOOL_BYTES", 20 * 1024 * 1024 * 1024, at_least=1)  # of one source, waiting for its import
SPOOL_FREE_BYTES = env_int("SPOOL_FREE_BYTES", 1024 * 1024 * 1024, at_least=0)  # to be left free on the disk
EVIDENCE_BYTES = env_int("EVIDENCE_BYTES", 50 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["reviews.web.uploads.NoUpload"]  # the view that takes evidence brings its own

# --- Signing ------------------------------------------------------------------------------------------------
# PEM files; made in KEYS_DIR on first start when unset.
SIGNING_KEY = Path(env_str("SIGNING_KEY", str(KEYS_DIR / "signing.key")))
SIGNING_CERT = Path(env_str("SIGNING_CERT", str(KEYS_DIR / "signing.crt")))

# --- People -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "auditportal.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "auditportal.accounts.forms.SignInForm",
    "reauthenticate": "auditportal.accounts.forms.ConfirmForm",
    "change_password": "auditportal.accounts.forms.PasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "60/m/ip", "reauthenticate": "10/m/user"}
INVITATION_SECONDS = env_int("INVITATION_SECONDS", 7 * 24 * 3600)
PASSWORD_RESET_TIMEOUT = INVITATION_SECONDS
# smtp://user:password@mail.example.org:587?tls=starttls. Empty: administrators hand links over themselves.
EMAIL = email_from_url(env_secret("EMAIL_URL"))
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = EMAIL.backend, EMAIL.host, EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.user, EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.starttls, EMAIL.tls
EMAIL_TIMEOUT = 10
# Files that secrets were read from, all of them by now: no log source may read one.
SECRET_FILES = secret_files
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "portal@localhost")
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

# --- Pages --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"  # collected by `manage.py up`
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "auditportal.static.PlotlyFinder",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "auditportal.static.VersionedStorage"},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DEMO_PASSWORD = "northmoor-demo-2026"  # noqa: S105 # shown on the sign-in page of the demo, which holds nothing real

# --- Log lines ----------------------------------------------------------------------------------------------
LOG_LEVEL = env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = logging_configuration(LOG_LEVEL)
