package migrations

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// State is where a migration stands.
type State string

// The states of a migration.
const (
	Pending State = "pending" // not in the ledger
	Running State = "running" // being applied or rolled back at this moment
	Applied State = "applied"
	Held    State = "held"    // rolled back; Up leaves it alone unless it is named
	Partial State = "partial" // some of its indexes exist; Up and Down both lead out
	Failed  State = "failed"  // nothing of it exists; the next Up tries again
)

// direction tells which way a running or partial migration goes.
type direction string

const (
	up   direction = "up"
	down direction = "down"
)

// record is one row of the ledger.
type record struct {
	Version       int
	Name          string
	Class         Class
	Additive      bool
	State         State
	Direction     direction
	ChecksumUp    string
	ChecksumDown  string
	UpSQL         string
	DownSQL       string // empty when irreversible
	Irreversible  string
	Done, Total   int
	Objects       []Object // of an index-only migration, in the order of its file
	StartedAt     time.Time
	FinishedAt    *time.Time
	AppliedAt     *time.Time
	Duration      time.Duration
	BinaryVersion string
	OSUser        string
	Error         string
}

// present reports whether objects of the migration are in the database.
func (r record) present() bool { return r.State == Applied || r.State == Partial }

// concurrent reports whether the running direction works outside a transaction.
func (r record) concurrent() bool {
	if r.Direction == down {
		s, err := parseScript("rollback", r.DownSQL)
		return err == nil && s.NoTransaction
	}
	return r.Class == IndexOnly
}

// settled returns what a running row means when nobody holds the lock: its
// process died. A transaction left nothing behind; a statement on its own may have.
func (r record) settled() record {
	if r.State != Running {
		return r
	}
	r.Error = "interrupted"
	switch {
	case r.concurrent():
		r.State = Partial
	case r.Direction == down:
		r.State, r.Error = Applied, "rollback interrupted"
	default:
		r.State = Failed
	}
	return r
}

// The ledger is made under the migration lock, so two first starts cannot
// collide. Texts of both files are kept: the rollback for older binaries, the up
// so that drift can be shown against what really ran.
const createLedger = `
CREATE TABLE public.schema_migrations (
    version          integer     PRIMARY KEY CHECK (version > 0),
    name             text        NOT NULL,
    class            text        NOT NULL CHECK (class IN ('index-only', 'rebuildable', 'loses-rows')),
    additive         boolean     NOT NULL,
    state            text        NOT NULL CHECK (state IN ('running', 'applied', 'failed', 'held', 'partial')),
    direction        text        NOT NULL CHECK (direction IN ('up', 'down')),
    checksum_up      text        NOT NULL,
    checksum_down    text        NOT NULL,
    up_sql           text        NOT NULL,
    down_sql         text        NOT NULL,
    irreversible     text        NOT NULL DEFAULT '',
    statements_done  integer     NOT NULL DEFAULT 0,
    statements_total integer     NOT NULL,
    held             jsonb       NOT NULL DEFAULT '[]',
    objects          jsonb       NOT NULL DEFAULT '[]',
    started_at       timestamptz NOT NULL,
    finished_at      timestamptz,
    applied_at       timestamptz,
    duration         interval    NOT NULL DEFAULT '0',
    binary_version   text        NOT NULL DEFAULT '',
    os_user          text        NOT NULL DEFAULT '',
    error            text        NOT NULL DEFAULT ''
);
COMMENT ON TABLE public.schema_migrations IS 'ledger of the migrations: change it only through migrate'`

// Ours is told from another tool's table of this well-worn name by a column that
// only ours has.
const findLedger = `
SELECT to_regclass('public.schema_migrations') IS NOT NULL,
       EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = to_regclass('public.schema_migrations') AND attname = 'statements_total')`

// ledgerExists tells whether there is a ledger; ErrForeignLedger when the table
// is another program's.
func ledgerExists(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var table, ours bool
	if err := conn.QueryRow(ctx, findLedger).Scan(&table, &ours); err != nil {
		return false, fmt.Errorf("look for the ledger: %w", err)
	}
	if table && !ours {
		return false, ErrForeignLedger
	}
	return table, nil
}

// ensureLedger makes the ledger if there is none. The lock must be held.
func ensureLedger(ctx context.Context, conn *pgx.Conn) error {
	exists, err := ledgerExists(ctx, conn)
	if err != nil || exists {
		return err
	}
	if err := conn.PgConn().Exec(ctx, createLedger).Close(); err != nil {
		return fmt.Errorf("create the ledger: %w", err)
	}
	return nil
}

