package store

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNotFound is returned when the row asked for does not exist.
var ErrNotFound = errors.New("not found")

// ErrAlreadyDone is returned by a unit of work whose update was completed before: nothing of it was applied a second time.
var ErrAlreadyDone = errors.New("update was done already")

// Unavailable reports whether err means that PostgreSQL could not be reached, is starting, stopping or out of room, or gave up for
// the moment: trying the same again later may succeed. It is false for nil and when the caller itself gave up.
func Unavailable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch class(pg) {
		case "08", "53", "57", "58", "40", "55", "25": // connection, resources (full disk), shutdown, I/O, rollback, lock, state
			return true
		}
		switch pg.Code {
		case "XX000", "3D000", "28000": // internal, no such database yet, no such role yet
			return true
		}
		// a migration changed a table under a prepared statement, which the driver now prepares anew
		return pg.Code == "0A000" && strings.Contains(pg.Message, "cached plan")
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || ofNetwork(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF) ||
		pgconn.SafeToRetry(err)
}

// Answered reports whether err is what PostgreSQL itself said to a session that it had let in: a lock that somebody holds, a full disk.
// It was reached, then.
func Answered(err error) bool {
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	return errors.As(err, &pg) && !errors.As(err, &connect)
}

// ofNetwork reports whether the network failed. A bare error number of the operating system looks like that too, but comes from a file
// of ours, such as one on a full disk.
func ofNetwork(err error) bool {
	var network net.Error
	if !errors.As(err, &network) {
		return false
	}
	_, bare := network.(syscall.Errno) //nolint:errorlint // the outermost one counts
	return !bare
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
	c := class(pg)
	return c == "22" || c == "23" || c == "54"
}

// Reason is the error without anything that a person wrote: PostgreSQL puts values into DETAIL and WHERE, and sometimes into the
// message itself, so what remains of its errors is the code and the name of the constraint or a message without values, behind what
// this package's own wrapping says. The driver quotes what it cannot encode: of that nothing remains. It is empty for nil.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	if !errors.As(err, &pg) {
		if errors.As(err, &connect) {
			where, _, _ := strings.Cut(err.Error(), connect.Error())
			return where + unreachable(connect)
		}
		if where, _, found := strings.Cut(err.Error(), "unable to encode"); found {
			return where + "a value cannot be encoded"
		}
		return strings.ReplaceAll(err.Error(), "\n", "; ") // errors that were joined; it is one line wherever it is shown
	}
	text := "PostgreSQL error " + pg.Code
	switch {
	case pg.Code == "53100":
		text += ": the database's disk is full"
	case pg.ConstraintName != "":
		text += " on " + pg.ConstraintName
	case class(pg) != "22": // data errors quote the value
		text += ": " + pg.Message
	}
	where, _, quoted := strings.Cut(err.Error(), pg.Error())
	if !quoted { // whoever wrapped it has said it in words of their own, without values, as the migrations do
		return strings.ReplaceAll(where, "\n", "; ")
	}
	return where + text
}

// unreachable says why there is no connection, without the address and its user.
func unreachable(err error) string {
	const text = "PostgreSQL cannot be reached"
	var network *net.OpError
	if errors.As(err, &network) && network.Err != nil {
		return text + ": " + network.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return text + ": no answer in time"
	}
	return text
}

// class is the first two characters of an error's code.
func class(pg *pgconn.PgError) string { return pg.Code[:min(2, len(pg.Code))] }

func hasCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
