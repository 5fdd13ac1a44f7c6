# One image for every role: `serve` runs all of them, `serve --only api|worker|deliver` one.
# docker-compose.yml shows how they belong together.

FROM python:3.13-slim AS build
WORKDIR /build
# A compiler for what has no wheel for this machine (pycld2 on ARM); it stays behind in this stage.
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/antechamber
# requirements-reader.lock brings the second reader along, which reads meaning (docs/reader.md): 0.2 GB more.
ARG LOCK=requirements.lock
COPY requirements.lock requirements-reader.lock ./
RUN /opt/antechamber/bin/pip install --no-cache-dir --require-hashes -r ${LOCK}
COPY pyproject.toml README.md LICENSE ./
COPY classifier classifier
COPY service service
RUN /opt/antechamber/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN groupadd --system --gid 10001 antechamber \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin antechamber \
 && install -d -o antechamber -g antechamber -m 0700 /data /secrets
COPY --from=build /opt/antechamber /opt/antechamber
ENV PATH=/opt/antechamber/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ANTECHAMBER_HOST=0.0.0.0 \
    ANTECHAMBER_PORT=8080 \
    ANTECHAMBER_DATA_DIR=/data \
    ANTECHAMBER_SECRETS_DIR=/secrets
USER antechamber
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["antechamber"]
CMD ["serve"]
