# The image of the rooms: producers, streams, api and ui run from the checkout inside it.
FROM python:3.12-slim

RUN pip install --no-cache-dir uv==0.13.8
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
WORKDIR /app

# Dependencies change seldom, so they are a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --no-install-project
COPY . .
RUN uv sync --frozen --no-default-groups \
    && useradd --system --user-group oddlot \
    && install -d -o oddlot -g oddlot /var/lib/oddlot

# Two small roles fighting for cores are slower than one thread each.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    OMP_NUM_THREADS=1 \
    ODDLOT_STATE_DIR=/var/lib/oddlot
USER oddlot
CMD ["python", "-m", "api"]
