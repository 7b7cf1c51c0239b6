package cli

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"syscall"

	"healthagent/app/config"
	"healthagent/app/fault"
)

// serviceUser is the OS user that an installed service runs as.
const serviceUser = "healthagent"

// system is what a verb asks of the operating system about users; tests put their own
// in place.
type system struct {
	uid    func() int
	lookup func(name string) (*user.User, error)
	name   func(uid int) string
	become func(uid, gid int) error

	// surviveHangup lets the process outlive its terminal and the readers of its output.
	surviveHangup func()
}

func operatingSystem() system {
	return system{
		uid: os.Getuid, lookup: user.Lookup, name: userName, become: become,
		surviveHangup: func() { signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE) },
	}
}

// userName does without user.Current, which would remember the name it found before
// become.
func userName(uid int) string {
	number := strconv.Itoa(uid)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

// become gives up root for good. The groups go first: without root they could not.
func become(uid, gid int) error {
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return fmt.Errorf("leave the groups: %w", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("change the group: %w", err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("change the user: %w", err)
	}
	return nil
}

// actor names the caller for the audit log. Call it before asService.
func (t *terminal) actor() string { return "cli:" + t.system.name(t.system.uid()) }

// asService makes root the service's user on an installed server, where PostgreSQL
// knows its clients by their OS user. Elsewhere, and when the address of the database
// was named by the caller, it does nothing. Somebody who may not read the service's
// settings is told so, by a *notOursError, instead of being given an empty database of
// their own.
func (t *terminal) asService(report *config.Report) error {
	service, err := t.system.lookup(serviceUser)
	if unknown := user.UnknownUserError(""); errors.As(err, &unknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the OS user %s: %w", serviceUser, err)
	}
	uid, gid, err := ids(service)
	if err != nil {
		return err
	}
	own := t.system.uid()
	source := report.Source("DATABASE_URL").Origin
	// The address of a managed server has a password, so the env file only names the file that it is in.
	fromService := source == config.EnvFile || source == config.File && t.getenv("DATABASE_URL_FILE") == ""
	switch {
	case own == uid:
		return nil
	case own == 0 && fromService:
		if err := t.system.become(uid, gid); err != nil {
			return fmt.Errorf("become the OS user %s: %w", serviceUser, err)
		}
		return nil
	case own != 0 && (fromService || (source == config.Default && report.EnvFileHidden)):
		return &notOursError{fault.New(fault.Refused, "healthagent is installed as a service here, and only root and the user "+
			serviceUser+" may open its database: put sudo before the command")}
	}
	return nil
}

// notOursError keeps a person from the database of the service, whose daemon may be asked instead.
type notOursError struct{ reason error }

func (e *notOursError) Error() string { return e.reason.Error() }
func (e *notOursError) Unwrap() error { return e.reason }

func ids(u *user.User) (uid, gid int, err error) {
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if err := errors.Join(errUID, errGID); err != nil {
		return 0, 0, fmt.Errorf("read the ids of the OS user %s: %w", u.Username, err)
	}
	return uid, gid, nil
}
