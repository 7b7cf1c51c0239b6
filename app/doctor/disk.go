package doctor

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// room is what is left of a file system.
type room struct {
	free, total   int64 // bytes, for whoever is not root
	inodes, slots int64 // left, and how many there are; 0 where they are made as needed
	device        [2]int32
}

// room looks at the file system of a directory, or of the one above that is there.
func (v *visit) room(dir string) (room, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(v.path(dir), &st)
		if errors.Is(err, fs.ErrNotExist) && dir != "/" {
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			return room{}, err
		}
		block := int64(st.Bsize)
		return room{
			free: int64(st.Bavail) * block, total: int64(st.Blocks-st.Bfree+st.Bavail) * block, //nolint:gosec // no disk is that large
			inodes: int64(st.Ffree), slots: int64(st.Files), device: st.Fsid.Val, //nolint:gosec // see above
		}, nil
	}
}

// clear is how one finds what fills a disk.
func (v *visit) clear(dir string) string {
	return "du -xhd1 " + fault.Word(dir) + " / 2>/dev/null | sort -h | tail -25; journalctl --disk-usage"
}

// judgeRoom is what is to be said of a disk, whatever must fit.
func (v *visit) judgeRoom(dir string, r room) answer {
	switch {
	case r.free*20 < r.total:
		return failure(v.clear(dir), "%s of %s are left at %s", size(r.free), size(r.total), dir)
	case r.free*10 < r.total:
		return warning(v.clear(dir), "%s of %s are left at %s", size(r.free), size(r.total), dir)
	default:
		return well("%s of %s are left at %s", size(r.free), size(r.total), dir)
	}
}

func checkStateDisk(_ context.Context, v *visit) answer {
	dir := v.stateDir()
	r, err := v.room(dir)
	if err != nil {
		return skipped("%s cannot be looked at: %v", dir, err)
	}
	return v.judgeRoom(dir, r)
}

func checkInodes(_ context.Context, v *visit) answer {
	for _, dir := range []string{v.stateDir(), v.backupDir()} {
		r, err := v.room(dir)
		if err == nil && r.slots > 0 && r.inodes*20 < r.slots {
			return failure("du -x --inodes -d2 "+fault.Word(dir)+" / 2>/dev/null | sort -n | tail -25",
				"%d of %d are left at %s: soon no file can be made, whatever room there is", r.inodes, r.slots, dir)
		}
	}
	return well("there are enough")
}

func checkDatabaseDisk(_ context.Context, v *visit) answer {
	c, err := v.checkup()
	if err != nil {
		return skipped(noDatabase)
	}
	if c.Remote || c.Data == "" {
		return well("the database takes %s; the disk of its server cannot be seen from here", size(c.Bytes))
	}
	r, err := v.room(c.Data)
	if err != nil || !v.exists(filepath.Dir(c.Data)) {
		return well("the database takes %s; the disk of its server cannot be seen from here", size(c.Bytes))
	}
	a := v.judgeRoom(c.Data, r)
	if a.verdict == source.OK && r.free < c.Bytes+c.Bytes/5 {
		return warning(v.clear(c.Data), "%s are left at %s, and the database takes %s: a restore, which needs as much again, does not fit", size(r.free), c.Data, size(c.Bytes))
	}
	a.text += "; the database takes " + size(c.Bytes)
	return a
}

func checkBackupDisk(_ context.Context, v *visit) answer {
	if !v.backsUp() {
		return skipped("no backups are made")
	}
	dir := v.backupDir()
	r, err := v.room(dir)
	if err != nil {
		return skipped("%s cannot be looked at: %v", dir, err)
	}
	need, of := v.nextDump()
	if need > 0 && r.free < need+need/2 {
		return failure(v.clear(dir), "%s are left at %s, and %s takes %s: another dump may not fit", size(r.free), dir, of, size(need))
	}
	return v.judgeRoom(dir, r)
}

// nextDump is what another dump will take at most, and by what that is known; 0: it is not.
func (v *visit) nextDump() (int64, string) {
	if s, err := v.backups(); err == nil && s.Newest != nil {
		return s.Newest.Bytes, "the last dump"
	}
	if c, err := v.checkup(); err == nil {
		return c.Bytes, "the database"
	}
	return 0, ""
}
