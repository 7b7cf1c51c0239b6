// Package admin is the daemon's door for its operator: HTTP with JSON on a unix socket. It shows; what it shows is handed to it by
// the daemon as functions, so that every answer is of the moment of the question.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// Source is what the daemon shows. All functions may be called concurrently and must heed their context.
type Source struct {
	Ready    func(context.Context) Readiness
	Snapshot func(context.Context) any
	Metrics  func(context.Context) any

	// What is read from the database for the answer. An error is a 503 with its sentence.
	Queries    func(context.Context) (any, error)
	Indexes    func(context.Context) (any, error)
	Tables     func(context.Context) (any, error)
	Migrations func(context.Context) (any, error)

	// Follow calls send with the whole state, then with each change to it, one after the other, until ctx ends or send fails. It returns
	// an error when there is no state to show, or send's.
	Follow func(ctx context.Context, send func(*source.Snapshot) error) error
	// Refresh has everything read anew; a viewer asks for it by /v1/events?refresh. It must not block.
	Refresh func()
	// Rights says what somebody may do; nil: nothing but look.
	Rights func(Peer) source.You
	// Activity is what the sessions of the database do at this moment.
	Activity func(context.Context) (any, error)
	// Plan is the plan of a named statement, fault.NotFound for another name.
	Plan func(ctx context.Context, name string) (any, error)
	// Doctor is what the daemon's last look at its own installation found; fault.Unavailable: it has not looked yet.
	Doctor func(context.Context) (any, error)
	// Acts does what changes the system; nil: there are no acts.
	Acts Acts
}

// Verdict of one component.
type Verdict string

// From good to bad. Only Fail makes the daemon not ready.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
)

// Component is one thing that the daemon depends on or does.
type Component struct {
	Verdict Verdict    `json:"verdict"`
	Text    string     `json:"text"`            // in words
	Since   *time.Time `json:"since,omitempty"` // of the trouble
}

// Readiness is the verdict on each component.
type Readiness struct {
	Ready      bool                 `json:"ready"`
	Status     string               `json:"status"` // ok, degraded (some warn) or failing (some fail)
	Components map[string]Component `json:"components"`

	Version string           `json:"version,omitempty"` // of the daemon
	Checks  []source.Finding `json:"checks"`            // what it found in its last look at the installation; they decide nothing here
}

// Judge makes a Readiness of its components.
func Judge(components map[string]Component) Readiness {
	r := Readiness{Ready: true, Status: "ok", Components: components, Checks: []source.Finding{}}
	for _, c := range components {
		switch {
		case c.Verdict == Fail:
			r.Ready, r.Status = false, "failing"
		case c.Verdict == Warn && r.Ready:
			r.Status = "degraded"
		}
	}
	return r
}

// Worst is the name of the component to mend first, empty when all is well. While PostgreSQL is away others are ill because of that.
func (r Readiness) Worst() string {
	const root = "postgresql"
	if r.Components[root].Verdict == Fail {
		return root
	}
	var worst string
	for _, name := range slices.Sorted(maps.Keys(r.Components)) {
		switch v := r.Components[name].Verdict; {
		case v == Fail:
			return name
		case v == Warn && worst == "":
			worst = name
		}
	}
	return worst
}

// answerTime bounds the making of one answer.
const answerTime = 4 * time.Second

