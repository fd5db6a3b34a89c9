# The portal in one image: Python, what requirements.txt pins, the code and the collected static files.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /venv
WORKDIR /app
COPY requirements.txt .
RUN pip --python /venv/bin/python install -r requirements.txt
COPY . .
RUN VAR_DIR=/tmp/var STATIC_ROOT=/static /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q jobsportal

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install --directory --owner=portal --group=portal --mode=0700 /var/lib/jobs-portal
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/var/lib/jobs-portal \
    STATIC_ROOT=/static
USER portal
VOLUME /var/lib/jobs-portal
EXPOSE 8000
# Probes are answered whatever host they name, so ALLOWED_HOSTS needs nothing for this.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=3)"]
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py createcachetable && python manage.py clearsessions && python manage.py purgebackups && python manage.py purgeruns && python manage.py purgeshares && python manage.py purgebundles && exec python -m jobsportal.serve"]
