"""Lets everybody read a bucket, as somebody in a hurry does: bucket_policy.py BUCKET ACTION RESOURCE"""

import json
import os
import sys

import botocore.session

bucket, action, resource = sys.argv[1:]
s3 = botocore.session.get_session().create_client(
    "s3", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL"]
)
s3.delete_public_access_block(Bucket=bucket)
statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": f"arn:aws:s3:::{bucket}{resource}"}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
