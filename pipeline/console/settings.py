"""Django's settings of the web process: the store's, and what pages need besides.

Sessions, lock-outs and second factors lie in a database file of the console's own: the store is written by its path
alone. `server.open_console` sets the place of that file and the names the site answers to.
"""

from __future__ import annotations

from pathlib import Path

from pipeline import resources
from pipeline.database import settings as store
from pipeline.database.settings import (  # noqa: F401  # Django reads them here
    AUTH_USER_MODEL,
    DATABASES,
    DEBUG,
    DEFAULT_AUTO_FIELD,
    LANGUAGE_CODE,
    PASSWORD_HASHERS,
    TIME_ZONE,
    USE_TZ,
)

OWN_APPS = ("sessions", "axes", "otp_totp", "otp_static", "django_cache")  # whose tables lie in the console's own file

INSTALLED_APPS = [
    *store.INSTALLED_APPS,
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]
DATABASE_ROUTERS = ["pipeline.console.own_tables.OwnTables"]
MIDDLEWARE = [
    "pipeline.console.safety.SafetyHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "pipeline.console.access.Gatekeeper",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "pipeline.console.gate.SiteGate"]
ROOT_URLCONF = "pipeline.console.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [resources.path("console")],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "pipeline.console.access.for_pages"],
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CACHES = {  # who saved which line a moment ago: seen by all processes of the server
    "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    "lines": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "saved_lines",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 20000},
    },
}

ALLOWED_HOSTS: list[str] = []
LOGIN_URL = "/login"

SESSION_COOKIE_AGE = 8 * 3600  # a working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "pipeline.console.views.login.outdated"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # what is typed; files are counted apart (safety.MOST_BODY)
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
DATA_UPLOAD_MAX_NUMBER_FILES = 301  # an office's heap is counted by its view

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "pipeline.console.views.login.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_SENSITIVE_PARAMETERS = ["password", "code"]
OTP_TOTP_ISSUER = "缺课监测"

LOGGING_CONFIG = None  # structlog is set up by the command
