package dump

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgservicefile"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// connectTime bounds the opening of a connection, for a URL that says nothing about it.
const connectTime = 10 * time.Second

// way is how a server is reached, by the driver and by PostgreSQL's own programs alike.
type way struct {
	config *pgx.ConnConfig
	said   map[string]string // what the URL and its service say, by libpq's keywords
}

// parseWay understands what the driver does: a URL, keywords, a service, and the PG* variables of this process.
func parseWay(address string) (way, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return way{}, errors.New("the database URL cannot be understood") // the driver's error quotes it
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	w := way{config: config, said: said(address)}
	if service := firstOf(w.said["service"], os.Getenv("PGSERVICE")); service != "" {
		if err := w.readService(service); err != nil {
			return way{}, err
		}
	}
	if w.said["sslpassword"] != "" {
		return way{}, errors.New("the database URL has an sslpassword, which pg_dump can only be given where others see it: use a client key without one")
	}
	return w, nil
}

// readService adds what the service file says and the URL does not.
func (w way) readService(name string) error {
	path := firstOf(w.said["servicefile"], os.Getenv("PGSERVICEFILE"), home()+"/.pg_service.conf")
	file, err := pgservicefile.ReadServicefile(path)
	if err != nil {
		return fmt.Errorf("read the service file: %w", err)
	}
	service, err := file.GetService(name)
	if err != nil {
		return fmt.Errorf("the service file has no service %s", name)
	}
	for key, value := range service.Settings {
		if _, there := w.said[key]; !there {
			w.said[key] = value
		}
	}
	return nil
}

// to is the way to another database of the same server.
func (w way) to(database string) way {
	config := w.config.Copy()
	config.Database = database
	return way{config: config, said: w.said}
}

// connect opens a connection that no setting of a role or a database will cut: what it waits for may take long.
func (w way) connect(ctx context.Context, application string) (*pgx.Conn, error) {
	c := w.config.Copy()
	c.RuntimeParams["application_name"] = application
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	// A cancelled context cancels the statement on the server too, which else would run on.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 5 * time.Second}
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", w.config.Database, err)
	}
	if err := conn.PgConn().Exec(ctx, settings).Close(); err != nil {
		closeConn(ctx, conn)
		return nil, fmt.Errorf("set up the session: %w", err)
	}
	return conn, nil
}

// settings of a session. transaction_timeout exists from PostgreSQL 17 only. Without row_security a policy makes an error of what would
// be a count of less.
const settings = `
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET idle_session_timeout = 0;
SET default_transaction_read_only = off;
SET row_security = off;
SET search_path = pg_catalog;
SET client_min_messages = warning;
SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'`

// variables are the environment variables by which libpq takes what the driver has not resolved. Where the server is, who asks and
// with which password is always said by those that environ sets itself.
func variables() map[string]string {
	return map[string]string{
		"sslmode": "PGSSLMODE", "sslnegotiation": "PGSSLNEGOTIATION", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
		"sslcertmode": "PGSSLCERTMODE", "sslrootcert": "PGSSLROOTCERT", "sslcrl": "PGSSLCRL", "sslcrldir": "PGSSLCRLDIR", "sslsni": "PGSSLSNI",
		"ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION", "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
		"requirepeer": "PGREQUIREPEER", "require_auth": "PGREQUIREAUTH", "channel_binding": "PGCHANNELBINDING",
		"gssencmode": "PGGSSENCMODE", "krbsrvname": "PGKRBSRVNAME", "target_session_attrs": "PGTARGETSESSIONATTRS",
		"passfile": "PGPASSFILE", "options": "PGOPTIONS",
	}
}

// environ is the environment of a PostgreSQL program that is to reach what the driver reaches. Nothing of it becomes an argument, which
// every user of the machine could read. What the program does not need of our own environment (our other secrets, the socket of the
// service manager) stays here.
func (w way) environ(application string) []string {
	env := []string{"LC_ALL=C", "HOME=" + home(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	own := []string{"PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGSERVICEFILE", "PGAPPNAME", "PGCONNECT_TIMEOUT"}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		passed := strings.HasPrefix(name, "PG") && !slices.Contains(own, name) || strings.HasPrefix(name, "KRB5") || name == "LD_LIBRARY_PATH" || name == "TZ"
		if passed {
			env = append(env, entry)
		}
	}
	for key, name := range variables() {
		if value := w.said[key]; value != "" {
			env = append(env, name+"="+value) // the last one of a name counts
		}
	}
	if role := w.config.RuntimeParams["role"]; role != "" { // the tables may be those of a role that this one only may become
		env = append(env, "PGOPTIONS="+strings.TrimSpace(w.config.RuntimeParams["options"]+" -c role="+strings.NewReplacer(`\`, `\\`, " ", `\ `).Replace(role)))
	}
	hosts, ports := w.hosts()
	env = append(env, "PGHOST="+hosts, "PGPORT="+ports, "PGUSER="+w.config.User, "PGDATABASE="+w.config.Database,
		"PGAPPNAME="+application, "PGCONNECT_TIMEOUT="+strconv.Itoa(int(w.config.ConnectTimeout.Seconds())))
	if w.config.Password != "" {
		env = append(env, "PGPASSWORD="+w.config.Password)
	}
	return env
}

// hosts are the servers that the driver would try, as libpq's two lists. The driver has each twice where it may do without encryption.
func (w way) hosts() (hosts, ports string) {
	var h, p []string
	add := func(host string, port uint16) {
		text := strconv.Itoa(int(port))
		if n := len(h); n == 0 || h[n-1] != host || p[n-1] != text {
			h, p = append(h, host), append(p, text)
		}
	}
	add(w.config.Host, w.config.Port)
	for _, f := range w.config.Fallbacks {
		add(f.Host, f.Port)
	}
	return strings.Join(h, ","), strings.Join(p, ",")
}

// said are the settings of a URL's query or of a keyword string, as they stand there. The address is one that the driver understands.
func said(address string) map[string]string {
	out := map[string]string{}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		_, query, _ := strings.Cut(address, "?")
		query, _, _ = strings.Cut(query, "#")
		values, _ := url.ParseQuery(query) // what cannot be read of it the driver has refused
		for key, all := range values {
			out[key] = all[len(all)-1]
		}
		if out["ssl"] == "true" && out["sslmode"] == "" {
			out["sslmode"] = "require"
		}
		return out
	}
	for rest := strings.TrimSpace(address); rest != ""; rest = strings.TrimSpace(rest) {
		key, after, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		out[strings.TrimSpace(key)], rest = keywordValue(strings.TrimSpace(after))
	}
	return out
}

// keywordValue reads one value of a keyword string: a backslash takes the next character as it is, quotes hold spaces.
func keywordValue(text string) (value, rest string) {
	quoted := strings.HasPrefix(text, "'")
	if quoted {
		text = text[1:]
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '\'' && quoted, !quoted && strings.IndexByte(" \t\n\r\v\f", c) >= 0:
			return b.String(), text[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// home is the home directory of the user that we are by now: root's verbs become the service's user, who may not look into root's, and
// libpq takes a certificate that it may not look for as an error.
func home() string {
	if u, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		return u.HomeDir
	}
	return "/"
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
