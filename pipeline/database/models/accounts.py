"""Who may log in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from pipeline.database.models.closed import choices, one_of
from pipeline.database.models.places import Division, Unit
from pipeline.forms.text_normalise import fold
from pipeline.model import Level


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> Account:
        account = self.model(username=self.model.normalize_username(username), folded=fold(username), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def get_by_natural_key(self, username: str | None) -> Account:
        """In any case and width: no two names fold to the same."""
        return self.get(folded=fold(username or ""))


class Account(AbstractBaseUser, PermissionsMixin):
    """AUTH_USER_MODEL. A school's account is opened by its county's CDC, and so on upwards (notice, three)."""

    username = models.CharField(max_length=60, unique=True)
    folded = models.CharField(max_length=60, unique=True)  # NFKC, casefolded: no two may look alike
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT)
    division = models.ForeignKey(Division, null=True, on_delete=models.PROTECT)
    level = models.CharField(max_length=10, blank=True, choices=choices(Level))
    holder = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    email = models.CharField(max_length=254, blank=True)
    is_active = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    must_change = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True)
    confirmed_on = models.DateField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_seq = models.BigIntegerField(default=0)  # the decision that opened it
    filing = models.BigIntegerField(null=True)  # 备案号 it was opened by
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=400, blank=True)

    USERNAME_FIELD = "username"
    objects = AccountManager()

    class Meta:
        db_table = "account"
        constraints: ClassVar = [one_of("account", "level", ("", *Level))]
