#!/bin/sh
# Run once by the image, when the data folder is empty: a role that owns one database and rules nothing.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/database_password)" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE steward LOGIN PASSWORD :'password';
CREATE DATABASE steward OWNER steward;
REVOKE CONNECT ON DATABASE steward FROM PUBLIC;
SQL
