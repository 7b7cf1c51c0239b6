package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience is what a boot or an end may take: it turns a hang into a failure.
const patience = 5 * time.Minute

// Machine is one server. It is used by one goroutine, save for Do and Run, which
// may be called concurrently while it is up.
type Machine struct {
	host  *Host
	name  string
	dir   string // upper, work, root, console
	layer Layer

	// Early, if set, is called at each start when the server's network is there
	// and nothing of it runs yet.
	Early func(context.Context) error

	leader int           // its process 1 as this machine numbers it, 0 while it is down
	gone   chan struct{} // closed when it is down

	mu    sync.Mutex
	slirp *exec.Cmd // nil without a network
}

// starter runs systemd-nspawn in cgroups and mounts of its own, which vanish with
// it: $1 the cgroups, $2 the directory, $3 the lower ones, $4 the name, $5 the time
// zone by which systemd reads the timers.
const starter = `set -eu
for c in $1; do echo $$ >"$c/cgroup.procs"; done
mkdir -p /run/systemd/nspawn
exec unshare --mount --propagation slave sh -euc '
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=$3,upperdir=$2/upper,workdir=$2/work" "$2/root"
exec systemd-nspawn --quiet --boot --directory="$2/root" --machine="$4" --hostname=healthagent-test --register=no --keep-unit \
	--resolv-conf=off --timezone=off --setenv="TZ=$5" --link-journal=no --console=pipe --private-network --notify-ready=yes' sh "$@"
`

// Boot starts a new server on a layer and waits until it is up: New and Start.
func (h *Host) Boot(ctx context.Context, layer Layer) (*Machine, error) {
	m, err := h.New(layer)
	if err != nil {
		return nil, err
	}
	if err := m.Start(ctx); err != nil {
		return nil, errors.Join(err, m.Remove())
	}
	return m, nil
}

// New makes a server on a layer, without starting it. Remove must be called.
func (h *Host) New(layer Layer) (*Machine, error) {
	h.mu.Lock()
	h.booted++
	name := strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(h.booted)
	h.mu.Unlock()
	m := &Machine{host: h, name: name, dir: filepath.Join(h.run, name), layer: layer}
	for _, dir := range []string{"", "upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(m.dir, dir), 0o755); err != nil { //nolint:gosec // a server's root is no secret
			return nil, err
		}
	}
	return m, nil
}

// Start boots a server that is down.
func (m *Machine) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cgroups, err := m.host.cgroup(m.name)
	if err != nil {
		return err
	}
	notify, err := listenNotify(filepath.Join(m.dir, "notify"))
	if err != nil {
		return err
	}
	defer notify.Close() //nolint:errcheck // it was only read from
	console, err := os.OpenFile(filepath.Join(m.dir, "console"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer console.Close()                              //nolint:errcheck // the child writes it
	command := exec.Command("sh", "-c", starter, "sh", //nolint:gosec // our own script
		strings.Join(cgroups, " "), m.dir, strings.Join(m.layer.dirs, ":"), "hst-"+m.name, m.host.zone)
	command.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify.LocalAddr().String(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	command.Stdout, command.Stderr = console, console
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if m.gone, err = tie(command); err != nil {
		return err
	}
	if err := m.up(ctx, notify); err != nil {
		said, _ := os.ReadFile(console.Name())
		return errors.Join(fmt.Errorf("the server does not boot: %w: %s", err, tail(string(said), 20)), m.Kill())
	}
	return nil
}

// tie starts a command that is killed when this process ends, however it ends.
// The channel is closed when the command has ended.
func tie(command *exec.Cmd) (gone chan struct{}, err error) {
	gone = make(chan struct{})
	started := make(chan error)
	command.SysProcAttr.Pdeathsig = syscall.SIGKILL
	go func() {
		// The signal comes when the thread that started the command ends: this
		// one is kept for as long as the command runs.
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
		}
		close(gone)
	}()
	return gone, <-started
}

// listenNotify makes the socket on which systemd-nspawn tells of its progress.
func listenNotify(path string) (*net.UnixConn, error) {
	if err := ignoreAbsence(os.Remove(path)); err != nil {
		return nil, err
	}
	return net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
}

// up waits until the server has booted, and learns its process 1.
func (m *Machine) up(ctx context.Context, notify *net.UnixConn) error {
	stop := context.AfterFunc(ctx, func() { _ = notify.SetReadDeadline(time.Now()) })
	defer stop()
	go func() {
		select {
		case <-m.gone:
			_ = notify.SetReadDeadline(time.Now())
		case <-ctx.Done():
		}
	}()
	buf := make([]byte, 4096)
	for ready := false; !ready; {
		n, err := notify.Read(buf)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(buf[:n])) {
			line = strings.TrimSpace(line)
			if pid, found := strings.CutPrefix(line, "X_NSPAWN_LEADER_PID="); found && m.leader == 0 {
				m.leader, _ = strconv.Atoi(pid)
				if m.Early != nil {
					if err := m.Early(ctx); err != nil {
						return err
					}
				}
			}
			ready = ready || line == "READY=1"
		}
	}
	if m.leader == 0 {
		return errors.New("systemd-nspawn did not name its leader")
	}
	state, err := m.enter(ctx, "systemctl", "is-system-running", "--wait").Output()
	if said := strings.TrimSpace(string(state)); said != "running" && said != "degraded" {
		return fmt.Errorf("its state is %q: %w", said, err)
	}
	return nil
}

// down waits until the server has ended.
func (m *Machine) down(ctx context.Context) error {
	select {
	case <-m.gone:
		m.leader = 0
		m.unplug()
		return m.host.uncgroup(m.host.id + "-" + m.name)
	case <-ctx.Done():
		return fmt.Errorf("the server does not go down: %w", context.Cause(ctx))
	}
}

// Kill ends a server at once, as a kernel panic would: no process of it gets to
// do anything more. What the kernel was told to write is kept.
func (m *Machine) Kill() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if m.leader != 0 {
		_ = syscall.Kill(m.leader, syscall.SIGKILL)
	} else if err := m.host.uncgroup(m.host.id + "-" + m.name); err != nil {
		return err
	}
	return m.down(ctx)
}

// Stop shuts a server down in order.
func (m *Machine) Stop(ctx context.Context) error {
	// SIGRTMIN+4 is systemd's word for a power-off; libc keeps two for itself.
	if err := syscall.Kill(m.leader, 34+4); err != nil {
		return err
	}
	return m.down(ctx)
}

// Reboot has the server reboot as its administrator would, and waits until it
// is up again. It has no network then.
func (m *Machine) Reboot(ctx context.Context) error {
	if out, err := m.enter(ctx, "systemctl", "reboot").CombinedOutput(); err != nil && m.alive() {
		return fmt.Errorf("reboot: %w: %s", err, out)
	}
	if err := m.down(ctx); err != nil {
		return err
	}
	return m.Start(ctx)
}

func (m *Machine) alive() bool {
	select {
	case <-m.gone:
		return false
	default:
		return true
	}
}

// Freeze shuts a server down and returns what it is now as a layer for others.
// It must not be started again, and be removed only after the others.
func (m *Machine) Freeze(ctx context.Context) (Layer, error) {
	if err := m.Stop(ctx); err != nil {
		return Layer{}, err
	}
	return Layer{append([]string{filepath.Join(m.dir, "upper")}, m.layer.dirs...)}, nil
}

// Remove ends a server and removes its files.
func (m *Machine) Remove() error {
	var err error
	if m.gone != nil && m.alive() {
		err = m.Kill()
	}

	return errors.Join(err, os.RemoveAll(m.dir))
}
