"""Count the words of a batch of documents; an empty document is refused."""

import json

from fdk.response import Response


def handler(ctx, data=None):
    batch = json.loads(data.getvalue())
    empty = [document["id"] for document in batch["Items"] if not document["text"].strip()]
    if empty:
        return Response(ctx, f"nothing in {', '.join(empty)}", {"Fn-Task-Error": "EmptyDocument"})
    counts = {document["id"]: len(document["text"].split()) for document in batch["Items"]}
    answer = {"language": batch["BatchInput"]["language"], "words": counts}
    return Response(ctx, json.dumps(answer), {"Content-Type": "application/json"})
