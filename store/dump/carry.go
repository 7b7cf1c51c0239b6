package dump

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// carry gives the database called fresh what somebody has settled of the database called from, and a dump of one database does not
// hold: owner, limit of connections, settings, rights, comment. What the role may not do itself is told in words, without values.
type carry struct {
	from, fresh string
	warnings    []string
}

const databaseSQL = `
SELECT pg_get_userbyid(datdba),
       datconnlimit,
       datacl IS NOT NULL,
       shobj_description(oid, 'pg_database')
FROM   pg_database
WHERE  datname = $1`

const settingsSQL = `
SELECT coalesce(r.rolname, ''),
       unnest(s.setconfig)
FROM   pg_db_role_setting AS s
JOIN   pg_database AS d ON d.oid = s.setdatabase
LEFT   JOIN pg_roles AS r ON r.oid = s.setrole
WHERE  d.datname = $1
ORDER  BY 1, 2`

const rightsSQL = `
SELECT coalesce(r.rolname, ''),
       a.privilege_type,
       a.is_grantable
FROM   pg_database AS d
CROSS  JOIN aclexplode(d.datacl) AS a
LEFT   JOIN pg_roles AS r ON r.oid = a.grantee
WHERE  d.datname = $1 AND (a.grantee = 0 OR r.oid IS NOT NULL)
ORDER  BY 1, 2`

// act is a statement and what it is about.
type act struct{ about, sql string }

// run is a part of the transaction that swaps the two.
func (c *carry) run(ctx context.Context, tx pgx.Tx) error {
	acts, err := c.acts(ctx, tx)
	if err != nil {
		return err
	}
	for _, a := range acts {
		part, err := tx.Begin(ctx)
		if err != nil {
			return fmt.Errorf("carry over %s: %w", a.about, err)
		}
		_, err = part.Exec(ctx, a.sql)
		if err == nil {
			if err := part.Commit(ctx); err != nil {
				return fmt.Errorf("carry over %s: %w", a.about, err)
			}
			continue
		}
		if err := part.Rollback(ctx); err != nil {
			return fmt.Errorf("carry over %s: %w", a.about, err)
		}
		c.warnings = append(c.warnings, fmt.Sprintf("%s could not be carried over to the restored database (PostgreSQL error %s)", a.about, code(err)))
	}
	return nil
}

// acts are the statements, the change of the owner last: after it the role may have lost a right.
func (c *carry) acts(ctx context.Context, tx pgx.Tx) ([]act, error) {
	var (
		owner   string
		limit   int
		acl     bool
		comment *string
		acts    []act
	)
	if err := tx.QueryRow(ctx, databaseSQL, c.from).Scan(&owner, &limit, &acl, &comment); err != nil {
		return nil, fmt.Errorf("read the settings of the database %s: %w", c.from, err)
	}
	fresh := quote(c.fresh)
	if limit >= 0 {
		acts = append(acts, act{"the limit of connections", fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d", fresh, limit)})
	}
	if comment != nil {
		acts = append(acts, act{"the comment of the database", "COMMENT ON DATABASE " + fresh + " IS " + literal(*comment)})
	}
	settings, err := c.settings(ctx, tx)
	if err != nil {
		return nil, err
	}
	acts = append(acts, settings...)
	if acl {
		rights, err := c.rights(ctx, tx)
		if err != nil {
			return nil, err
		}
		acts = append(acts, rights...)
	}
	return append(acts, act{"the owner", "ALTER DATABASE " + fresh + " OWNER TO " + quote(owner)}), nil
}

func (c *carry) settings(ctx context.Context, tx pgx.Tx) ([]act, error) {
	var acts []act
	var role, entry string
	rows, err := tx.Query(ctx, settingsSQL, c.from)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&role, &entry}, func() error {
			name, value, _ := strings.Cut(entry, "=")
			sql, about := "ALTER DATABASE "+quote(c.fresh), "the setting "+name+" of the database"
			if role != "" {
				sql, about = "ALTER ROLE "+quote(role)+" IN DATABASE "+quote(c.fresh), "the setting "+name+" of the role "+role+" in the database"
			}
			acts = append(acts, act{about, sql + " SET " + setting(name) + " TO " + settingValue(name, value)})
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the settings of the database %s: %w", c.from, err)
	}
	return acts, nil
}

// setting is the name of one, which may have a dot.
func setting(name string) string { return pgx.Identifier(strings.Split(name, ".")).Sanitize() }

// settingValue is the value as SET takes it: of those that are lists of names each name is a value of its own.
func settingValue(name, value string) string {
	lists := []string{
		"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
		"unix_socket_directories",
	}
	if !slices.Contains(lists, name) {
		return literal(value)
	}
	var values []string
	for _, one := range splitNames(value) {
		values = append(values, literal(one))
	}
	return strings.Join(values, ", ")
}

// splitNames reads names that are parted by commas and may be quoted; at least one, which may be empty.
func splitNames(text string) []string {
	var out []string
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && quoted && i+1 < len(text) && text[i+1] == '"':
			b.WriteByte(c)
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			out = append(out, b.String())
			b.Reset()
		case c == ' ' && !quoted:
		default:
			b.WriteByte(c)
		}
	}
	return append(out, b.String())
}

func (c *carry) rights(ctx context.Context, tx pgx.Tx) ([]act, error) {
	fresh := quote(c.fresh)
	acts := []act{{"the rights of everybody", "REVOKE ALL ON DATABASE " + fresh + " FROM PUBLIC"}}
	var role, right string
	grantable := false
	rows, err := tx.Query(ctx, rightsSQL, c.from)
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&role, &right, &grantable}, func() error {
			to := "PUBLIC"
			if role != "" {
				to = quote(role)
			}
			sql := "GRANT " + right + " ON DATABASE " + fresh + " TO " + to
			if grantable {
				sql += " WITH GRANT OPTION"
			}
			acts = append(acts, act{"the right " + right + " of " + to, sql})
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the rights of the database %s: %w", c.from, err)
	}
	return acts, nil
}
