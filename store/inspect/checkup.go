package inspect

import (
	"context"
	"time"
)

// Checkup is what an installation depends on beside the server's own health: the role, the extensions, the database, the way to it.
type Checkup struct {
	Now time.Time `json:"now"` // by the server's clock, when it answered

	Role      string `json:"role"`
	Superuser bool   `json:"superuser"`
	CreateDB  bool   `json:"createdb"`
	Monitor   bool   `json:"pg_monitor"`
	Signal    bool   `json:"pg_signal_backend"`

	Database  string `json:"database"`
	Encoding  string `json:"encoding"`
	Collation string `json:"collation"` // how the server sorts texts now, and as it did when the database was made; empty: it has no versions
	Sorted    string `json:"sorted"`
	Bytes     int64  `json:"bytes"`

	Preloaded  bool `json:"preloaded"` // pg_stat_statements; false too where the setting may not be seen
	Statements bool `json:"pg_stat_statements"`
	Tuple      bool `json:"pgstattuple"`
	// Installable says that the server has the files of both extensions.
	Installable bool `json:"installable"`

	Remote    bool   `json:"remote"` // it was reached over a network that is not the machine's own
	Encrypted bool   `json:"encrypted"`
	Port      string `json:"port"`
	Sockets   string `json:"socket_directories"` // what only pg_monitor sees is empty for others, like what follows
	Listen    string `json:"listen_addresses"`
	Cluster   string `json:"cluster_name"`
	Data      string `json:"data_directory"`
	Config    string `json:"config_file"`

	// Limit is how many sessions the role may have in this database, less than the server's own limit; -1: as many as that.
	Limit int `json:"limit"`
}

const checkupSQL = `
SELECT /* healthagent:checkup */
       clock_timestamp() AS now,
       current_user::text AS role,
       r.rolsuper AS superuser,
       r.rolcreatedb OR r.rolsuper AS create_db,
       pg_has_role(current_user, 'pg_monitor', 'USAGE') AS monitor,
       pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS signal,
       d.datname::text AS database,
       pg_encoding_to_char(d.encoding)::text AS encoding,
       coalesce(pg_database_collation_actual_version(d.oid), '') AS collation,
       coalesce(d.datcollversion, '') AS sorted,
       pg_database_size(d.oid) AS bytes,
       coalesce(string_to_array(replace(s.libraries, ' ', ''), ',') @> '{pg_stat_statements}', false)
           OR current_setting('pg_stat_statements.max', true) IS NOT NULL AS preloaded,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS statements,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pgstattuple') AS tuple,
       (SELECT count(*) = 2 FROM pg_available_extensions WHERE name IN ('pg_stat_statements', 'pgstattuple')) AS installable,
       coalesce(NOT inet_client_addr() <<= ANY ('{127.0.0.0/8,::1/128}'::inet[]), false) AS remote,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
       current_setting('port') AS port,
       coalesce(s.sockets, '') AS sockets,
       coalesce(s.listen, '') AS listen,
       coalesce(s.cluster, '') AS cluster,
       coalesce(s.data, '') AS data,
       coalesce(s.config, '') AS config,
       CASE WHEN greatest(r.rolconnlimit, d.datconnlimit) < 0 THEN -1
            WHEN least(r.rolconnlimit, d.datconnlimit) < 0 THEN greatest(r.rolconnlimit, d.datconnlimit)
            ELSE least(r.rolconnlimit, d.datconnlimit) END AS "limit"
FROM   pg_database d
JOIN   pg_roles r ON r.rolname = current_user
CROSS  JOIN (
       SELECT max(setting) FILTER (WHERE name = 'shared_preload_libraries') AS libraries,
              max(setting) FILTER (WHERE name = 'unix_socket_directories') AS sockets,
              max(setting) FILTER (WHERE name = 'listen_addresses') AS listen,
              max(setting) FILTER (WHERE name = 'cluster_name') AS cluster,
              max(setting) FILTER (WHERE name = 'data_directory') AS data,
              max(setting) FILTER (WHERE name = 'config_file') AS config
       FROM   pg_settings
       ) s
WHERE  d.datname = current_database()`

// Checkup looks at what an installation depends on. It takes part of a second.
func (i *Inspector) Checkup(ctx context.Context) (Checkup, error) {
	var found Checkup
	err := i.look(ctx, "look at the installation", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = one[Checkup](ctx, s, checkupSQL)
		return err
	})
	return found, err
}

// Backlog is what the messages on their way suffer from.
type Backlog struct {
	Tables  bool     `json:"tables"`   // there are such queues
	Dead    int      `json:"dead"`     // updates of the last week that were given up
	Parked  int      `json:"parked"`   // updates of the last week of a shape that is not known
	Refused int      `json:"refused"`  // messages of the last week that Telegram refused
	Pending int      `json:"pending"`  // updates that wait
	PendS   *Seconds `json:"pend_s"`   // the oldest of them
	Unsent  int      `json:"unsent"`   // messages that are due and have not been sent
	UnsentS *Seconds `json:"unsent_s"` // the oldest of them, since it was due
}

const backlogTablesSQL = `
SELECT /* healthagent:backlog_tables */ to_regclass('public.inbox') IS NOT NULL AND to_regclass('public.outbox') IS NOT NULL AS tables`

const backlogSQL = `
SELECT /* healthagent:backlog */ true AS tables, i.*, o.*
FROM  (SELECT count(*) FILTER (WHERE state = 'dead' AND received_at > now() - interval '7 days') AS dead,
              count(*) FILTER (WHERE state = 'parked' AND received_at > now() - interval '7 days') AS parked,
              count(*) FILTER (WHERE state IN ('new', 'retry')) AS pending,
              extract(epoch FROM clock_timestamp() - min(received_at) FILTER (WHERE state IN ('new', 'retry')))::float8 AS pend_s
       FROM   inbox) AS i,
      (SELECT count(*) FILTER (WHERE state = 'failed' AND created_at > now() - interval '7 days') AS refused,
              count(*) FILTER (WHERE state = 'pending' AND not_before <= now()) AS unsent,
              extract(epoch FROM clock_timestamp() - min(greatest(created_at, not_before)) FILTER (WHERE state = 'pending' AND not_before <= now()))::float8 AS unsent_s
       FROM   outbox) AS o`

// Backlog looks at the queues. Nothing is in it when the tables are not there yet.
func (i *Inspector) Backlog(ctx context.Context) (Backlog, error) {
	var found Backlog
	err := i.look(ctx, "look at the queues", unhasty, func(ctx context.Context, s *session) (err error) {
		if found, err = one[Backlog](ctx, s, backlogTablesSQL); err != nil || !found.Tables {
			return err
		}
		found, err = one[Backlog](ctx, s, backlogSQL)
		return err
	})
	return found, err
}
