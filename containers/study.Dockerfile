# The server of a human study (docs/study.md), without torch: what it imports and nothing else.
#
#   docker build --file containers/study.Dockerfile --tag maskbench-study .
#   docker run --read-only --user "$(id -u)" --volume "$PWD/study:/study" \
#       --publish 127.0.0.1:8000:8000 maskbench-study --url https://study.example.org
FROM python:3.11-slim
COPY requirements.lock pyproject.toml README.md LICENSE /source/
COPY src /source/src
RUN grep -ivE '^(#|nvidia|cuda|triton)' /source/requirements.lock > /source/pins.txt \
    && pip install --no-cache-dir --constraint /source/pins.txt \
        itsdangerous jinja2 pydantic pyyaml sqlalchemy starlette typer uvicorn psycopg[binary] \
    && pip install --no-cache-dir --no-deps /source \
    && rm -r /source
ENV PYTHONUNBUFFERED=1
USER nobody
VOLUME /study
EXPOSE 8000
ENTRYPOINT ["maskbench", "study", "serve", "/study", "--host", "0.0.0.0"]
