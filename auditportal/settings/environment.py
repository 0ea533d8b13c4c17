"""Typed readers for environment variables. A wrong value stops the start with one sentence."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from reviews.engine.buckets import address
from reviews.errors import BucketError

secret_files: list[Path] = []  # that secrets were read from


def env_str(name: str, default: str = "") -> str:
    """Text of NAME, or `default` when it is unset or empty."""
    return os.environ.get(name) or default


def env_bool(name: str, default: bool) -> bool:
    """1/0, true/false, yes/no or on/off."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")


def env_int(name: str, default: int, *, at_least: int = 1, at_most: int = 2**40) -> int:
    """A whole number within its bounds."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number.") from None
    if not at_least <= number <= at_most:
        raise ImproperlyConfigured(f"{name} is {number}. Set it to a number from {at_least} to {at_most}.")
    return number


def env_list(name: str, separator: str) -> list[str]:
    """The parts of NAME between separators, without blanks around them."""
    return [part.strip() for part in env_str(name).split(separator) if part.strip()]


def env_pairs(name: str) -> dict[str, str]:
    """The pairs `one=other` of NAME, between commas."""
    pairs = [part.partition("=") for part in env_list(name, ",")]
    if not all(key.strip() and value.strip() for key, _, value in pairs):
        raise ImproperlyConfigured(f"{name} is wrong. Write it as name=value,name=value.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def env_buckets(name: str) -> list[str]:
    """The places `s3://bucket/prefix` of NAME, between commas; each prefix ends with a slash."""
    try:
        return [str(address(part)) for part in env_list(name, ",")]
    except BucketError as problem:
        raise ImproperlyConfigured(f"{name} is wrong: {problem}") from None


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of the choices, in whatever case it was written."""
    value = env_str(name, default).strip().upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to one of {', '.join(choices)}.")
    return value


def env_secret(name: str, default: str = "") -> str:
    """A secret from NAME, or from the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return env_str(name, default)
    secret_files.append(Path(path).absolute())
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {problem.strerror}, {path}.") from None


def kept_secret(path: Path) -> str:
    """The secret kept in `path` (0600), made there on the first call."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        pass
    except OSError as problem:
        raise ImproperlyConfigured(f"{path} cannot be read: {problem.strerror}.") from None
    try:
        for folder in (path.parent.parent, path.parent):  # each for the portal's user alone
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    except OSError as problem:
        raise ImproperlyConfigured(
            f"{path.parent} cannot be written: {problem.strerror}. Make it writable, or set VAR_DIR elsewhere."
        ) from None
    secret = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret)
    return secret


@dataclass(frozen=True)
class Email:
    """How mail leaves the portal."""

    backend: str = "django.core.mail.backends.dummy.EmailBackend"
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def email_from_url(url: str) -> Email:
    """`smtp://user:password@host:587?tls=starttls`, or `smtps://…` for TLS from the first byte. Empty: no mail."""
    if not url:
        return Email()
    parts = urlsplit(url)
    wish = parse_qs(parts.query).get("tls", [""])[0]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or wish not in {"", "starttls"}:
        raise ImproperlyConfigured("EMAIL_URL is wrong. Write it as smtp://user:password@host:587?tls=starttls.")
    tls = parts.scheme == "smtps"
    return Email(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or (465 if tls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=wish == "starttls",
        tls=tls,
    )
