"""Does nothing: the floor of every measurement."""

from fdk import response


def handler(ctx, data=None):
    return response.Response(ctx, response_data="{}", headers={"Content-Type": "application/json"})
