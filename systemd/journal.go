package systemd

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// JournalStream tells whether file is connected to the journal: whether it is
// the very stream that JOURNAL_STREAM, read through getenv, describes. After a
// redirection it is not.
func JournalStream(getenv func(string) string, file *os.File) bool {
	dev, ino, found := strings.Cut(getenv("JOURNAL_STREAM"), ":")
	if !found {
		return false
	}
	wantDev, errDev := strconv.ParseUint(dev, 10, 64)
	wantIno, errIno := strconv.ParseUint(ino, 10, 64)
	if errDev != nil || errIno != nil {
		return false
	}
	info, err := file.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Dev == wantDev && st.Ino == wantIno
}

// handler writes slog's text format, which escapes line breaks inside values,
// in front of which it puts the priority.
type handler struct {
	out  *output
	text slog.Handler // writes into out.buf
}

// output is shared by a handler and all that With made from it.
type output struct {
	mu  sync.Mutex
	w   io.Writer
	buf bytes.Buffer
}

// NewHandler returns a handler for the journal: text without the time, which
// the journal knows itself, every line led by its priority, <3> to <7>. Each
// record is one write; w need not be safe for concurrent use. level decides
// what is written; nil means Info.
func NewHandler(w io.Writer, level slog.Leveler) slog.Handler {
	out := &output{w: w}
	return &handler{out: out, text: slog.NewTextHandler(&out.buf, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			// The record's own level; an attribute that happens to share the
			// name has another type.
			if _, own := a.Value.Any().(slog.Level); own && len(groups) == 0 && a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	})}
}

// Enabled reports whether records of this level are written.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

// Handle writes one record.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	h.out.buf.Reset()
	r.Time = time.Time{} // is left out
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	_, err := h.out.w.Write(prefixed(h.out.buf.Bytes(), priority(r.Level)))
	return err
}

// WithAttrs returns a handler that adds attrs to every record.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{out: h.out, text: h.text.WithAttrs(attrs)}
}

// WithGroup returns a handler that puts later attributes into a group.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{out: h.out, text: h.text.WithGroup(name)}
}

// priority is the syslog priority of a level: err, warning, info or debug, and
// notice for what lies between info and warning.
func priority(level slog.Level) byte {
	switch {
	case level >= slog.LevelError:
		return '3'
	case level >= slog.LevelWarn:
		return '4'
	case level > slog.LevelInfo:
		return '5'
	case level == slog.LevelInfo:
		return '6'
	default:
		return '7'
	}
}

// prefixed puts the priority in front of every line of text.
func prefixed(text []byte, priority byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		out = append(out, '<', priority, '>')
		out = append(out, line...)
	}
	return out
}
