"""The custom user: a name and an e-mail address, nothing else to sign in with."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """People are made by invitation or by the first-administrator link; there is no superuser."""

    def create_user(self, email: str, name: str, password: str | None = None, **fields: Any) -> "User":
        """A person who signs in with `email`. Without a password the account cannot sign in yet."""
        user = self.model(email=self.normalize_email(email).lower(), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person. Administrators manage people, catalogue and keys, and never answer or sign."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=150)
    is_administrator = models.BooleanField(default=False)
    theme = models.CharField(max_length=5, blank=True, default="")  # "", light or dark

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            # A superuser would pass every permission check unseen.
            models.CheckConstraint(condition=Q(is_superuser=False), name="accounts_no_superuser"),
            models.UniqueConstraint(Lower("email"), name="accounts_email_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
