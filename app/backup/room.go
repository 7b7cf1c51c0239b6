package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"healthagent/app/fault"
	"healthagent/store/dump"
)

// makeRoom sees to it that the next dump has a place: half as much again as the last one took, or, before the first, what the database
// takes. When it has none, what rotation would remove afterwards goes now. Errors: fault.Conflict, those of the server.
func (d *Directory) makeRoom(ctx context.Context, o Options, l Listing) (removed []Dump, err error) {
	room, err := dump.RoomOf(ctx, o.URL)
	if err != nil {
		return nil, err
	}
	need := room.DatabaseBytes
	if newest := l.Status().Newest; newest != nil {
		need = newest.Bytes + newest.Bytes/2
	}
	if fits(d.path, need) {
		return nil, nil
	}
	if removed = Rotate(l.Dumps, o.Now()); len(removed) > 0 {
		if err := d.Remove(removed); err != nil {
			return nil, err
		}
		if fits(d.path, need) {
			return removed, nil
		}
	}
	return removed, fault.New(fault.Conflict, fmt.Sprintf("the disk of %s has %s left, and the next dump needs about %s; %s", d.path, Size(dump.FreeAt(d.path)), Size(need), frees(l, removed)))
}

// explain says what makes room when the disk got full while a dump was written. The server's own disk, which may be another, it names
// itself.
func (d *Directory) explain(err error) error {
	text := err.Error()
	if !strings.Contains(text, syscall.ENOSPC.Error()) && !strings.Contains(text, "No space left on device") || strings.Contains(text, "ERROR:") {
		return err
	}
	l, _ := List(d.path) // without it there is less to say
	return fault.Wrap(fault.Conflict, fmt.Sprintf("the disk of %s got full: the dump takes more than the %s that are left; %s", d.path, Size(dump.FreeAt(d.path)), frees(l, nil)), err)
}

func fits(dir string, need int64) bool {
	free := dump.FreeAt(dir)
	return free < 0 || free >= need
}

// frees says what would make room.
func frees(l Listing, removed []Dump) string {
	const elsewhere = "HEALTHAGENT_BACKUP_DIR may name a directory on another disk"
	left := slices.DeleteFunc(slices.Clone(l.Dumps), func(d Dump) bool {
		return slices.ContainsFunc(removed, func(r Dump) bool { return r.File == d.File })
	})
	if len(left) < 2 {
		return elsewhere
	}
	oldest := left[len(left)-1]
	return fmt.Sprintf("removing the oldest, %s, frees %s; %s", oldest.File, Size(oldest.Bytes), elsewhere)
}

// roomToTry tells whether the server of the database has room for the trial restore of a dump; a reason in words when it has not. Where
// that is not known, as for a server on another machine, it is taken to have.
func roomToTry(ctx context.Context, url string, m dump.Manifest) (reason string, err error) {
	room, err := dump.RoomOf(ctx, url)
	if err != nil {
		return "", err
	}
	need := m.Need()
	if room.Free < 0 || room.Free >= need {
		return "", nil
	}
	return fmt.Sprintf("the disk of the database has %s left, and a trial restore needs about %s for its duration", Size(room.Free), Size(need)), nil
}

// Size writes a number of bytes for people, in powers of 1024.
func Size(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	value, unit := float64(n), 0
	for value >= 10*1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.0f %s", value, units[unit])
}

// outcome of something that began at that time.
func outcome(began, now time.Time, ok bool, text string) *dump.Outcome {
	return &dump.Outcome{At: now.UTC().Truncate(time.Millisecond), OK: ok, Text: text, Seconds: now.Sub(began).Seconds()}
}
