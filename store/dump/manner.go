package dump

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// manner is what of a database is settled when it is made.
type manner struct {
	known                    bool // there is such a database
	encoding, collate, ctype string
	provider                 string  // of the locale: c (libc), i (icu), b (builtin)
	locale, rules            *string // of the others than libc
	tablespace               *string // nil: that of the templates, which needs no right to name
	sameAsTemplate1          bool
}

// The name of the column with the locale has changed with PostgreSQL 17, that of its rules came with 16.
const mannerSQL = `
WITH d AS (
    SELECT datname,
           pg_encoding_to_char(encoding) AS encoding,
           datcollate,
           datctype,
           datlocprovider::text AS provider,
           coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') AS locale,
           to_jsonb(d)->>'daticurules' AS rules,
           (SELECT spcname FROM pg_tablespace WHERE oid = dattablespace) AS tablespace
    FROM   pg_database AS d
)
SELECT d.encoding, d.datcollate, d.datctype, d.provider, d.locale, d.rules, nullif(d.tablespace, t.tablespace),
       coalesce((t.encoding, t.datcollate, t.datctype, t.provider, t.locale, t.rules)
                IS NOT DISTINCT FROM (d.encoding, d.datcollate, d.datctype, d.provider, d.locale, d.rules), false)
FROM   d LEFT JOIN d AS t ON t.datname = 'template1'
WHERE  d.datname = $1`

func mannerOf(ctx context.Context, conn *pgx.Conn, name string) (manner, error) {
	m := manner{known: true}
	err := conn.QueryRow(ctx, mannerSQL, name).
		Scan(&m.encoding, &m.collate, &m.ctype, &m.provider, &m.locale, &m.rules, &m.tablespace, &m.sameAsTemplate1)
	if errors.Is(err, pgx.ErrNoRows) {
		return manner{}, nil
	}
	if err != nil {
		return m, fmt.Errorf("read how the database %s was made: %w", name, err)
	}
	return m, nil
}

// templates are what the new database may be made from, best first. In template1 of our own server are the extensions that the role
// could not make; it can be the template of its own locale only.
func (m manner) templates() []string {
	if m.known && !m.sameAsTemplate1 {
		return []string{"template0"}
	}
	return []string{"template1", "template0"}
}

// options are what follows CREATE DATABASE and its name.
func (m manner) options(template string) string {
	var b strings.Builder
	b.WriteString(" TEMPLATE " + template)
	if !m.known {
		return b.String()
	}
	fmt.Fprintf(&b, " ENCODING %s LC_COLLATE %s LC_CTYPE %s", literal(m.encoding), literal(m.collate), literal(m.ctype))
	switch {
	case m.provider == "i" && m.locale != nil:
		b.WriteString(" LOCALE_PROVIDER icu ICU_LOCALE " + literal(*m.locale))
		if m.rules != nil {
			b.WriteString(" ICU_RULES " + literal(*m.rules))
		}
	case m.provider == "b" && m.locale != nil:
		b.WriteString(" LOCALE_PROVIDER builtin BUILTIN_LOCALE " + literal(*m.locale))
	default:
		b.WriteString(" LOCALE_PROVIDER libc")
	}
	if m.tablespace != nil {
		b.WriteString(" TABLESPACE " + quote(*m.tablespace))
	}
	return b.String()
}

// literal is a string of SQL, whatever standard_conforming_strings is.
func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
