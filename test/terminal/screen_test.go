package terminal

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"healthagent/tui/act"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// screen starts the screen over a daemon, and waits until it has its state.
func screen(t *testing.T, d *daemon, env []string, args ...string) *tty {
	t.Helper()
	x := start(t, 80, 24, d.env(env...), append([]string{"tui"}, args...)...)
	x.shows("LIVE")
	return x
}

// sane fails unless the terminal is as a shell needs it: lines and echo, the usual screen, a cursor, and no marks around what is pasted.
func (x *tty) sane() {
	x.t.Helper()
	x.cooked()
	out := x.drained()
	for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?2004h": "\x1b[?2004l"} {
		if strings.LastIndex(out, on) > strings.LastIndex(out, off) {
			x.t.Errorf("%q is not taken back", on)
		}
	}
	for _, question := range []string{"\x1b]10;?", "\x1b]11;?", "\x1b[6n", "\x1b[c", "\x1b[?1000h", "\x1b[?1002h", "\x1b[?1003h"} {
		if strings.Contains(out, question) {
			x.t.Errorf("the terminal was asked %q", question)
		}
	}
}

// cooked fails unless the line is one for a shell.
func (x *tty) cooked() {
	x.t.Helper()
	state, err := unix.IoctlGetTermios(int(x.slave.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	if state.Lflag&unix.ECHO == 0 || state.Lflag&unix.ICANON == 0 || state.Lflag&unix.ISIG == 0 {
		x.t.Error("the line is still raw")
	}
}

func TestQuit(t *testing.T) {
	t.Parallel()
	for keys, code := range map[string]int{"q": 0, "\x03": 130, "\x1bq": 0} {
		x := screen(t, serve(t, fixture.Healthy()), nil)
		x.press(keys)
		if got := x.end(); got != code {
			t.Errorf("%q: exit code %d, want %d", keys, got, code)
		}
		x.sane()
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for signal, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 0, syscall.SIGHUP: 0} {
		x := screen(t, serve(t, fixture.Healthy()), nil)
		x.signal(signal)
		if got := x.end(); got != code {
			t.Errorf("%v: exit code %d, want %d", signal, got, code)
		}
		x.sane()
	}
}

// TestBeforeAnythingHasAnswered: without a daemon the screen is there, takes keys, and says why there is nothing to see.
func TestBeforeAnythingHasAnswered(t *testing.T) {
	t.Parallel()
	d := serve(t, fixture.Healthy())
	d.down()
	x := start(t, 80, 24, d.env(), "tui")
	x.shows("DAEMON DOWN")
	x.shows("nobody listens on")
	x.press("2")
	x.shows("[2 Queries]")
	d.up()
	x.shows("LIVE")
	x.press("q")
	x.end()
	x.sane()
}

// TestTheDaemonIsKilled: nothing ends and nothing is lost: screen, row and filter are there when it is back.
func TestTheDaemonIsKilled(t *testing.T) {
	t.Parallel()
	d := serve(t, fixture.Healthy())
	x := screen(t, d, nil)
	x.press("2/")
	x.shows("esc clear")
	x.press("food\rj")
	row := func(screen string) string {
		for line := range strings.SplitSeq(screen, "\n") {
			if strings.HasPrefix(line, "> ") {
				return strings.Fields(line)[1]
			}
		}
		return ""
	}
	before := row(x.shows("row 2/"))
	d.down()
	if after := row(x.shows("DAEMON DOWN")); after != before || before == "" {
		t.Errorf("the row was %q and is %q", before, after)
	}
	d.up()
	x.shows("LIVE")
	if screen := x.shows("row 2/"); row(screen) != before || !strings.Contains(screen, "/food/") {
		t.Errorf("the row was %q:\n%s", before, screen)
	}
}

// TestThreeKeysInOneWrite move three rows.
func TestThreeKeysInOneWrite(t *testing.T) {
	t.Parallel()
	x := screen(t, serve(t, fixture.Healthy()), nil)
	x.press("2")
	x.shows("row 1/")
	x.press("jjj")
	x.shows("row 4/")
}

// TestTheTerminalGoesAway: the hang-up ends the process, also where it was to be ignored.
func TestTheTerminalGoesAway(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"", `trap "" HUP; exec "$0" "$@"`} {
		d := serve(t, fixture.Healthy())
		x := startVia(t, script, 80, 24, d.env(), "tui")
		x.shows("LIVE")
		x.hangUp()
		x.end()
	}
}

// TestTheTerminalStalls: one that takes nothing any more does not hold up the end, and its line is put back.
func TestTheTerminalStalls(t *testing.T) {
	t.Parallel()
	x := start(t, 300, 100, serve(t, fixture.Busy()).env(), "tui")
	x.shows("LIVE")
	x.stalled.Lock()
	defer x.stalled.Unlock()
	for i := range 40 {
		x.press("1234567"[i%7 : i%7+1]) // each of them a frame, together far more than the kernel keeps
		select {
		case <-x.ended:
			t.Fatal("it ended by itself")
		case <-time.After(50 * time.Millisecond):
		}
	}
	x.signal(syscall.SIGTERM)
	if code := x.end(); code != 1 {
		t.Errorf("exit code %d: the end was not cut", code)
	}
	x.cooked()
}

// TestSuspending gives the terminal back to the shell, and takes it again.
func TestSuspending(t *testing.T) {
	t.Parallel()
	const script = `set -m; "$0" "$@"; echo "stopped with $?"; read -r line; fg >/dev/null; echo "ended with $?"`
	x := startVia(t, script, 80, 24, serve(t, fixture.Healthy()).env(), "tui")
	x.shows("LIVE")
	x.press("3")
	x.shows("[3 Indexes]")
	x.press("\x1a")
	x.shows("stopped with 148")
	x.cooked()
	x.resize(100, 30)
	x.press("\n")
	x.shown("the whole screen", func(screen string) bool {
		lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
		return strings.Contains(lines[1], "[3 Indexes]") && strings.Contains(lines[29], "? help")
	})
	x.press("q")
	x.shows("ended with 0")
	x.end()
	x.sane()
}

// faulty is a source that panics wherever it is asked.
type faulty struct {
	*fixture.Source
	begun atomic.Int32
}

func (f *faulty) Follow(ctx context.Context, show func(*source.Snapshot)) {
	if f.begun.Add(1) == 1 {
		panic("a fault in following")
	}
	f.Source.Follow(ctx, show)
}

func (f *faulty) Ask(context.Context, string, any) error { panic("a fault in asking") }

// TestFaults: neither a goroutine nor a command that panics ends the program or spoils the terminal; it is told, and the trace is kept.
func TestFaults(t *testing.T) {
	t.Parallel()
	traces := filepath.Join(t.TempDir(), "faults.log")
	x := run(t, &faulty{Source: fixture.New(fixture.Healthy())}, traces)
	x.shows("fault in the way to the daemon: its trace is in")
	x.shows("LIVE")
	x.press("4R")
	x.shows("fault in preview")
	x.press("\x1b")
	x.shows("[4 Migrations]")
	x.press("q")
	<-x.ended
	if x.err != nil {
		t.Error(x.err)
	}
	x.sane()
	trace, err := os.ReadFile(traces)
	if err != nil || !strings.Contains(string(trace), "a fault in following") || !strings.Contains(string(trace), "a fault in asking") {
		t.Errorf("traces %q, %v", trace, err)
	}
	if out := x.output(); strings.Contains(out, "goroutine ") {
		t.Error("a trace is on the screen")
	}
}

// TestResizing: whatever the size becomes, the frame is whole: header above, keys below.
func TestResizing(t *testing.T) {
	t.Parallel()
	x := screen(t, serve(t, fixture.Busy()), nil)
	for _, size := range [][2]int{{20, 5}, {300, 100}, {40, 12}, {59, 30}, {60, 14}, {120, 40}, {80, 24}} {
		x.resize(size[0], size[1])
		x.shown("a frame", func(screen string) bool {
			lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
			last := lines[len(lines)-1]
			return len(lines) == size[1] && strings.Contains(lines[0], "RW  LIVE") && strings.Contains(last, "help")
		})
	}
	x.press("q")
	if code := x.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestWhatIsCopiedGoesToTheTerminal as one sequence of its own.
func TestWhatIsCopiedGoesToTheTerminal(t *testing.T) {
	t.Parallel()
	x := screen(t, serve(t, fixture.Healthy()), nil)
	x.press("2")
	x.shows("[2 Queries]")
	x.press("y")
	x.shows("clipboard")
	if out := x.output(); strings.Count(out, "\x1b]52;c;") != 1 {
		t.Errorf("no sequence in %q", out)
	}
}

func TestNothingCanBeChangedReadOnly(t *testing.T) {
	t.Parallel()
	d := serve(t, fixture.Healthy())
	x := screen(t, d, nil, "--read-only")
	x.press("4R")
	x.shows("read only: this screen was started with --read-only")
	if screen := x.shows("RO  LIVE"); strings.Contains(screen, "ROLL BACK") || len(d.acts()) > 0 {
		t.Errorf("a dialog is open, or something was done: %q\n%s", d.acts(), screen)
	}
}

// TestWithoutATerminal there is a sentence that helps.
func TestWithoutATerminal(t *testing.T) {
	t.Parallel()
	out, code := piped(t, serve(t, fixture.Healthy()).env(), "tui")
	if code != 2 || !strings.Contains(out, "ssh -t") {
		t.Errorf("exit code %d, %q", code, out)
	}
}

// TestNothingRunsByAccident: from the keys of a person in a hurry, and from what they paste, nothing but a dialog comes; a y that is meant
// is one act.
func TestNothingRunsByAccident(t *testing.T) {
	t.Parallel()
	d := serve(t, fixture.Healthy())
	x := screen(t, d, nil)
	x.press("4RRyy\r\r")
	x.shows("ROLL BACK 017 ?")
	x.shows("roll back now")
	for _, keys := range []string{"\x1b[200~y\x1b[201~", "\x1b[200~017\r\x1b[201~", "\r", "RR"} {
		x.press(keys)
	}
	x.press("v") // the answer to it shows that all before it was read
	x.shows("DROP INDEX CONCURRENTLY")
	if acts := d.acts(); len(acts) > 0 {
		t.Errorf("done %q", acts)
	}
	x.press("v\x1b")
	x.shows("[4 Migrations]")
	x.press("R")
	x.shows("roll back now")
	deadline := time.After(patience)
	for done := false; !done; { // a y counts once the question was seen for long enough
		x.press("y")
		select {
		case <-d.done:
			done = true
		case <-time.After(act.Guard):
		case <-deadline:
			t.Fatalf("y does nothing:\n%s", x.shows(""))
		}
	}
	if acts := d.acts(); len(acts) != 1 || acts[0] != "/v1/migrations/017/rollback" {
		t.Errorf("done %q", acts)
	}
}

// TestTheTerminalGoesWithoutASignal: it may be another session's, as under su -c, whose end nobody tells this one.
func TestTheTerminalGoesWithoutASignal(t *testing.T) {
	t.Parallel()
	x := run(t, fixture.New(fixture.Healthy()), filepath.Join(t.TempDir(), "faults"))
	x.shows("LIVE")
	if err := x.master.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-x.ended:
	case <-time.After(patience):
		t.Fatal("it draws on for nobody")
	}
	if x.err != nil {
		t.Error(x.err)
	}
}
