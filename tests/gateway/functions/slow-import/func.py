import time

time.sleep(0.5)


def handler(ctx, data=None):
    return "imported"
