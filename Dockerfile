# The daemon and the operator's commands in one image: docker build -t smoney-bot .
# To build on another base: --build-arg PYTHON_IMAGE=...

ARG PYTHON_IMAGE=python:3.13-slim

# --- build: what requirements.lock lists, checked by hash, and our own wheel ---------
FROM ${PYTHON_IMAGE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# Without pip: nothing that installs anything reaches the last stage with it.
RUN python -m venv --without-pip /opt/smoney && python -m venv tools

# Wheels, but for docopt, which there is as source only: its hash is checked as well, and
# nothing that builds it comes from elsewhere.
COPY requirements.lock requirements-build.lock ./
RUN tools/bin/pip install --only-binary :all: --require-hashes -r requirements-build.lock
RUN tools/bin/pip wheel --only-binary :all: --no-binary docopt --no-build-isolation \
        --require-hashes -w wheels -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY smoney_bot smoney_bot
RUN tools/bin/pip wheel --no-deps --no-build-isolation --no-index -w wheels . \
    && tools/bin/pip --python /opt/smoney/bin/python install --no-deps --no-index wheels/*.whl \
    && tools/bin/pip --python /opt/smoney/bin/python check

# --- the image: Python, the wheels, and a user who owns one folder -------------------
FROM ${PYTHON_IMAGE}

LABEL org.opencontainers.image.title="smoney-bot" \
      org.opencontainers.image.description="Pay people and associations by a post on X" \
      org.opencontainers.image.licenses="MIT"

# Fixed numbers, so that folders outside can be given to this user.
RUN groupadd --gid 10001 smoney \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/smoney \
        --shell /usr/sbin/nologin smoney \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/smoney

COPY --from=build /opt/smoney /opt/smoney

# No database here: a setting of the environment would win over a secret file. Without
# one, the book is SQLite's smoney.db in the folder below.
ENV PATH=/opt/smoney/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SMONEY_HOST=0.0.0.0 \
    SMONEY_PORT=8000 \
    SMONEY_LOG_FORMAT=json

USER 10001:10001
WORKDIR /var/lib/smoney
VOLUME /var/lib/smoney
EXPOSE 8000
STOPSIGNAL SIGTERM

# Alive, not ready: a restart does not help a database that is away. Without urllib,
# which would send this through a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; line = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); line.request('GET', '/health/live'); sys.exit(line.getresponse().status != 200)"]

ENTRYPOINT ["smoney-bot"]
CMD ["serve"]
