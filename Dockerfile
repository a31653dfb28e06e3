# wickstream as one image: each process is a command of it, and compose.yaml starts them all.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG UV_IMAGE=ghcr.io/astral-sh/uv:0.13.9

FROM ${UV_IMAGE} AS uv

FROM ${PYTHON_IMAGE} AS builder
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv --python python3 /opt/venv && uv pip sync --require-hashes --python /opt/venv requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY dags dags
COPY src src
RUN --mount=type=cache,target=/root/.cache/uv uv pip install --no-deps --python /opt/venv .
# Whoever has no network at its first start has the stream's jars too; they are checked by their sha256.
RUN WICKSTREAM_CACHE_DIR=/opt/wickstream /opt/venv/bin/wickstream fetch

FROM builder AS airflow-builder
RUN --mount=type=cache,target=/root/.cache/uv WICKSTREAM_CACHE_DIR=/opt/wickstream /opt/venv/bin/wickstream fetch --airflow

FROM ${PYTHON_IMAGE} AS base
# A user with a name: Hadoop's login, which Spark makes, fails without.
RUN groupadd --gid 10001 wickstream \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin wickstream \
 && install -d -o 10001 -g 10001 /data /secrets
COPY --from=builder /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2 \
    WICKSTREAM_DATA_DIR=/data WICKSTREAM_CACHE_DIR=/opt/wickstream WICKSTREAM_LISTEN_HOST=0.0.0.0 \
    LOG_FORMAT=json
WORKDIR /data
VOLUME ["/data", "/opt/wickstream"]
ENTRYPOINT ["wickstream"]

# With an Airflow beside it: 600 MB more, for who wants its schedule in Airflow (`--target airflow`).
FROM base AS airflow
COPY --from=airflow-builder --chown=10001:10001 /opt/wickstream /opt/wickstream
USER 10001:10001
EXPOSE 8020
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --retries=8 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8020/api/v2/monitor/health', timeout=4)"]
CMD ["schedule", "--run", "--airflow"]

FROM base AS wickstream
COPY --from=builder --chown=10001:10001 /opt/wickstream /opt/wickstream
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["serve"]
