# cnnbench with PyTorch, on the CPU, at work in the current folder:
#   docker build -t cnnbench .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" cnnbench run smoke --backend torch-native
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
    && useradd cnnbench \
    && install -d -m 1777 /work /home/cnnbench

# The cache is kept here by whichever user --user names.
ENV HOME=/home/cnnbench
USER cnnbench
WORKDIR /work
ENTRYPOINT ["cnnbench"]
