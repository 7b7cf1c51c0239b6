package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Daemon is a running healthagent serve.
type Daemon struct {
	StartToReady time.Duration // from the start of the process to READY=1; valid after WaitReady

	command *exec.Cmd
	log     string
	socket  string
	ready   chan struct{} // closed at READY=1
	done    chan struct{} // closed when the process has ended
	err     error         // how it ended
}

// Run runs a one-shot verb with the daemon's settings and returns its standard output.
func (s *Stage) Run(ctx context.Context, args ...string) ([]byte, error) {
	command, err := s.Command(ctx, args...)
	if err != nil {
		return nil, err
	}
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("healthagent %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// Command is a one-shot verb with the daemon's settings, not started yet; the end of ctx kills it.
func (s *Stage) Command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	if err := s.writeEnvFile(); err != nil {
		return nil, fmt.Errorf("write an empty env file: %w", err)
	}
	command := exec.CommandContext(ctx, s.options.Executable, args...)
	command.Env = s.environment()
	return command, nil
}

func (s *Stage) writeEnvFile() error { return os.WriteFile(s.envFile(), nil, 0o600) }

// Serve starts the daemon and waits until it says that it is ready.
func (s *Stage) Serve(ctx context.Context) error {
	d, err := s.Start()
	if err != nil {
		return err
	}
	s.Daemon = d
	return d.WaitReady(ctx)
}

// Start starts a daemon and returns at once. More than one may run at a time; the settings, as NAME=value, win over the stage's.
func (s *Stage) Start(settings ...string) (*Daemon, error) {
	if err := s.writeEnvFile(); err != nil {
		return nil, fmt.Errorf("write an empty env file: %w", err)
	}
	path := filepath.Join(s.dir, fmt.Sprintf("notify%d.sock", len(s.started)))
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("listen for READY: %w", err)
	}
	d := &Daemon{log: filepath.Join(s.dir, "daemon.log"), ready: make(chan struct{}), done: make(chan struct{})}
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the daemon's log: %w", err), notify.Close())
	}
	d.command = exec.Command(s.options.Executable, s.serveArgs()...)
	d.command.Env = append(append(s.environment(), settings...), "NOTIFY_SOCKET="+path)
	d.command.Stdout, d.command.Stderr = log, log
	d.socket = filepath.Join(lastOf(d.command.Env, "HEALTHAGENT_STATE_DIR"), "admin.sock")
	// of a group of its own, so that Ctrl-C reaches it through us; and it must not outlive us
	d.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	start := time.Now()
	if err := d.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the daemon: %w", err), log.Close(), notify.Close())
	}
	_ = log.Close() // the daemon has its own
	s.started = append(s.started, d)
	go hear(notify, func() {
		d.StartToReady = time.Since(start)
		close(d.ready)
	})
	go func() {
		d.err = d.command.Wait()
		_ = notify.Close() // ends hear
		_ = os.Remove(path)
		close(d.done)
	}()
	return d, nil
}

func (s *Stage) serveArgs() []string {
	args := []string{"serve"}
	if s.options.Readers > 0 {
		args = append(args, "--demo-readers", strconv.Itoa(s.options.Readers))
	}
	return args
}

// lastOf is the value that a process sees of a variable that is given more than once.
func lastOf(env []string, name string) string {
	value := ""
	for _, pair := range env {
		if key, v, _ := strings.Cut(pair, "="); key == name {
			value = v
		}
	}
	return value
}

// WaitReady waits until the daemon says that it is ready.
func (d *Daemon) WaitReady(ctx context.Context) error {
	select {
	case <-d.ready:
		return nil
	case <-d.done:
		return fmt.Errorf("the daemon ended: %w\n%s", d.err, d.LogTail(20))
	case <-ctx.Done():
		return fmt.Errorf("the daemon is not ready: %w\n%s", ctx.Err(), d.LogTail(20))
	}
}

// hear calls ready at the first READY=1 and goes on reading until the socket is closed: a full one would hold the daemon up.
func hear(notify *net.UnixConn, ready func()) {
	buffer := make([]byte, 4096)
	told := false
	for {
		n, err := notify.Read(buffer)
		if err != nil {
			return
		}
		for line := range strings.SplitSeq(string(buffer[:n]), "\n") {
			if line == "READY=1" && !told {
				told = true
				ready()
			}
		}
	}
}

// Kill ends the daemon with SIGKILL, as a power cut of the process, and waits for its end.
func (d *Daemon) Kill() error {
	if err := d.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-d.done
	return nil
}

// Stop asks the daemon to stop and waits for its end. Its exit code must be 0. One that has ended before is left alone.
func (d *Daemon) Stop(ctx context.Context) error {
	select {
	case <-d.done: // ended before
		return nil
	default:
	}
	if err := d.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-d.done:
		if d.err != nil {
			return fmt.Errorf("the daemon's end: %w\n%s", d.err, d.LogTail(20))
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the daemon does not stop: %w", ctx.Err()), d.Kill())
	}
}

// Signal sends the daemon a signal; one that has ended does not mind.
func (d *Daemon) Signal(sig os.Signal) error {
	if err := d.command.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the daemon: %w", err)
	}
	return nil
}

// ExitCode waits for the daemon's end and returns its exit code, -1 when a signal ended it.
func (d *Daemon) ExitCode(ctx context.Context) (int, error) {
	select {
	case <-d.done:
		return d.command.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the daemon does not end: %w\n%s", ctx.Err(), d.LogTail(20))
	}
}

// Socket is the path of the daemon's admin socket.
func (d *Daemon) Socket() string { return d.socket }

// PID is the daemon's process id.
func (d *Daemon) PID() int { return d.command.Process.Pid }

// Done is closed when the daemon has ended.
func (d *Daemon) Done() <-chan struct{} { return d.done }

// LogTail is the end of the log, which all daemons of a stage share.
func (d *Daemon) LogTail(lines int) string {
	raw, err := os.ReadFile(d.log)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Ask reads a JSON document from the daemon's admin socket and returns the HTTP status.
func (d *Daemon) Ask(ctx context.Context, path string, into any) (int, error) {
	var dialer net.Dialer
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", d.socket)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://healthagent"+path, nil)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", path, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end below
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", path, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return response.StatusCode, fmt.Errorf("read the answer to %s: %w", path, err)
	}
	return response.StatusCode, nil
}
