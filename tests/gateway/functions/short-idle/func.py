import os
import time


def handler(ctx, data=None):
    time.sleep(float(data.getvalue() or 0))
    return str(os.getpid())