// Handler serves /livez, /readyz, /v1/snapshot, /api/v1/metrics, /v1/queries, /v1/indexes, /v1/tables, /v1/migrations, /v1/activity,
// /v1/doctor, /v1/plans/{name} and the stream /v1/events.
func Handler(s Source, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	answerTo := func(pattern string, make func(context.Context, *http.Request) (int, any)) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), answerTime)
			defer cancel()
			status, body := make(ctx, r)
			raw, err := encode(body)
			if err != nil {
				log.Error("encoding an answer", "path", pattern, "error", err)
				http.Error(w, `{"error": "the answer cannot be encoded"}`, http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(append(raw, '\n')) // who asked may have gone
		})
	}
	reply := func(pattern string, make func(context.Context) (int, any)) {
		answerTo(pattern, func(ctx context.Context, _ *http.Request) (int, any) { return make(ctx) })
	}
	reply("/livez", func(context.Context) (int, any) { return http.StatusOK, map[string]bool{"live": true} })
	reply("/readyz", func(ctx context.Context) (int, any) {
		ready := s.Ready(ctx)
		if !ready.Ready {
			return http.StatusServiceUnavailable, ready
		}
		return http.StatusOK, ready
	})
	answerTo("/v1/snapshot", func(ctx context.Context, r *http.Request) (int, any) {
		state := s.Snapshot(ctx)
		if whole, ok := state.(*source.Snapshot); ok {
			yours, you := *whole, s.asker(r).You
			yours.You = &you
			return http.StatusOK, &yours
		}
		return http.StatusOK, state
	})
	reply("/api/v1/metrics", func(ctx context.Context) (int, any) { return http.StatusOK, s.Metrics(ctx) })
	for path, read := range map[string]func(context.Context) (any, error){
		"/v1/queries": s.Queries, "/v1/indexes": s.Indexes, "/v1/tables": s.Tables, "/v1/migrations": s.Migrations,
		"/v1/activity": s.Activity, "/v1/doctor": s.Doctor,
	} {
		reply(path, func(ctx context.Context) (int, any) { return answer(ctx, read) })
	}
	handleActs(mux, s, log)
	answerTo("/v1/plans/{name}", func(ctx context.Context, r *http.Request) (int, any) { return plan(ctx, s, r) })
	mux.HandleFunc("GET /v1/events", events(s, log))
	return mux
}

// plan is that of a named statement. One that runs the statement would be an act, and is not offered.
func plan(ctx context.Context, s Source, r *http.Request) (int, any) {
	if s.Plan == nil {
		return answer(ctx, nil)
	}
	if r.URL.Query().Has("analyze") {
		return http.StatusNotFound, map[string]string{"error": "this daemon runs no statement to explain it; leave analyze out"}
	}
	return answer(ctx, func(ctx context.Context) (any, error) { return s.Plan(ctx, r.PathValue("name")) })
}

// encode writes an answer for people and programs; a whole state is for programs, and long.
func encode(body any) ([]byte, error) {
	if state, ok := body.(*source.Snapshot); ok {
		return json.Marshal(state)
	}
	return json.MarshalIndent(body, "", "  ")
}

// answer is what was read, or why it could not be.
func answer(ctx context.Context, read func(context.Context) (any, error)) (int, any) {
	if read == nil {
		return http.StatusNotFound, map[string]string{"error": "this daemon does not show that"}
	}
	value, err := read(ctx)
	switch {
	case err == nil:
		return http.StatusOK, value
	case fault.KindOf(err) == fault.NotFound:
		return http.StatusNotFound, map[string]string{"error": fault.Sentence(err)}
	default:
		return http.StatusServiceUnavailable, map[string]string{"error": fault.Sentence(err)}
	}
}

// ErrRunning is returned by Listen when another daemon holds the socket.
var ErrRunning = errors.New("another daemon is running on that socket")

// longestPath is what a socket's address has room for.
const longestPath = 107

// Listen opens the socket for its owner and group, in a directory that it makes when it is missing; the umask changes neither. What
// a daemon that died left behind is removed; what is no socket, or a socket that somebody listens on, is not.
func Listen(path string) (net.Listener, error) {
	if len(path) > longestPath {
		return nil, fmt.Errorf("%s is longer than the %d bytes that a socket's path may have", path, longestPath)
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("make the socket's directory: %w", err)
	}
	if err := removeDead(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on the admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("open the socket to its group: %w", err), l.Close())
	}
	return l, nil
}

// makeDir makes a directory that its group may pass through. One that is there stays as its owner made it.
func makeDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // as directories above are
		return err
	}
	err := os.Mkdir(dir, 0o750)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(dir, 0o750) //nolint:gosec // whatever the umask left
}

// removeDead removes the socket of a daemon that is no more.
func removeDead(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at the socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s exists and is no socket: move it away", path)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		_ = conn.Close() // it told us what we wanted to know
		return fmt.Errorf("%s: %w", path, ErrRunning)
	case !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist): // only a refusal proves that nobody is there
		return fmt.Errorf("%s: %w, or it cannot be asked: %w", path, ErrRunning, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the socket of a dead daemon: %w", err)
	}
	return nil
}

// Serve answers on l until ctx ends, and returns when the last answer is given or its asker has had a second.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: answerTime, WriteTimeout: 2 * answerTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ConnContext: withPeer,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), endKey{}, ctx)
		},
	}
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(over)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // whoever is still reading has had their second
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-over
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the admin socket: %w", err)
	}
	return nil
}
