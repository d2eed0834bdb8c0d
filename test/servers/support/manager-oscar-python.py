"""Calls upstream's client, unmodified, and prints what came of it as JSON.

Its argument, JSON: `options` of the client, `storage` whether its storage client is called (of the service `service`),
`method`, `args` and `kwargs`.
"""

import contextlib
import json
import sys

import requests
from oscar_python.client import Client


def call(given):
    client = Client(given["options"])
    if given["storage"]:
        client = client.create_storage_client(*filter(None, [given.get("service")]))
    result = getattr(client, given["method"])(*given["args"], **given["kwargs"])
    if isinstance(result, requests.Response):
        return {"status": result.status_code, "text": result.text}
    return {"value": result}


def main():
    with contextlib.redirect_stdout(sys.stderr):
        try:
            told = call(json.loads(sys.argv[1]))
        except requests.HTTPError as error:
            told = {"raised": error.response.status_code, "text": error.response.text}
        except ValueError as error:
            told = {"raised": "ValueError", "text": str(error)}
    print(json.dumps(told, default=str))


main()
