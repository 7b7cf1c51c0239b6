package machine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Layer is what a server's root directory begins as: the files of the first
// directory over those of the next.
type Layer struct{ dirs []string }

// Pristine is a minimal fresh server of the suite, with its archives in apt's
// sources and nothing else done to it.
func (h *Host) Pristine(s Suite) Layer { return Layer{[]string{h.root(s)}} }

// Packages is Pristine with the programs of PostgreSQL and Redis installed, but
// no cluster made, no instance enabled and nothing ever started.
func (h *Host) Packages(s Suite) Layer { return Layer{[]string{h.programs(s), h.root(s)}} }

func (h *Host) root(s Suite) string     { return filepath.Join(h.dir, string(s), "pristine") }
func (h *Host) programs(s Suite) string { return filepath.Join(h.dir, string(s), "packages") }

// freshness is how long roots are used: security updates come.
const freshness = 7 * 24 * time.Hour

// included is what a server has beside Debian's minimal set: what a rented
// server always has, and curl, with which tests look around.
const included = "systemd,systemd-sysv,dbus,libpam-systemd,ca-certificates,curl,iproute2,procps"

// setUp is done once in every new root. Name service is that of the network
// which Network provides. Debian's own timers are masked: apt-daily and
// dpkg-db-backup come at a moment of their own, hold apt's lock and write files
// that a test would take for the installer's.
const setUp = `set -eu
rm -f "$1/etc/resolv.conf"
echo "nameserver 10.0.2.3" >"$1/etc/resolv.conf"
echo healthagent-test >"$1/etc/hostname"
printf "127.0.0.1 localhost healthagent-test\n::1 localhost\n" >"$1/etc/hosts"
` + maskTimers + `
mask "$1"
`

// maskTimers defines mask: no timer that is installed under a directory starts.
const maskTimers = `
mask() {
	for timer in "$1"/usr/lib/systemd/system/*.timer "$1"/lib/systemd/system/*.timer; do
		[ ! -f "$timer" ] || ln -sf /dev/null "$1/etc/systemd/system/${timer##*/}"
	done
}`

// install makes the second layer inside a booted server.
const install = `set -eu` + maskTimers + `
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/none.conf
apt-get -q update
apt-get -qy install --no-install-recommends postgresql redis-server
rm /usr/sbin/policy-rc.d
rm -r /etc/postgresql-common/createcluster.d
pg_lsclusters -h | { ! grep .; }
systemctl disable redis-server.service
mask ""
systemctl reset-failed
apt-get clean
rm -rf /var/lib/apt/lists
mkdir -p /var/lib/apt/lists/partial
`

// recipe is all that decides what a root becomes.
type recipe struct {
	suite   Suite
	sources []string
	proxies []string
}

func (r recipe) sum() string {
	all := fmt.Sprint(r.suite, r.sources, r.proxies, included, setUp, install)
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:])
}

// roots sees to it that there are fresh roots of the suites. Until Close no other
// process will replace them.
func (h *Host) roots(ctx context.Context, suites []Suite) error {
	var wanted []recipe
	for _, s := range suites {
		lines, err := sources(ctx, s)
		if err != nil {
			return err
		}
		wanted = append(wanted, recipe{s, lines, proxies(ctx)})
	}
	name := filepath.Join(h.dir, "lock")
	for _, how := range []int{syscall.LOCK_SH, syscall.LOCK_EX} {
		held, err := lock(name, how)
		if err != nil {
			return err
		}
		h.cached = held
		stale := h.stale(wanted)
		if how == syscall.LOCK_EX && len(stale) > 0 {
			err = h.make(ctx, stale)
		}
		if err != nil || len(stale) == 0 || how == syscall.LOCK_EX {
			// Going down to a shared lock is not atomic, but the roots are fresh now.
			return errors.Join(err, syscall.Flock(int(held.Fd()), syscall.LOCK_SH))
		}
		if err := held.Close(); err != nil {
			return err
		}
	}
	return nil
}

// stale are the recipes whose roots are missing, old, or made otherwise.
func (h *Host) stale(wanted []recipe) []recipe {
	var stale []recipe
	for _, r := range wanted {
		mark := h.mark(r.suite)
		sum, err := os.ReadFile(mark)
		info, errStat := os.Stat(mark)
		if err != nil || errStat != nil || string(sum) != r.sum() || time.Since(info.ModTime()) > freshness {
			stale = append(stale, r)
		}
	}
	return stale
}

// mark is the file that is written when the roots of a suite are whole.
func (h *Host) mark(s Suite) string { return filepath.Join(h.dir, string(s), "made-by") }

// Distrust has the roots of a suite made anew the next time.
func (h *Host) Distrust(s Suite) error { return ignoreAbsence(os.Remove(h.mark(s))) }

// make makes the roots of several suites at once.
func (h *Host) make(ctx context.Context, recipes []recipe) error {
	errs := make([]error, len(recipes))
	var wg sync.WaitGroup
	for i, r := range recipes {
		wg.Go(func() {
			begin := time.Now()
			fmt.Fprintf(h.say, "making the roots of %s, once in %d days\n", r.suite, int(freshness.Hours()/24)) //nolint:errcheck // only news
			if errs[i] = h.makeSuite(ctx, r); errs[i] == nil {
				fmt.Fprintf(h.say, "made the roots of %s in %.0f s\n", r.suite, time.Since(begin).Seconds()) //nolint:errcheck // only news
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (h *Host) makeSuite(ctx context.Context, r recipe) error {
	if err := os.RemoveAll(filepath.Join(h.dir, string(r.suite))); err != nil {
		return err
	}
	root := h.root(r.suite)
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil { //nolint:gosec // a server's root is no secret
		return err
	}
	args := []string{"--variant=minbase", "--mode=root", "--quiet", "--include=" + included}
	for _, option := range r.proxies {
		args = append(args, "--aptopt="+option)
	}
	args = append(append(args, string(r.suite), root), r.sources...)
	if err := shout(exec.CommandContext(ctx, "mmdebstrap", args...)); err != nil {
		return &Unable{err.Error()} // its sources cannot be reached
	}
	if err := shout(exec.CommandContext(ctx, "sh", "-c", setUp, "sh", root)); err != nil {
		return err
	}
	if err := h.makePackages(ctx, r.suite); err != nil {
		return fmt.Errorf("install PostgreSQL and Redis on %s: %w", r.suite, err)
	}
	return os.WriteFile(h.mark(r.suite), []byte(r.sum()), 0o600)
}

func (h *Host) makePackages(ctx context.Context, s Suite) (err error) {
	m, err := h.Boot(ctx, h.Pristine(s))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Remove()) }()
	if err := m.Network(ctx); err != nil {
		return err
	}
	if _, err := m.Run(ctx, "sh", "-c", install); err != nil {
		return err
	}
	layer, err := m.Freeze(ctx)
	if err != nil {
		return err
	}
	return os.Rename(layer.dirs[0], h.programs(s))
}

// shout runs a command whose output is of interest only when it fails.
func shout(command *exec.Cmd) error {
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(command.Path), err, tail(out.String(), 15))
	}
	return nil
}

// tail is the last lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
