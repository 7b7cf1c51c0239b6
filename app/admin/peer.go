package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Peer is the process at the other end of the socket, as the kernel knows it: it cannot say that it is somebody else.
type Peer struct {
	PID    int
	UID    int
	GID    int
	Groups []int // supplementary ones
}

type peerKey struct{}

// peerOf returns who asks; false when the connection does not tell, and then they have no rights.
func peerOf(r *http.Request) (Peer, bool) {
	p, ok := r.Context().Value(peerKey{}).(Peer)
	return p, ok
}

// withPeer is http.Server's ConnContext.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	p, err := readPeer(c)
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, p)
}

func readPeer(c net.Conn) (Peer, error) {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, errors.New("no unix socket")
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("the socket's descriptor: %w", err)
	}
	var p Peer
	var failed error
	err = raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); failed != nil {
			return
		}
		p = Peer{PID: int(cred.Pid), UID: int(cred.Uid), GID: int(cred.Gid)}
		p.Groups, failed = peerGroups(fd)
	})
	if err := errors.Join(err, failed); err != nil {
		return Peer{}, fmt.Errorf("the other end's credentials: %w", err)
	}
	return p, nil
}

// peerGroups reads SO_PEERGROUPS, which tells how much room it needs when it has too little.
func peerGroups(fd uintptr) ([]int, error) {
	groups := make([]uint32, 64)
	for {
		size := uint32(len(groups)) * 4 //nolint:gosec // at most some thousand
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(unsafe.SliceData(groups))), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // there is no wrapper
		switch {
		case errno == syscall.ERANGE && int(size)/4 > len(groups):
			groups = make([]uint32, size/4)
		case errno != 0:
			return nil, errno
		default:
			out := make([]int, 0, size/4)
			for _, g := range groups[:size/4] {
				out = append(out, int(g))
			}
			slices.Sort(out)
			return out, nil
		}
	}
}

// In reports whether the process is in a group, by its first or another.
func (p Peer) In(gid int) bool {
	return p.GID == gid || slices.Contains(p.Groups, gid)
}
