# The ticker as a container, from the root of the repository:
#   docker build -t fn-states-ticker -f docs/deploy/ticker.Dockerfile .
#   docker run -d --restart always fn-states-ticker --api http://172.17.0.1:8080 --app states
FROM python:3.11-slim
WORKDIR /app
COPY pyproject.toml .
RUN python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["gateway"], sep="\n")' > requirements.txt \
 && pip install --no-cache-dir -r requirements.txt
COPY gateway gateway
USER 1000:1000
ENTRYPOINT ["python3", "-m", "gateway.ticker"]
