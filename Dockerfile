FROM fn-states-base:latest
COPY func.py /function/func.py
