# cnnbench with PyTorch, on the CPU:
#   docker build -t cnnbench .
#   docker run --rm -v "$PWD/results:/work/results" cnnbench run smoke --backend torch-native
FROM python:3.11-slim

COPY constraints.txt pyproject.toml README.md CHANGELOG.md LICENSE /source/
COPY cnnbench /source/cnnbench
COPY recipes /source/recipes
COPY plugins /source/plugins
RUN pip install --no-cache-dir -c /source/constraints.txt \
        --extra-index-url https://download.pytorch.org/whl/cpu \
        /source "/source/plugins/cnnbench-keras[torch]" \
        /source/plugins/cnnbench-torch-native /source/plugins/cnnbench-scenes \
    && rm -rf /source \
    && useradd --create-home cnnbench \
    && install -d -o cnnbench /work

USER cnnbench
WORKDIR /work
ENTRYPOINT ["cnnbench"]
