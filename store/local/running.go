package local

import "path/filepath"

// RunningURL names the database healthagent of the private PostgreSQL of dir, for one who only wants to look in while it runs: it
// starts nothing, takes no share in the server and does not keep it running. ok is false when none runs there, or when the caller may
// not see that.
func RunningURL(dir string) (url string, ok bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", false
	}
	p := &Postgres{data: filepath.Join(dir, "postgres")}
	pid, socket := p.running()
	if pid == 0 || socket == "" {
		return "", false
	}
	p.socket.Store(&socket)
	return p.URL(), true
}
