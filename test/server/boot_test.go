package server

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// TestBoot is a test of the servers themselves: they boot, reboot, are killed, keep their files, have the network that they are
// given, and show this process to what runs on them.
func TestBoot(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := boot(t, h, suite, h.Pristine(suite))
		if !strings.Contains(s.run("cat", "/etc/os-release"), "VERSION_CODENAME="+string(suite)) {
			t.Error("it is another suite")
		}
		s.run("systemd-run", "--quiet", "--unit=nightly", "--on-calendar=*-*-* 04:20:00", "true")
		if left := s.sh(`echo $(($(date -d "$(systemctl show -P NextElapseUSecRealtime nightly.timer)" +%s) - $(date +%s)))`); len(left) < 6 || left < "54000" {
			t.Errorf("what is due every night is due in %s s", left)
		}
		s.run("systemctl", "stop", "nightly.timer")
		before := s.snapshot()
		if err := s.Put(s.ctx, "/etc/new/file", "content\n", 0o640); err != nil {
			t.Fatal(err)
		}
		changes := before.Changes(s.snapshot(), "/var/log")
		want := "+ /etc/new (d 755 root:root)\n+ /etc/new/file (f 640 root:root"
		if got := strings.Join(changes, "\n"); !strings.HasPrefix(got, want) || len(changes) != 2 {
			t.Errorf("changes:\n%s", got)
		}
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Start(s.ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.Reboot(s.ctx); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Read(s.ctx, "/etc/new/file"); got != "content\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if out := s.run("ip", "-br", "link"); strings.Count(out, "\n") != 1 {
			t.Errorf("a network from the start: %s", out)
		}
		if err := s.Network(s.ctx); err != nil {
			t.Fatal(err)
		}
		s.run("apt-get", "-q", "update")
		s.Unplug()
		if r, err := s.Run(s.ctx, "apt-get", "-q", "-o", "Acquire::Retries=0", "--error-on=any", "update"); err == nil {
			t.Errorf("a network after it was taken away: %s", r.Both())
		}
		listener, err := s.Listen(s.ctx, "127.0.0.1:8090")
		if err != nil {
			t.Fatal(err)
		}
		outside := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
		go func() { _ = outside.Serve(listener) }()
		t.Cleanup(func() { _ = outside.Shutdown(context.Background()) })
		if out := s.run("curl", "-sS", "http://127.0.0.1:8090/"); out != "hello" {
			t.Errorf("%q from outside", out)
		}
	})
}

func (s *server) snapshot() machine.Snapshot {
	s.t.Helper()
	snapshot, err := s.Snapshot(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	return snapshot
}
