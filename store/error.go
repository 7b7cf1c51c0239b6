package store

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNotFound is returned when the row asked for does not exist.
var ErrNotFound = errors.New("not found")

// ErrAlreadyDone is returned by a unit of work whose update was completed before: nothing of it was applied a second time.
var ErrAlreadyDone = errors.New("update was done already")

// Unavailable reports whether err means that PostgreSQL could not be reached or is starting, stopping or out of room: trying the
// same again later may succeed. It is false for nil.
func Unavailable(err error) bool {
	if err == nil {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "53", "57", "58", "40", "55", "25": // connection, resources (full disk), shutdown, I/O, rollback, lock, state
			return true
		}
		return pg.Code == "XX000" || pg.Code == "3D000" || pg.Code == "28000"
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, net.ErrClosed) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		errors.Is(err, pgx.ErrTxClosed) || closedConn(err)
}

// closedConn recognises the errors of a connection that broke under a statement; pgx has no type for them.
func closedConn(err error) bool {
	text := err.Error()
	return strings.Contains(text, "conn closed") || strings.Contains(text, "unexpected EOF") || strings.Contains(text, "closed pool")
}

// DiskFull reports whether PostgreSQL refused a write because the disk is full.
func DiskFull(err error) bool { return hasCode(err, "53100") }

// BadValue reports whether PostgreSQL refused the value itself (too long, not encodable, violates a check): trying the same again
// cannot succeed.
func BadValue(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	class := pg.Code[:2]
	return class == "22" || class == "23" || class == "54"
}

// Reason is the error without anything that a person wrote: PostgreSQL puts values into DETAIL and WHERE, and sometimes into the
// message itself, so for its errors only the code and the name of the constraint remain. It is empty for nil.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err.Error()
	}
	text := "PostgreSQL error " + pg.Code
	switch {
	case pg.ConstraintName != "":
		text += " on " + pg.ConstraintName
	case pg.Code[:2] != "22": // data errors quote the value
		text += ": " + pg.Message
	}
	return text
}

func hasCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
