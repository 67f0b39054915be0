# The app for a machine without a GPU: docker build -t gpunit . && docker run --rm -p 7860:7860 gpunit
# With an NVIDIA GPU: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128, and docker run --gpus all.
FROM python:3.11-slim

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    MPLCONFIGDIR=/tmp/matplotlib

WORKDIR /app

# First what changes seldom, so that a change of the code installs nothing anew.
COPY requirements.txt .
RUN pip install "torch>=2.9" "torchvision>=0.24" --index-url "$TORCH_INDEX" \
    && pip install -r requirements.txt

COPY . .

# Downloaded models land among the bundled ones; a named volume at /app/checkpoints starts as a copy and keeps them.
RUN useradd --uid 1000 --no-create-home --home-dir /nonexistent visitor && chown -R visitor checkpoints
USER 1000

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:7860/health', timeout=4)"]

# As its own process, so that `docker stop` reaches it and the jobs in hand are finished.
STOPSIGNAL SIGTERM
CMD ["python", "app.py"]
