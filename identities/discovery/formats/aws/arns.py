"""Amazon resource names, and the other names by which sources know one thing."""

import re

_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):(.+)")
USER, ROLE = "iam_user", "iam_role"


def account_of(arn: str) -> str:
    """The account in the ARN, "" for what is no ARN of IAM."""
    found = _ARN.fullmatch(arn)
    return found.group(1) if found else ""


def resource_of(arn: str) -> str:
    """What stands behind the account: "user/team/x", "root", or "" for what is no ARN of IAM."""
    found = _ARN.fullmatch(arn)
    return found.group(2) if found else ""


def name_of(arn: str) -> str:
    """The last part of the ARN: the user's or the role's name, without its path."""
    return resource_of(arn).rpartition("/")[2]


def key_alias(access_key_id: str) -> str:
    """The name that listings and infrastructure state share where neither tells the account."""
    return f"aws:access-key:{access_key_id}"


def unique_alias(unique_id: str) -> str:
    """The name by AWS's own id (AIDA…, AROA…), which a user of the same name made later does not get."""
    return f"aws:unique-id:{unique_id}"


def user_alias(name: str) -> str:
    """The name by which listings that tell no account mean a user: it holds within one account alone."""
    return f"./user/{name.lower()}"
