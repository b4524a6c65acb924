"""How the platform's Flask backend tells the worker of an upload: right after it has written the photo's record.

A worker finds new records by itself within seconds. Told, it begins at once. Nothing depends on the telling: where the worker
can't be reached the photo is found as ever, so a failure is a line in the log and no error for the photographer.

    RENDITIONS_HOOK_URL=http://127.0.0.1:9090/hooks/s3 RENDITIONS_HTTP_SECRET=… flask --app samples/flask_hook.py run
"""

import hashlib
import hmac
import json
import os
import urllib.request
from http.client import HTTPException

from flask import Flask, jsonify, request

app = Flask(__name__)


def tell_renditions(photo_id):
    """Asks for a photo's renditions; takes two seconds at most and raises nothing."""
    body = json.dumps([photo_id]).encode()
    secret = os.environ.get("RENDITIONS_HTTP_SECRET", "").encode()
    headers = {"X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}
    if "traceparent" in request.headers:
        headers["traceparent"] = request.headers["traceparent"]
    url = os.environ.get("RENDITIONS_HOOK_URL", "http://127.0.0.1:9090/hooks/s3") + "?wait=0"
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=2).close()
    except (OSError, HTTPException) as error:
        app.logger.warning("photo %s will be found by the next poll: %s", photo_id, error)


@app.post("/photos/<photo_id>/confirm")
def confirm(photo_id):
    """Where the backend confirms an upload. It writes the record here, as it does today, and then tells."""
    tell_renditions(photo_id)
    return jsonify(id=photo_id, status="processing")
