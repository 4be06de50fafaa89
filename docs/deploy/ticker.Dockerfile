# The ticker as a container; the context is the folder `gateway`:
#   docker build -t fn-states-ticker -f docs/deploy/ticker.Dockerfile gateway
#   docker run -d --restart always fn-states-ticker --api http://172.17.0.1:8080 --app states
FROM python:3.11-slim
RUN pip install --no-cache-dir aiohttp==3.14.5 croniter==7.0.0
COPY . /app/gateway
WORKDIR /app
USER 1000:1000
ENTRYPOINT ["python3", "-m", "gateway.ticker"]
