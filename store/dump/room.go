package dump

import (
	"context"
	"fmt"
	"strings"
	"syscall"
)

// Room is what a database takes, and what the disk that it lies on has left.
type Room struct {
	DatabaseBytes int64
	Free          int64 // for users other than root; -1: not known, as for a server on another machine
}

const roomSQL = `
SELECT pg_database_size(current_database()),
       coalesce((SELECT setting FROM pg_settings WHERE name = 'data_directory'), '')`

// RoomOf asks the server of a database. Tablespaces on other disks are not looked at. The errors are those of the server.
func RoomOf(ctx context.Context, address string) (Room, error) {
	r := Room{Free: -1}
	w, err := parseWay(address)
	if err != nil {
		return r, err
	}
	conn, err := w.connect(ctx, applicationDump)
	if err != nil {
		return r, err
	}
	defer closeConn(ctx, conn)
	var dir string
	if err := conn.QueryRow(ctx, roomSQL).Scan(&r.DatabaseBytes, &dir); err != nil {
		return r, fmt.Errorf("ask how much room the database takes: %w", err)
	}
	r.Free = w.freeAt(dir)
	return r, nil
}

// freeAt is what the disk has left on which a server keeps its data; -1: not known, as for one on another machine, or when the role may
// not know the directory.
func (w way) freeAt(dataDir string) int64 {
	if dataDir == "" || !strings.HasPrefix(w.config.Host, "/") { // a socket: it is this machine
		return -1
	}
	return FreeAt(dataDir)
}

// Need is about what a restored dump takes on the disk of the server, 0 when the manifest does not tell.
func (m Manifest) Need() int64 { return m.DatabaseBytes + m.DatabaseBytes/10 }

// FreeAt is what users other than root may still write on the disk of a directory; -1: not known.
func FreeAt(dir string) int64 {
	var disk syscall.Statfs_t
	if syscall.Statfs(dir, &disk) != nil {
		return -1
	}
	return int64(disk.Bavail) * disk.Bsize //nolint:gosec // a disk of this world
}
