package migrations

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNothingToRollBack is returned by Down without a version when no
	// migration of class index-only is applied.
	ErrNothingToRollBack = errors.New("no index-only migration is applied: name the version to roll back")
	// ErrNothingHeld is returned by Release for a migration of which nothing is held.
	ErrNothingHeld = errors.New("nothing of that migration is held")
	// ErrStopped is returned by Up and Down when Stop was closed before all was done.
	ErrStopped = errors.New("it was stopped after a step, as was asked")
	// ErrForeignLedger is returned when the table public.schema_migrations was
	// made by another program.
	ErrForeignLedger = errors.New("the table public.schema_migrations is not this program's ledger")
)

// LoadError says what is wrong with a migration file. Line is 0 when the fault
// is the file itself.
type LoadError struct {
	File   string
	Line   int
	Reason string
}

func (e *LoadError) Error() string {
	return fmt.Sprintf("migration file %s: %s", place(e.File, e.Line), e.Reason)
}

// CollisionError means that one number stands for two migrations, either in the
// files or once in the files and once in the ledger.
type CollisionError struct {
	Version  int
	Names    [2]string
	InLedger bool // the first name is the ledger's
}

func (e *CollisionError) Error() string {
	if e.InLedger {
		return fmt.Sprintf("migration %s is %s in the database but %s in this binary",
			Label(e.Version), e.Names[0], e.Names[1])
	}
	return fmt.Sprintf("two migrations have the number %s: %s and %s", Label(e.Version), e.Names[0], e.Names[1])
}

// ChecksumError means that a file was edited after it had been applied.
type ChecksumError struct {
	Version int
	File    string
	Applied string // sha256 in the ledger, hex
	Found   string // sha256 of the binary's file, hex
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("migration %s: %s was edited after being applied (sha256 applied %s, now %s): restore the file and put the change into a new migration",
		Label(e.Version), e.File, short(e.Applied), short(e.Found))
}

// UnknownError means that the database has migrations which this binary lacks
// and at least one of them did more than add.
type UnknownError struct {
	Versions []int
	Names    []string
	Binary   string // version of the binary that applied the newest of them
}

func (e *UnknownError) Error() string {
	names := make([]string, len(e.Versions))
	for i, v := range e.Versions {
		names[i] = Label(v) + "_" + e.Names[i]
	}
	return fmt.Sprintf("the database is newer than this binary: unknown migration %s (applied by %s): upgrade the binary or roll back with 'migrate down %s'",
		strings.Join(names, ", "), orUnknown(e.Binary), Label(e.Versions[0]))
}

// OutOfOrderError means that a migration which is neither applied nor held has a
// lower number than the highest applied one.
type OutOfOrderError struct {
	Version, Highest int
	Name             string
}

func (e *OutOfOrderError) Error() string {
	return fmt.Sprintf("migration %s_%s is pending below %s, which is applied: give it a higher number, or apply it by name with 'migrate up %s'",
		Label(e.Version), e.Name, Label(e.Highest), Label(e.Version))
}

// BlockedError means that the named migration stands on one that is held.
type BlockedError struct{ Version, Held int }

func (e *BlockedError) Error() string {
	return fmt.Sprintf("migration %s needs %s, which is held: apply that one first with 'migrate up %s'",
		Label(e.Version), Label(e.Held), Label(e.Held))
}

// NoSuchVersionError means that a named version is neither in the binary nor, for
// Down, in the ledger.
type NoSuchVersionError struct{ Version int }

func (e *NoSuchVersionError) Error() string { return "no migration has the number " + Label(e.Version) }

// NoSuchIndexError means that no index-only migration that is known, or not the
// named one, makes an index of that name.
type NoSuchIndexError struct {
	Index   string
	Version int      // 0 when none was named
	Names   []string // what there is
	Absent  bool     // it was looked for in the database, not in the migrations
}

func (e *NoSuchIndexError) Error() string {
	if e.Absent {
		return "there is no index " + e.Index + " in the schema public"
	}
	where := "no migration"
	if e.Version != 0 {
		where = "migration " + Label(e.Version) + " does not make"
	} else {
		where += " makes"
	}
	text := fmt.Sprintf("%s an index %s", where, e.Index)
	if len(e.Names) > 0 {
		text += "; it makes " + strings.Join(e.Names, ", ")
	}
	return text
}

// NotHoldableError means that Hold was asked for a migration that is there: there
// is nothing that Up could leave alone.
type NotHoldableError struct{ Version int }

func (e *NotHoldableError) Error() string {
	return fmt.Sprintf("migration %s is applied: 'migrate down %s' takes it back and holds it", Label(e.Version), Label(e.Version))
}

// VersionSyntaxError means that a version was not written as 017 or 17.
type VersionSyntaxError struct{ Text string }

func (e *VersionSyntaxError) Error() string {
	return fmt.Sprintf("%q is no version: write it as 017 or 17", e.Text)
}

// NotAppliedError means that Down was asked for a migration that is not applied.
type NotAppliedError struct {
	Version int
	State   State
}

func (e *NotAppliedError) Error() string {
	return fmt.Sprintf("migration %s is not applied: it is %s", Label(e.Version), e.State)
}

// IrreversibleError means that a migration, or one that has to go with it, has no
// rollback.
type IrreversibleError struct {
	Version int
	Reason  string
}

func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("migration %s cannot be rolled back: %s", Label(e.Version), e.Reason)
}

// Holder is the session that holds the migration lock.
type Holder struct {
	PID         int
	Application string
	Since       time.Time // start of its session; zero when the role may not see it
}

// LockedError means that another process migrates this database and did not
// finish within Config.LockWait. Holder is nil if it let go meanwhile.
type LockedError struct {
	Waited time.Duration
	Holder *Holder
}

func (e *LockedError) Error() string {
	if e.Holder == nil {
		return fmt.Sprintf("another process held the migration lock for %s", e.Waited)
	}
	since := ""
	if !e.Holder.Since.IsZero() {
		since = ", connected since " + e.Holder.Since.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("another process migrates this database: pid %d (%s%s); waited %s",
		e.Holder.PID, orUnknown(e.Holder.Application), since, e.Waited)
}

// ServerVersionError means that the server is older than PostgreSQL 15.
type ServerVersionError struct{ Version string }

func (e *ServerVersionError) Error() string {
	return fmt.Sprintf("PostgreSQL %s is too old: 15 or newer is needed", e.Version)
}

// StatementError says which statement of a file failed and why. It holds no data
// of rows. Unwrap returns the driver's error, or nil when that would quote a value.
type StatementError struct {
	File      string
	Line      int    // 0 when the file failed as a whole, at commit
	Statement string // first line
	Code      string // SQLSTATE, empty when the connection failed
	Reason    string
	Tries     int // more than 1 when a lock or deadlock was retried
	Err       error
}

func (e *StatementError) Error() string {
	var b strings.Builder
	b.WriteString(place(e.File, e.Line))
	if e.Statement != "" {
		fmt.Fprintf(&b, ": %s", e.Statement)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	if e.Code != "" {
		fmt.Fprintf(&b, " (SQLSTATE %s)", e.Code)
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, ", after %d tries", e.Tries)
	}
	return b.String()
}

func (e *StatementError) Unwrap() error { return e.Err }

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func short(sum string) string { return sum[:min(12, len(sum))] }

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
