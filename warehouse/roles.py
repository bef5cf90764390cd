"""A PostgreSQL role that reads and nothing else, as SQL to be looked at and run by whoever owns the warehouse."""

from __future__ import annotations

import re

#: Tables with the names and addresses of people, and what they were told: nothing for whoever only reads.
WITHHELD = ("contact", "notice")

#: What a role may be called without surprises in any tool that connects with it.
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_SCRIPT = """\
-- Vai trò chỉ đọc {name} cho người phân tích. Chạy bằng chủ của kho; chạy lại cũng an toàn.
-- A role {name} that only reads, for analysts. Run as the warehouse's owner; may be run again.
--   psql "$TONGKET_WAREHOUSE_URL" -v ON_ERROR_STOP=1 -f {name}.sql   rồi · then:   \\password {name}
BEGIN;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 20;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}'
             AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)) THEN
    RAISE EXCEPTION 'role {name} exists and may do more than read; choose another name';
  END IF;
  IF EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = '{name}') THEN
    RAISE EXCEPTION 'role {name} is a member of other roles; choose another name';
  END IF;
  IF EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = '{name}') THEN
    RAISE EXCEPTION 'role {name} owns tables; choose another name';
  END IF;
END $$;

-- Thói quen của mỗi kết nối; điều không cho ghi là các quyền ở dưới.
-- Habits of each connection; what forbids writing are the rights below.
ALTER ROLE "{name}" SET default_transaction_read_only = on;
ALTER ROLE "{name}" SET statement_timeout = '{seconds}s';
ALTER ROLE "{name}" SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE "{name}" SET search_path = "{schema}";

DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC, "{name}"', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO "{name}"', current_database());
END $$;
REVOKE CREATE ON SCHEMA "{schema}" FROM PUBLIC, "{name}";
REVOKE ALL ON ALL TABLES IN SCHEMA "{schema}" FROM PUBLIC, "{name}";
GRANT USAGE ON SCHEMA "{schema}" TO "{name}";
GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{name}";
-- Trừ tên, địa chỉ của người nhận thông báo. · But not the names and addresses of people.
REVOKE ALL ON {withheld} FROM PUBLIC, "{name}";
-- Cả những bảng mà các phiên bản sau sẽ thêm. · Also the tables that later versions will add.
ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT ON TABLES TO "{name}";

-- Đối tượng lớn thì ai cũng tạo được nếu không thu lại; chỉ siêu người dùng thu lại được.
-- Anybody may create large objects unless that right is taken back, which only a superuser can do.
DO $$
DECLARE
  writing text;
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    FOR writing IN
      SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
        AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64')
    LOOP
      EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || writing || ' FROM PUBLIC';
    END LOOP;
  END IF;
END $$;

COMMIT;
"""


def reader_script(name: str, *, seconds: int = 60, schema: str = "public") -> str:
    """The SQL that makes ``name`` a role which reads every table and mart of ``schema``, those to come included, except
    :data:`WITHHELD`.

    It holds no password. Raises ``ValueError`` for a name or schema that is not a plain lower-case word.
    """
    for word in (name, schema):
        if not NAME.fullmatch(word):
            raise ValueError(f"{word!r} is not a name of lower-case letters, digits and _")
    withheld = ", ".join(f'"{schema}"."{table}"' for table in WITHHELD)
    return _SCRIPT.format(name=name, schema=schema, seconds=seconds, withheld=withheld)
