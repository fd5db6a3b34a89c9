"""Every setting of the portal, read from the environment or `.env`; `.env.example` lists them with their defaults."""

from pathlib import Path

import environ

from jobsportal.web.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env.str("ENV_FILE", str(BASE_DIR / ".env")))

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or secret_key(VAR_DIR / "secret-key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The upstream: the one server that is ever called.
CVAT_URL = env.str("CVAT_URL", "http://localhost:8080").rstrip("/")
CVAT_PUBLIC_URL = env.str("CVAT_PUBLIC_URL", "").rstrip("/") or CVAT_URL
CVAT_NAME = env.str("CVAT_NAME", "CVAT")
CVAT_CONNECT_TIMEOUT = env.float("CVAT_CONNECT_TIMEOUT", 5.0)
CVAT_READ_TIMEOUT = env.float("CVAT_READ_TIMEOUT", 30.0)
CVAT_TOTAL_TIMEOUT = env.float("CVAT_TOTAL_TIMEOUT", 60.0)
CVAT_RETRIES = env.int("CVAT_RETRIES", 2)
CVAT_RETRY_AFTER_MAX = env.float("CVAT_RETRY_AFTER_MAX", 3.0)
CVAT_MAX_BODY_MIB = env.int("CVAT_MAX_BODY_MIB", 64)
CVAT_CA_BUNDLE = env.str("CVAT_CA_BUNDLE", "")

# Pages
PAGE_SIZE = env.int("PAGE_SIZE", 25)
STUCK_DAYS = env.int("STUCK_DAYS", 7)
NAMES_CACHE_SECONDS = env.int("NAMES_CACHE_SECONDS", 300)
# What was read of jobs whose frames are looked at: how much of it a process keeps, for how long, and for how long
# labels and frames are taken as unchanged (annotations are compared at each step).
FRAMES_CACHE_MIB = env.int("FRAMES_CACHE_MIB", 64)
FRAMES_CACHE_SECONDS = env.int("FRAMES_CACHE_SECONDS", 600)
FRAMES_FRESH_SECONDS = env.int("FRAMES_FRESH_SECONDS", 60)
POLL_SECONDS = env.float("POLL_SECONDS", 1.0)
UPLOAD_MAX_MIB = env.int("UPLOAD_MAX_MIB", 2048)
# What the pages' scripts send of a file at a time, at most.
UPLOAD_PIECE_MIB = 8
LOOK_MAX_MIB = env.int("LOOK_MAX_MIB", 64)
BACKUP_DAYS = env.int("BACKUP_DAYS", 30)
BACKUP_MAX_MIB = env.int("BACKUP_MAX_MIB", 256)
TRANSFERS_MAX = env.int("TRANSFERS_MAX", max(1, env.int("WEB_THREADS", 32) - 8))
# Bulk runs: how many jobs one may take, how many calls it has under way at a time, after how many seconds without a
# sign of life its worker is given up, and for how long it bears an upstream that is busy or gone.
RUN_MAX_JOBS = env.int("RUN_MAX_JOBS", 10_000)
RUN_PARALLEL = env.int("RUN_PARALLEL", 8)
RUN_LEASE_SECONDS = env.float("RUN_LEASE_SECONDS", 20.0)
RUN_PATIENCE_SECONDS = env.float("RUN_PATIENCE_SECONDS", 300.0)
# Bundles: how many jobs one may take, and how many of their exports are asked for at a time.
BUNDLE_MAX_JOBS = env.int("BUNDLE_MAX_JOBS", 5_000)
BUNDLE_PARALLEL = env.int("BUNDLE_PARALLEL", 8)
# Whether people may hand a finished export on by a link that needs no account.
SHARE_LINKS = env.bool("SHARE_LINKS", True)
WORKLOAD_CACHE_SECONDS = env.int("WORKLOAD_CACHE_SECONDS", 60)
LIVE_SECONDS = env.float("LIVE_SECONDS", 20.0)
SIGN_IN_ATTEMPTS = env.int("SIGN_IN_ATTEMPTS", 8)
SIGN_IN_LOCK_SECONDS = env.int("SIGN_IN_LOCK_SECONDS", 300)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "jobsportal.web",
    "jobsportal.accounts",
    "jobsportal.activity",
    "jobsportal.runs",
    "jobsportal.saved_views",
    "jobsportal.jobs",
    "jobsportal.distribute",
    "jobsportal.workload",
    "jobsportal.annotations",
    "jobsportal.looking",
    "jobsportal.exports",
    "jobsportal.bundles",
    "jobsportal.shares",
    "jobsportal.ground_truth",
    "jobsportal.server",
    "jobsportal.frames",
    "jobsportal.sandbox",
]

