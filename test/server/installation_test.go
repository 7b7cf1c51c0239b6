package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"healthagent/test/server/machine"
)

// unpack puts a release on a server as its archive would, and the token beside.
func unpack(ctx context.Context, h *machine.Host, m *machine.Machine, r release) error {
	path, err := program(ctx, h, r)
	if err != nil {
		return err
	}
	binary, errBinary := os.ReadFile(path)
	script, errScript := os.ReadFile(filepath.Join(checkout(), "install.sh"))
	if err := errors.Join(errBinary, errScript); err != nil {
		return err
	}
	return errors.Join(
		m.Put(ctx, "/root/healthagent-"+r.version+"/install.sh", string(script), 0o755),
		m.Put(ctx, "/root/healthagent-"+r.version+"/healthagent", string(binary), 0o755),
		m.Put(ctx, "/root/token", token+"\n", 0o600))
}

// installer is a call of install.sh of a release that was unpacked.
func installer(r release, args ...string) machine.Act {
	return machine.Act{
		Args: append([]string{"sh", "/root/healthagent-" + r.version + "/install.sh", "--token-file", "/root/token"}, args...),
		Env: []string{
			"TELEGRAM_API_URL=http://" + telegramAddr, fmt.Sprintf("HEALTHAGENT_ADMINS=%d", admin), "HEALTHAGENT_ACCESS=open",
			"HEALTHAGENT_SEND_RATE=0",
		},
	}
}

// install installs a release; it must succeed. It returns what the installer said.
func (s *server) install(r release, args ...string) string {
	s.t.Helper()
	said, code := s.tryInstall(r, args...)
	if code != 0 {
		s.t.Fatalf("install.sh of %s ended with %d:\n%s", r.version, code, said)
	}
	return said
}

// tryInstall installs a release and returns what the installer said, and its code.
func (s *server) tryInstall(r release, args ...string) (said string, code int) {
	s.t.Helper()
	s.unpack(r)
	return s.try(installer(r, args...))
}

func (s *server) unpack(r release) {
	s.t.Helper()
	if err := unpack(s.ctx, s.host, s.Machine, r); err != nil {
		s.t.Fatal(err)
	}
}

// layers are the servers with the first release, made once in a run.
var layers = struct {
	sync.Mutex
	make map[machine.Suite]func() (machine.Layer, error)
}{make: map[machine.Suite]func() (machine.Layer, error){}}

// installed boots a server on which the first release was installed without a network, the programs of PostgreSQL and Redis having
// been there.
func installed(t *testing.T, h *machine.Host, suite machine.Suite) *server {
	t.Helper()
	layers.Lock()
	if layers.make[suite] == nil {
		layers.make[suite] = sync.OnceValues(func() (machine.Layer, error) { return makeInstalled(h, suite) })
	}
	layer := layers.make[suite]
	layers.Unlock()
	files, err := layer()
	if err != nil {
		t.Fatal(err)
	}
	s := boot(t, h, suite, files)
	s.serves(first)
	return s
}

// makeInstalled is what installed boots. The server itself is removed when the run ends.
func makeInstalled(h *machine.Host, suite machine.Suite) (machine.Layer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := h.New(h.Packages(suite))
	if err != nil {
		return machine.Layer{}, err
	}
	tg := newTelegram()
	defer tg.close()
	tg.open(m)
	if err := m.Start(ctx); err != nil {
		return machine.Layer{}, err
	}
	if err := unpack(ctx, h, m, first); err != nil {
		return machine.Layer{}, err
	}
	if _, err := m.Do(ctx, installer(first)); err != nil {
		return machine.Layer{}, err
	}
	return m.Freeze(ctx)
}