const selectLedger = `
SELECT version,
       name,
       class,
       additive,
       state,
       direction,
       checksum_up,
       checksum_down,
       up_sql,
       down_sql,
       irreversible,
       statements_done,
       statements_total,
       objects::text,
       started_at,
       finished_at,
       applied_at,
       (extract(epoch FROM duration) * 1000000)::bigint,
       binary_version,
       os_user,
       error
FROM public.schema_migrations
ORDER BY version`

// readLedger returns all rows by version; none when there is no ledger yet.
func readLedger(ctx context.Context, conn *pgx.Conn) ([]record, error) {
	exists, err := ledgerExists(ctx, conn)
	if err != nil || !exists {
		return nil, err
	}
	rows, err := conn.Query(ctx, selectLedger)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanRecord)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return out, nil
}

func scanRecord(row pgx.CollectableRow) (record, error) {
	var (
		r       record
		objects string
		micros  int64
	)
	err := row.Scan(&r.Version, &r.Name, &r.Class, &r.Additive, &r.State, &r.Direction,
		&r.ChecksumUp, &r.ChecksumDown, &r.UpSQL, &r.DownSQL, &r.Irreversible, &r.Done, &r.Total,
		&objects, &r.StartedAt, &r.FinishedAt, &r.AppliedAt, &micros, &r.BinaryVersion, &r.OSUser, &r.Error)
	if err != nil {
		return r, err
	}
	r.Duration = time.Duration(micros) * time.Microsecond
	if err := json.Unmarshal([]byte(objects), &r.Objects); err != nil {
		return r, fmt.Errorf("read the objects of %s: %w", Label(r.Version), err)
	}
	if len(r.Objects) == 0 && r.Class == IndexOnly {
		r.Objects = objectsOf(r.UpSQL, r.unnoted())
	}
	return r, nil
}

// unnoted is the state of objects in a row that an older binary wrote.
func (r record) unnoted() ObjectState {
	switch r.State {
	case Applied:
		return ObjectApplied
	case Held:
		return ObjectHeld
	default:
		return ObjectPending
	}
}

const upsertRecord = `
INSERT INTO public.schema_migrations (
    version, name, class, additive, state, direction, checksum_up, checksum_down, up_sql, down_sql,
    irreversible, statements_done, statements_total, held, objects, started_at, finished_at, applied_at, duration,
    binary_version, os_user, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text::jsonb, $15::text::jsonb, $16, $17, $18,
        $19::bigint * interval '1 microsecond', $20, $21, $22)
ON CONFLICT (version) DO UPDATE SET
    name             = excluded.name,
    class            = excluded.class,
    additive         = excluded.additive,
    state            = excluded.state,
    direction        = excluded.direction,
    checksum_up      = excluded.checksum_up,
    checksum_down    = excluded.checksum_down,
    up_sql           = excluded.up_sql,
    down_sql         = excluded.down_sql,
    irreversible     = excluded.irreversible,
    statements_done  = excluded.statements_done,
    statements_total = excluded.statements_total,
    held             = excluded.held,
    objects          = excluded.objects,
    started_at       = excluded.started_at,
    finished_at      = excluded.finished_at,
    applied_at       = excluded.applied_at,
    duration         = excluded.duration,
    binary_version   = excluded.binary_version,
    os_user          = excluded.os_user,
    error            = excluded.error`

// save writes the row as it stands, replacing the one of its version.
func (r record) save(ctx context.Context, conn *pgx.Conn) error {
	held, err := json.Marshal(r.heldObjects())
	if err != nil {
		return fmt.Errorf("encode the ledger row of %s: %w", Label(r.Version), err)
	}
	objects, err := json.Marshal(append([]Object{}, r.Objects...))
	if err != nil {
		return fmt.Errorf("encode the ledger row of %s: %w", Label(r.Version), err)
	}
	_, err = conn.Exec(ctx, upsertRecord, r.Version, r.Name, string(r.Class), r.Additive, string(r.State),
		string(r.Direction), r.ChecksumUp, r.ChecksumDown, r.UpSQL, r.DownSQL, r.Irreversible, r.Done, r.Total,
		string(held), string(objects), r.StartedAt, r.FinishedAt, r.AppliedAt, r.Duration.Microseconds(), r.BinaryVersion, r.OSUser, r.Error)
	if err != nil {
		return fmt.Errorf("write the ledger row of %s: %w", Label(r.Version), err)
	}
	return nil
}
