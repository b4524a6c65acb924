"""Does what the platform's backend does around an upload, with the client that it uses.

Reads a JSON list of photos from standard input, each with id, gallery_id, filename, path of a file, and perhaps
attributes in DynamoDB's own JSON that replace or join the backend's; puts the original and writes the record.
"""

import base64
import datetime
import json
import os
import sys

import botocore.session

session = botocore.session.get_session()
options = {"region_name": os.environ["AWS_REGION"], "endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
s3 = session.create_client("s3", **options)
dynamodb = session.create_client("dynamodb", **options)
bucket, renditions = os.environ["S3_PHOTOS_BUCKET"], os.environ["S3_RENDITIONS_BUCKET"]


def text(value):
    return {"S": value}


def number(value):
    return {"N": str(value)}


for photo in json.load(sys.stdin):
    with open(photo["path"], "rb") as file:
        data = file.read()
    key = f"{photo['gallery_id']}/{photo['id']}_{photo['filename']}"
    stem = key.split("/")[-1].rsplit(".", 1)[0]
    s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType="image/jpeg")
    now = datetime.datetime.utcnow().isoformat() + "Z"
    base = f"{options['endpoint_url']}/{renditions}/renditions/{photo['gallery_id']}/{stem}"
    item = {
        "id": text(photo["id"]),
        "gallery_id": text(photo["gallery_id"]),
        "user_id": text("user-1"),
        "filename": text(photo["filename"]),
        "original_filename": text(photo["filename"]),
        "s3_key": text(key),
        "file_size": number(len(data)),
        "size_mb": number(round(len(data) / 1048576, 2)),
        "url": text(f"{options['endpoint_url']}/{bucket}/{key}"),
        "original_download_url": text(f"{options['endpoint_url']}/{bucket}/{key}"),
        "thumbnail_url": text(f"{base}_thumbnail.jpg"),
        "small_thumb_url": text(f"{base}_small.jpg"),
        "medium_url": text(f"{base}_medium.jpg"),
        "large_url": text(f"{base}_large.jpg"),
        "title": text(""),
        "description": text(""),
        "tags": {"L": []},
        "status": text("processing"),
        "processing_started_at": text(now),
        "views": number(0),
        "downloads": number(0),
        "comments": {"L": []},
        "created_at": text(now),
        "updated_at": text(now),
    }
    for name, value in photo.get("attributes", {}).items():
        # The client wants bytes as bytes.
        item[name] = {"B": base64.b64decode(value["B"])} if "B" in value else value
    dynamodb.put_item(TableName=os.environ["DYNAMODB_TABLE_PHOTOS"], Item=item)
