"""Django's settings that are the same for every site. Others (the place of the store, the secret) are set by
`database.open`; nothing else in the product reads this module.
"""

from __future__ import annotations

from typing import Any

DEBUG = False
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "pipeline.database"]
AUTH_USER_MODEL = "database.Account"
AUTHENTICATION_BACKENDS = ["pipeline.accounts.auth_backend.Gate"]
PASSWORD_HASHERS = ["pipeline.accounts.hashers.Argon2id"]
DATABASES: dict[str, dict[str, Any]] = {}
