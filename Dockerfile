# The service and the simulator, without root and without a compiler. Built and used by docker-compose.yml.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/venv
WORKDIR /src
# First what changes seldom, so that a change of our own code does not install everything anew.
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --only-binary :all: --require-hashes -r requirements.lock
COPY LICENSE README.md pyproject.toml ./
COPY gauge_ingest ./gauge_ingest
COPY simulator ./simulator
RUN /opt/venv/bin/pip install --no-deps .

FROM python:3.13-slim
# The number is fixed: volumes and secrets belong to it (config/compose/secrets.sh).
RUN groupadd --gid 10001 gauge \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/gauge-ingest --shell /usr/sbin/nologin gauge \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/gauge-ingest
COPY --from=build /opt/venv /opt/venv
# The shipped configuration, so that the image runs by itself; compose lays the folder of the host over it, so that a
# new station needs no new image.
COPY config /etc/gauge-ingest
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GAUGE_CONFIG=/etc/gauge-ingest
WORKDIR /var/lib/gauge-ingest
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["gauge-ingest", "health"]
CMD ["gauge-ingest", "run"]
