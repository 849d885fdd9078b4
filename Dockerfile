# One image for web, worker and beat. Runs as any user of group 0, with a read-only root.
FROM node:22-bookworm-slim AS client
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/base.txt

FROM python:3.11-slim-bookworm
# TLS to the clusters trusts what the system trusts, and then each cluster's own authority.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=aiops.settings.production \
    AIOPS_VAR_DIR=/var/lib/aiops
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY manage.py pyproject.toml LICENSE ./
COPY aiops/ aiops/
COPY apps/ apps/
COPY templates/ templates/
COPY static/ static/
COPY --from=client /src/static/client static/client
# The static files are part of the image; the values given here reach nothing that runs.
RUN SECRET_KEY=build AIOPS_SEALING_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build REDIS_URL=redis://build/0 \
    python manage.py collectstatic --no-input --verbosity 0 \
 && chgrp -R 0 /var/lib/aiops && chmod -R g=u /var/lib/aiops
USER 1001
EXPOSE 8000
# Asks by the first name that Django answers to.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", \
  "import os, urllib.request as u; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.*'); u.urlopen(u.Request('http://127.0.0.1:8000/health', headers={'Host': host or 'localhost'}), timeout=4)"]
# Waits for PostgreSQL and Redis, then becomes the command.
ENTRYPOINT ["python", "-m", "aiops.embedded", "run", "--"]
CMD ["python", "-m", "aiops.web", "-b", "0.0.0.0", "-p", "8000", "aiops.asgi:application"]