MIDDLEWARE = [
    "jobsportal.web.middleware.health",
    "jobsportal.web.middleware.limit_waiting",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jobsportal.web.middleware.request_id",
    "jobsportal.web.middleware.security_headers",
    "jobsportal.web.middleware.compress",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jobsportal.web.middleware.refuse_oversized",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jobsportal.accounts.middleware.signed_in_person",
    "jobsportal.web.errors.UpstreamErrorMiddleware",
]

ROOT_URLCONF = "jobsportal.urls"
WSGI_APPLICATION = "jobsportal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "jobsportal.web.context.portal",
                "jobsportal.exports.context.downloads",
            ],
            "builtins": ["jobsportal.web.templatetags.portal"],
        },
    },
]
FORM_RENDERER = "jobsportal.web.forms.PortalRenderer"

# Storage. SQLite and its cache table serve one machine; replicas share PostgreSQL and Redis by setting.
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Long work goes through Django's Tasks API: the database is the queue, or Redis is (`redis://host:6379/1`).
TASKS_URL = env.str("TASKS_URL", "")
TASKS = {"default": {"BACKEND": "django_tasks_rq.RQBackend" if TASKS_URL else "django_tasks_db.DatabaseBackend"}}
if TASKS_URL:
    INSTALLED_APPS.append("django_rq")
    # A run may last as long as it needs: its lease tells whether its worker lives, no time limit does.
    RQ_QUEUES = {"default": {"URL": TASKS_URL, "DEFAULT_TIMEOUT": -1}}

# A cache in a process's own memory would let each web process count sign-in attempts for itself.
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://portal_cache")}
if CACHES["default"]["BACKEND"].endswith("DatabaseCache"):
    # The default of 300 is fewer than the names on two pages.
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 50_000, **CACHES["default"].get("OPTIONS", {})}

SESSION_ENGINE = {
    "db": "django.contrib.sessions.backends.db",
    "cache": "django.contrib.sessions.backends.cache",
}[env.str("SESSION_STORE", "db")]
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 12 * 60 * 60)
SESSION_COOKIE_NAME = "portal_session"
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "portal_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "jobsportal.web.views.csrf_failure"

# HTTPS ends at a proxy in front; this says that it does.
HTTPS = env.bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31536000 if HTTPS else 0)
# What lies beneath the portal's own name, and preload lists, are not for the portal to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Forms here are small; files never count towards this and are spooled to disk, not held in memory.
# The longest JSON text that is taken, were all its letters of four bytes; other forms are bounded by a middleware.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The page for many files says how many it takes; this only has to let it.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", "") or VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# E-mail, for those who want to be told that a file is ready: `smtp+tls://user:password@host:587`; empty: none is sent.
EMAIL_URL = env.str("EMAIL_URL", "")
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "Jobs Portal <jobs-portal@localhost>")
EMAIL_TIMEOUT = 20
# Where people reach the portal, for links in e-mails; empty: as the request came in that asked for one
PORTAL_URL = env.str("PORTAL_URL", "").rstrip("/")

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "jobsportal.web.logs.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "jobsportal.web.logs.LineFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "jobsportal": {"level": LOG_LEVEL},
        "django": {"level": "WARNING"},
        # Answers such as 404 and 422 are in the access log already.
        "django.request": {"level": "ERROR"},
        # Scanners that name a foreign host are answered 400; a traceback for each would bury the rest.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
